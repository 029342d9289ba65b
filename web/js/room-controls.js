/** What a moderator does to the whole room: the buttons at the foot of the list of people. */

import { confirmed } from "./confirm.js";
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
  "reconnected",
]);

export class RoomControls {
  #room;
  #container = byId("room-controls", HTMLElement);
  #muted = byId("mute-room", HTMLButtonElement);
  #locked = byId("lock-room", HTMLButtonElement);
  #lecture = byId("lecture-mode", HTMLButtonElement);

  /** @param {Room} room */
  constructor(room) {
    this.#room = room;
    this.#muted.onclick = () => tellIfFails(room.hardMuted ? room.hardUnmute() : room.hardMute());
    this.#locked.onclick = () => tellIfFails(room.locked ? room.unlock() : room.lock());
    this.#lecture.onclick = () => tellIfFails(room.switchRoomMode(room.mode === "lecture" ? "group" : "lecture"));
    byId("end-for-all", HTMLButtonElement).onclick = () => tellIfFails(this.#endForAll());
    for (const type of CHANGES) room.on(type, () => this.#draw());
    this.#draw();
  }

  /** What is shown is what the room says, not what was clicked. */
  #draw() {
    this.#container.hidden = this.#room.role !== "moderator";
    this.#muted.setAttribute("aria-pressed", String(this.#room.hardMuted));
    this.#locked.setAttribute("aria-pressed", String(this.#room.locked));
    this.#lecture.setAttribute("aria-pressed", String(this.#room.mode === "lecture"));
  }

  async #endForAll() {
    const text = "Everybody is disconnected at once. To go on without you, leave instead.";
    const question = { title: "End the meeting for all?", text, action: "End for all", danger: true };
    if (await confirmed(question)) await this.#room.destroy();
  }
}
