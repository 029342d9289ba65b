/** A menu that opens at a button, for the pointer and for the keyboard. There is at most one. */

import { el } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {{label: string, iconName: import("./icons.js").IconName, danger?: boolean, run: () => void}} MenuItem */

const EDGE = 8;

class Menu {
  #element = el("div", { class: "menu", role: "menu", popover: "manual" });
  /** @type {HTMLElement | null} */
  #anchor = null;

  constructor() {
    this.#element.addEventListener("keydown", (event) => this.#keyed(event));
    document.addEventListener("pointerdown", (event) => this.#pressed(event), true);
    window.addEventListener("resize", () => this.close());
  }

  get anchor() {
    return this.#anchor;
  }

  /**
   * @param {HTMLElement} anchor
   * @param {string} label
   * @param {readonly (readonly MenuItem[])[]} groups
   */
  open(anchor, label, groups) {
    this.close();
    this.#anchor = anchor;
    anchor.setAttribute("aria-expanded", "true");
    const filled = groups.filter((group) => group.length > 0);
    const children = filled.flatMap((group, index) => [
      ...(index === 0 ? [] : [el("div", { class: "menu-line", role: "separator" })]),
      ...group.map((item) => this.#item(item)),
    ]);
    this.#element.replaceChildren(...children);
    this.#element.setAttribute("aria-label", label);
    if (!this.#element.isConnected) document.body.append(this.#element);
    this.#element.showPopover();
    this.#place(anchor);
    this.#buttons()[0]?.focus({ preventScroll: true });
  }

  close() {
    const anchor = this.#anchor;
    if (anchor === null) return;
    this.#anchor = null;
    const focused = this.#element.contains(document.activeElement);
    this.#element.hidePopover();
    anchor.setAttribute("aria-expanded", "false");
    if (focused) anchor.focus({ preventScroll: true });
  }

  /** @param {MenuItem} item */
  #item({ label, iconName, danger = false, run }) {
    const choose = () => {
      this.close();
      run();
    };
    return el(
      "button",
      {
        type: "button",
        role: "menuitem",
        tabindex: "-1",
        class: danger ? "menu-item danger" : "menu-item",
        on: { click: choose },
      },
      icon(iconName),
      el("span", { text: label }),
    );
  }

  #buttons() {
    return [...this.#element.querySelectorAll("button")];
  }

  /**
   * Below the button if it fits there, else above; never outside of the window.
   *
   * @param {HTMLElement} anchor
   */
  #place(anchor) {
    const at = anchor.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.#element;
    const below = at.bottom + 4;
    const top = below + height <= innerHeight - EDGE ? below : at.top - height - 4;
    this.#element.style.left = `${Math.max(EDGE, Math.min(at.right - width, innerWidth - width - EDGE))}px`;
    this.#element.style.top = `${Math.max(EDGE, Math.min(top, innerHeight - height - EDGE))}px`;
  }

  /** @param {KeyboardEvent} event */
  #keyed(event) {
    const buttons = this.#buttons();
    const index = buttons.findIndex((button) => button === document.activeElement);
    const moves = { ArrowDown: index + 1, ArrowUp: index - 1 + buttons.length, Home: 0, End: buttons.length - 1 };
    const next = moves[/** @type {keyof typeof moves} */ (event.key)];
    if (next !== undefined) buttons[next % buttons.length]?.focus();
    else if (event.key === "Escape" || event.key === "Tab") this.close();
    else return;
    event.preventDefault();
  }

  /** @param {PointerEvent} event */
  #pressed({ target }) {
    if (!(target instanceof Node) || this.#element.contains(target) || this.#anchor?.contains(target)) return;
    this.close();
  }
}

const menu = new Menu();

/**
 * Opens the menu at a button, or closes it there.
 *
 * @param {HTMLElement} anchor
 * @param {string} label
 * @param {readonly (readonly MenuItem[])[]} groups with a line between them
 */
export function toggleMenu(anchor, label, groups) {
  if (menu.anchor === anchor) menu.close();
  else menu.open(anchor, label, groups);
}

export function closeMenu() {
  menu.close();
}
