/** The list of everybody in the room. */

import { avatar } from "./avatar.js";
import { badgesOf, takenFromOneself } from "./badges.js";
import { byId, el } from "./dom.js";
import { icon, setIcon } from "./icons.js";
import { KeyedRows } from "./keyed-rows.js";
import { toggleMenu } from "./menu.js";
import { NextFrame } from "./next-frame.js";
import { moderatorActions } from "./person-actions.js";

/** @typedef {import("/sdk/roomcast.js").Room} Room */
/**
 * @typedef {object} Person
 * @property {string} id client id
 * @property {string} name
 * @property {boolean} own
 * @property {string} role
 * @property {ReadonlySet<"audio" | "video">} hardMuted
 * @property {import("./badges.js").Badge[]} badges
 * @property {boolean} silent
 * @property {boolean} unseen
 * @property {boolean} speaking
 * @property {boolean} reconnecting
 */

const CHANGES = /** @type {const} */ ([
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
  "hard-mute-room",
  "hard-unmute-room",
  "hardmute-user-audio",
  "hardmute-user-video",
  "hardunmute-user-audio",
  "hardunmute-user-video",
  "updated-pinned-users",
  "spotlight-users",
  "floor-changed",
  "room-mode-switched",
  "reconnected",
]);

export class People {
  #room;
  #ownName;
  #onMessage;
  #rows;
  #frame = new NextFrame(() => this.#draw());

  /**
   * @param {Room} room
   * @param {string} ownName
   * @param {(clientId: string) => void} onMessage the user wants to write to this participant
   */
  constructor(room, ownName, onMessage) {
    this.#room = room;
    this.#ownName = ownName;
    this.#onMessage = onMessage;
    const key = (/** @type {Person} */ { id }) => id;
    const panel = () => byId("panel-people", HTMLElement);
    this.#rows = new KeyedRows(byId("people-list", HTMLUListElement), key, () => this.#row(), panel);
    for (const type of CHANGES) room.on(type, () => this.#frame.ask());
    this.#draw();
  }

  close() {
    this.#frame.stop();
  }

  #draw() {
    this.#rows.draw([this.#self(), ...this.#others()]);
  }

  /** @returns {Person} */
  #self() {
    const room = this.#room;
    const sends = (/** @type {"microphone" | "camera"} */ source) => room.localTrack(source)?.muted === false;
    const hardMuted = takenFromOneself(room);
    return {
      id: room.clientId,
      name: this.#ownName,
      own: true,
      role: room.role,
      hardMuted,
      badges: badgesOf(room, room.clientId, hardMuted),
      silent: !sends("microphone"),
      unseen: !sends("camera"),
      speaking: room.speaking,
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
      hardMuted: participant.hardMuted,
      badges: badgesOf(this.#room, participant.clientId, participant.hardMuted),
      silent: !participant.sends("microphone"),
      unseen: !participant.sends("camera"),
      speaking: participant.speaking,
      reconnecting: participant.reconnecting,
    }));
    return people.sort((a, b) => a.name.localeCompare(b.name));
  }

  /**
   * One row; what it shows comes with its updates.
   *
   * @returns {import("./keyed-rows.js").Row<Person>}
   */
  #row() {
    /** @type {Person} */
    let person;
    let drawn = "";
    const act = () => this.#act(button, person);
    const button = el("button", { type: "button", class: "icon-button small", on: { click: act } });
    const element = el("li", { class: "person" });
    const update = (/** @type {Person} */ changed) => {
      person = changed;
      const described = JSON.stringify({ ...changed, hardMuted: [], moderates: this.#room.role });
      if (described === drawn) return;
      drawn = described;
      element.classList.toggle("is-speaking", person.speaking && !person.silent);
      this.#label(button, person);
      // The button stays in its place: taken out for a moment, it would lose the focus.
      for (const child of [...element.children]) if (child !== button) child.remove();
      element.prepend(avatar(person.name), personText(person));
      element.append(deviceState("microphone", person.silent), deviceState("camera", person.unseen));
    };
    element.append(button);
    return { element, update };
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {Person} person
   */
  #label(button, { name, own }) {
    const moderates = this.#room.role === "moderator";
    const label = moderates ? `Actions for ${own ? "yourself" : name}` : `Write to ${name}`;
    button.hidden = own && !moderates;
    button.classList.toggle("stays", moderates);
    button.title = label;
    button.setAttribute("aria-label", label);
    if (moderates) button.setAttribute("aria-haspopup", "menu");
    else button.removeAttribute("aria-haspopup");
    setIcon(button, moderates ? "more" : "chat");
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {Person} person
   */
  #act(button, person) {
    if (this.#room.role !== "moderator") {
      this.#onMessage(person.id);
      return;
    }
    const iconName = /** @type {const} */ ("chat");
    const write = { label: "Write a message", iconName, run: () => this.#onMessage(person.id) };
    const groups = moderatorActions(this.#room, person);
    toggleMenu(button, `Actions for ${person.name}`, person.own ? groups : [[write], ...groups]);
  }
}

/** @param {Person} person */
function personText({ name, own, role, reconnecting, badges }) {
  const notes = [own ? "you" : "", role === "participant" ? "" : role, reconnecting ? "reconnecting" : ""];
  const note = notes.filter((part) => part !== "").join(" · ");
  const signs = badges.map(({ iconName, text }) =>
    el("span", { class: `sign sign-${iconName}` }, icon(iconName), text),
  );
  return el(
    "div",
    { class: "person-text" },
    el("span", { class: "person-name", text: name }),
    note ? el("span", { class: "person-note", text: note }) : null,
    signs.length > 0 ? el("span", { class: "person-signs" }, ...signs) : null,
  );
}

/**
 * @param {"microphone" | "camera"} device
 * @param {boolean} off
 */
function deviceState(device, off) {
  return el(
    "span",
    { class: off ? "person-state off" : "person-state" },
    icon(off ? `${device}-off` : device),
    el("span", { class: "visually-hidden", text: `${device} ${off ? "off" : "on"}` }),
  );
}
