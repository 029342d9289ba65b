/** Short messages: on the screen for a moment, and spoken by screen readers. */

import { byId, el } from "./dom.js";
import { icon } from "./icons.js";

const SHOWN_MS = 5_000;
const SHOWN_AT_ONCE = 3;

/**
 * Has screen readers say this, without showing it.
 *
 * @param {string} text
 */
export function announce(text) {
  const region = byId("announcements", HTMLElement);
  region.append(el("p", { text }));
  while (region.childElementCount > 6) region.firstElementChild?.remove();
}

/**
 * Shows a message for some seconds.
 *
 * @param {string} text
 * @param {{iconName?: import("./icons.js").IconName, tone?: "calm" | "trouble", onclick?: () => void}} [options]
 */
export function toast(text, { iconName, tone = "calm", onclick } = {}) {
  const region = byId("toasts", HTMLElement);
  const content = [iconName ? icon(iconName) : null, el("span", { text })];
  const message = onclick
    ? el(
        "button",
        {
          type: "button",
          class: `toast ${tone}`,
          on: {
            click: () => {
              message.remove();
              onclick();
            },
          },
        },
        ...content,
      )
    : el("div", { class: `toast ${tone}` }, ...content);
  region.append(message);
  while (region.childElementCount > SHOWN_AT_ONCE) region.firstElementChild?.remove();
  setTimeout(() => message.remove(), tone === "trouble" ? SHOWN_MS * 2 : SHOWN_MS);
  announce(text);
}
