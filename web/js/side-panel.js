/** The panel beside the stage, which shows the chat or the people, or is closed. */

import { byId } from "./dom.js";

/** @typedef {"chat" | "people"} PanelName */

export class SidePanel {
  #meeting = byId("meeting", HTMLElement);
  #panel = byId("side-panel", HTMLElement);
  #title = byId("panel-title", HTMLElement);
  #parts = { chat: byId("panel-chat", HTMLElement), people: byId("panel-people", HTMLElement) };
  #buttons = { chat: byId("chat-button", HTMLButtonElement), people: byId("people-button", HTMLButtonElement) };
  #onShow;
  /** @type {PanelName | null} */
  #shown = null;

  /** @param {(name: PanelName | null) => void} onShow null when it is closed */
  constructor(onShow) {
    this.#onShow = onShow;
    this.#buttons.chat.onclick = () => this.toggle("chat");
    this.#buttons.people.onclick = () => this.toggle("people");
    byId("panel-close", HTMLButtonElement).onclick = () => this.hide();
    this.#panel.onkeydown = (event) => {
      if (event.key === "Escape") this.hide();
    };
    this.#draw();
  }

  get shown() {
    return this.#shown;
  }

  /** @param {PanelName} name */
  toggle(name) {
    if (this.#shown === name) this.hide();
    else this.show(name);
  }

  /** @param {PanelName} name */
  show(name) {
    this.#shown = name;
    this.#draw();
    this.#onShow(name);
  }

  /** Closes it; the focus goes back to the button that opened it. */
  hide() {
    const name = this.#shown;
    if (name === null) return;
    const focused = this.#panel.contains(document.activeElement);
    this.#shown = null;
    this.#draw();
    this.#onShow(null);
    if (focused) this.#buttons[name].focus();
  }

  #draw() {
    this.#panel.hidden = this.#shown === null;
    this.#meeting.classList.toggle("has-panel", this.#shown !== null);
    for (const name of /** @type {const} */ (["chat", "people"])) {
      this.#parts[name].hidden = this.#shown !== name;
      this.#buttons[name].setAttribute("aria-expanded", String(this.#shown === name));
    }
    if (this.#shown !== null) this.#title.textContent = this.#shown === "chat" ? "Chat" : "People";
  }
}
