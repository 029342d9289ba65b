/** The list of everybody in the room. */

import { avatar } from "./avatar.js";
import { byId, el } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {import("/sdk/roomcast.js").Room} Room */
/**
 * @typedef {object} Person
 * @property {string} id
 * @property {string} name
 * @property {boolean} own
 * @property {string} role
 * @property {boolean} silent
 * @property {boolean} unseen
 * @property {boolean} speaking
 * @property {boolean} reconnecting
 */

export class People {
  #room;
  #ownName;
  #onMessage;
  #list = byId("people-list", HTMLUListElement);
  #scheduled = 0;
  #drawn = "";

  /**
   * @param {Room} room
   * @param {string} ownName
   * @param {(clientId: string) => void} onMessage the user wants to write to this participant
   */
  constructor(room, ownName, onMessage) {
    this.#room = room;
    this.#ownName = ownName;
    this.#onMessage = onMessage;
    for (const type of /** @type {const} */ ([
      "user-connected",
      "user-disconnected",
      "user-reconnecting",
      "user-reconnected",
      "track-published",
      "track-unpublished",
      "track-muted",
      "track-unmuted",
      "active-talkers-updated",
      "local-tracks-changed",
      "user-role-changed",
    ]))
      room.on(type, () => this.update());
    this.#draw();
  }

  update() {
    if (this.#scheduled !== 0) return;
    this.#scheduled = requestAnimationFrame(() => {
      this.#scheduled = 0;
      this.#draw();
    });
  }

  close() {
    cancelAnimationFrame(this.#scheduled);
    this.#scheduled = -1;
  }

  #draw() {
    const people = [this.#self(), ...this.#others()];
    const drawn = JSON.stringify(people);
    if (drawn === this.#drawn) return; // keeps the focus where it is
    this.#drawn = drawn;
    const focused = document.activeElement?.getAttribute("data-person") ?? null;
    this.#list.replaceChildren(...people.map((person) => this.#row(person)));
    if (focused === null) return;
    /** @type {HTMLElement | null} */ (this.#list.querySelector(`[data-person="${CSS.escape(focused)}"]`))?.focus();
  }

  /** @returns {Person} */
  #self() {
    const sends = (/** @type {"microphone" | "camera"} */ source) => this.#room.localTrack(source)?.muted === false;
    return {
      id: "",
      name: this.#ownName,
      own: true,
      role: this.#room.role,
      silent: !sends("microphone"),
      unseen: !sends("camera"),
      speaking: this.#room.speaking,
      reconnecting: false,
    };
  }

  /** @returns {Person[]} */
  #others() {
    const people = [...this.#room.participants.values()].map((participant) => ({
      id: participant.clientId,
      name: participant.name || "Guest",
      own: false,
      role: participant.role,
      silent: !participant.sends("microphone"),
      unseen: !participant.sends("camera"),
      speaking: participant.speaking,
      reconnecting: participant.reconnecting,
    }));
    return people.sort((a, b) => a.name.localeCompare(b.name));
  }

  /** @param {Person} person */
  #row(person) {
    const note = [
      person.own ? "You" : "",
      person.role === "participant" ? "" : person.role,
      person.reconnecting ? "reconnecting" : "",
    ]
      .filter((part) => part !== "")
      .join(" · ");
    const text = el(
      "div",
      { class: "person-text" },
      el("span", { class: "person-name", text: person.name }),
      note ? el("span", { class: "person-note", text: note }) : null,
    );
    const message = person.own
      ? null
      : el(
          "button",
          {
            type: "button",
            class: "icon-button small",
            title: `Write to ${person.name}`,
            "aria-label": `Write to ${person.name}`,
            "data-person": person.id,
            on: { click: () => this.#onMessage(person.id) },
          },
          icon("chat"),
        );
    return el(
      "li",
      { class: person.speaking && !person.silent ? "person is-speaking" : "person" },
      avatar(person.name),
      text,
      message,
      state(
        person.silent ? "microphone-off" : "microphone",
        person.silent,
        person.silent ? "microphone off" : "microphone on",
      ),
      state(person.unseen ? "camera-off" : "camera", person.unseen, person.unseen ? "camera off" : "camera on"),
    );
  }
}

/**
 * @param {import("./icons.js").IconName} name
 * @param {boolean} off
 * @param {string} label
 */
function state(name, off, label) {
  return el(
    "span",
    { class: off ? "person-state off" : "person-state" },
    icon(name),
    el("span", { class: "visually-hidden", text: label }),
  );
}
