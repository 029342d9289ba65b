/** What holds for the whole room, shown to everybody in the top line: lock, lecture, hard mute, remaining time. */

import { byId } from "./dom.js";
import { tellIfFails } from "./failures.js";

/** @typedef {import("/sdk/roomcast.js").Room} Room */

const CHANGES = /** @type {const} */ ([
  "hard-mute-room",
  "hard-unmute-room",
  "room-locked",
  "room-unlocked",
  "room-mode-switched",
  "user-role-changed",
  "conference-remaining-duration",
  "conference-duration-extended",
  "reconnected",
]);
/** Seconds before the end from which on it is shown in another colour. */
const SOON = 600;
/** Seconds before the end from which on seconds are counted. */
const LAST = 60;

/**
 * @param {number} seconds
 * @returns {string}
 */
export function remainingText(seconds) {
  if (seconds <= LAST) return `${Math.max(0, Math.ceil(seconds))} s left`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min left`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h ${rest === 0 ? "" : `${rest} min `}left`;
}

export class RoomStates {
  #room;
  #states = {
    muted: byId("state-muted", HTMLElement),
    locked: byId("state-locked", HTMLElement),
    lecture: byId("state-lecture", HTMLElement),
  };
  #time = byId("time-left", HTMLElement);
  #timeText = byId("time-left-text", HTMLElement);
  #extend = byId("extend-button", HTMLButtonElement);
  #clock;

  /** @param {Room} room */
  constructor(room) {
    this.#room = room;
    this.#extend.onclick = () => tellIfFails(room.extendConferenceDuration());
    for (const type of CHANGES) room.on(type, () => this.#draw());
    this.#clock = setInterval(() => this.#drawTime(), 1000);
    this.#draw();
  }

  close() {
    clearInterval(this.#clock);
  }

  #draw() {
    this.#states.muted.hidden = !this.#room.hardMuted;
    this.#states.locked.hidden = !this.#room.locked;
    this.#states.lecture.hidden = this.#room.mode !== "lecture";
    this.#drawTime();
  }

  #drawTime() {
    const left = this.#room.timeLeft;
    const extendable = this.#room.extendable && this.#room.permissions.controlhandlers;
    this.#time.hidden = left === null && !extendable;
    this.#time.classList.toggle("is-soon", left !== null && left <= SOON);
    const text = left === null ? "Ends soon" : remainingText(left);
    if (this.#timeText.textContent !== text) this.#timeText.textContent = text;
    this.#extend.hidden = !extendable;
  }
}
