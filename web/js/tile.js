/** One person, or one screen, on the stage. */

import { avatar, renameAvatar } from "./avatar.js";
import { el } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {import("./layout.js").Rect} Rect */
/**
 * @typedef {object} TileState
 * @property {string} name
 * @property {import("./badges.js").Badge[]} badges
 * @property {boolean} own whether it is oneself
 * @property {boolean} screen whether it is a screen, and not a person
 * @property {boolean} silent whether their microphone is off
 * @property {boolean} speaking
 * @property {boolean} reconnecting
 * @property {boolean} pinned
 * @property {boolean} mirrored
 * @property {MediaStreamTrack | null} picture null shows the avatar
 */

export class Tile {
  /** @readonly */
  element;
  /** @readonly */
  video = el("video", { autoplay: true, playsinline: true, muted: true, "aria-hidden": "true", tabindex: "-1" });
  #avatar = avatar("");
  #name = el("span", { class: "tile-name" });
  #signs = el("span", { class: "tile-signs" });
  #drawnSigns = "";
  #pin;
  /** @type {MediaStreamTrack | null} */
  #picture = null;
  /** @type {Rect | null} */
  #rect = null;

  /** @param {() => void} onPin asks to show this tile large, or no more */
  constructor(onPin) {
    this.video.muted = true; // the attribute alone does not count for elements made by a script
    this.#pin = el("button", { type: "button", class: "tile-pin", on: { click: onPin } }, icon("pin"));
    this.element = el(
      "div",
      { class: "tile", role: "group", on: { dblclick: onPin } },
      el("div", { class: "tile-back" }, this.#avatar),
      this.video,
      el("div", { class: "tile-ring" }),
      el("div", { class: "tile-trouble" }, el("span", { class: "spinner" }), el("span", { text: "Reconnecting…" })),
      el(
        "div",
        { class: "tile-label" },
        el("span", { class: "tile-muted" }, icon("microphone-off")),
        this.#name,
        this.#signs,
      ),
      this.#pin,
    );
  }

  /** The rectangle it fills. */
  get rect() {
    return this.#rect;
  }

  /** @param {TileState} state */
  update(state) {
    const { element } = this;
    const shownName = state.screen
      ? `${state.own ? "Your" : possessive(state.name)} screen`
      : state.own
        ? "You"
        : state.name;
    if (this.#name.textContent !== shownName) {
      this.#name.textContent = shownName;
      renameAvatar(this.#avatar, state.name);
    }
    element.classList.toggle("is-screen", state.screen);
    element.classList.toggle("is-silent", state.silent && !state.screen);
    element.classList.toggle("is-speaking", state.speaking && !state.silent && !state.screen);
    element.classList.toggle("is-reconnecting", state.reconnecting);
    element.classList.toggle("is-mirrored", state.mirrored);
    element.classList.toggle("has-picture", state.picture !== null);
    element.setAttribute("aria-label", spoken(shownName, state));
    const label = state.pinned ? `Unpin ${shownName}` : `Pin ${shownName}`;
    this.#pin.setAttribute("aria-label", label);
    this.#pin.title = label;
    this.#pin.setAttribute("aria-pressed", String(state.pinned));
    this.#drawSigns(state.screen ? [] : state.badges);
    this.#show(state.picture);
  }

  /** @param {Rect} rect */
  place(rect) {
    this.#rect = rect;
    const { style } = this.element;
    style.transform = `translate(${Math.round(rect.x)}px, ${Math.round(rect.y)}px)`;
    style.width = `${Math.round(rect.width)}px`;
    style.height = `${Math.round(rect.height)}px`;
    // Type and avatar go by the size of the tile, not of the window.
    style.setProperty("--tile-size", `${Math.round(Math.min(rect.width, rect.height * 1.4))}px`);
  }

  remove() {
    this.video.srcObject = null;
    this.element.remove();
  }

  /** @param {readonly import("./badges.js").Badge[]} badges */
  #drawSigns(badges) {
    const drawn = badges.map(({ iconName, text }) => `${iconName} ${text}`).join();
    if (drawn === this.#drawnSigns) return;
    this.#drawnSigns = drawn;
    const signs = badges.map(({ iconName, text }) =>
      el("span", { class: `tile-sign sign-${iconName}`, title: text }, icon(iconName)),
    );
    this.#signs.replaceChildren(...signs);
  }

  /** @param {MediaStreamTrack | null} picture */
  #show(picture) {
    if (picture === this.#picture) return;
    this.#picture = picture;
    this.video.srcObject = picture === null ? null : new MediaStream([picture]);
    if (picture === null) return;
    // Restarts the fade: for a moment a slot still shows whoever was in it before.
    this.video.getAnimations?.().forEach((animation) => {
      animation.cancel();
      animation.play();
    });
    this.video.play().catch(() => {}); // replaced by another picture before it started
  }
}

/** @param {string} name */
function possessive(name) {
  return `${name}’s`;
}

/**
 * @param {string} name
 * @param {TileState} state
 */
function spoken(name, state) {
  const notes = [
    state.screen ? null : state.silent ? "microphone off" : state.speaking ? "speaking" : null,
    state.picture === null && !state.screen ? "camera off" : null,
    state.reconnecting ? "reconnecting" : null,
    ...(state.screen ? [] : state.badges.map(({ text }) => text)),
  ].filter((note) => note !== null);
  return [name, ...notes].join(", ");
}
