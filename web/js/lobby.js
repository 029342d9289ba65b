/** Those who wait to be let in, for a moderator to answer. */

import { announce, toast } from "./announce.js";
import { byId, el } from "./dom.js";
import { explain } from "./error-texts.js";

/** @typedef {import("/sdk/roomcast.js").Room} Room */
/** @typedef {import("/sdk/roomcast.js").AwaitedParticipant} AwaitedParticipant */

/** More than this at once would cover the stage. */
const SHOWN_AT_ONCE = 3;

export class Lobby {
  #room;
  #container = byId("lobby", HTMLElement);
  #more = el("p", { class: "lobby-more", hidden: true });
  /** @type {Map<string, HTMLElement>} by client id */
  #rows = new Map();

  /** @param {Room} room */
  constructor(room) {
    this.#room = room;
    this.#container.replaceChildren(this.#more);
    room.on("user-awaited", ({ name }) => announce(`${name || "A guest"} waits to be let in.`));
    for (const type of /** @type {const} */ (["user-awaited", "awaited-user-gone", "user-role-changed", "reconnected"]))
      room.on(type, () => this.#draw());
    this.#draw();
  }

  close() {
    this.#container.hidden = true;
  }

  /** Rows that stay are left alone, so that the focus stays where it is. */
  #draw() {
    const waiting = this.#room.awaitedParticipants;
    const shown = waiting.slice(0, SHOWN_AT_ONCE);
    for (const [clientId, row] of this.#rows) {
      if (shown.some((one) => one.clientId === clientId)) continue;
      row.remove();
      this.#rows.delete(clientId);
    }
    for (const one of shown) {
      if (this.#rows.has(one.clientId)) continue;
      const row = this.#row(one);
      this.#rows.set(one.clientId, row);
      this.#more.before(row);
    }
    this.#more.hidden = waiting.length <= SHOWN_AT_ONCE;
    this.#more.textContent = `${waiting.length - SHOWN_AT_ONCE} more wait`;
    this.#container.hidden = waiting.length === 0;
  }

  /** @param {AwaitedParticipant} waiting */
  #row({ clientId, name }) {
    const shown = name || "A guest";
    const button = (
      /** @type {string} */ label,
      /** @type {string} */ kind,
      /** @type {() => Promise<void>} */ answer,
    ) =>
      el("button", {
        type: "button",
        class: `button small ${kind}`,
        "aria-label": `${label} ${shown}`,
        text: label,
        on: { click: () => answer().catch((error) => this.#failed(error)) },
      });
    return el(
      "div",
      { class: "pill lobby-row", role: "group", "aria-label": `${shown} waits to be let in` },
      el("span", { class: "lobby-name", text: `${shown} waits to be let in` }),
      button("Admit", "primary", () => this.#room.approveAwaitedUser(clientId)),
      button("Deny", "quiet", () => this.#room.denyAwaitedUser(clientId)),
    );
  }

  /** @param {unknown} error */
  #failed(error) {
    const { reason } = /** @type {{reason?: string}} */ (error ?? {});
    if (reason === "unknown-participant") return; // answered by another moderator, or gone
    const { title, advice } = explain(error);
    toast(`${title}. ${advice}`, { iconName: "warning", tone: "trouble" });
  }
}
