/** Lecture mode for a participant: raise the hand, be invited, have the floor, give it back. */

import { byId } from "./dom.js";
import { tellIfFails } from "./failures.js";

/** @typedef {import("/sdk/roomcast.js").Room} Room */
/** @typedef {"none" | "listening" | "raised" | "invited" | "speaking"} FloorState */

const CHANGES = /** @type {const} */ (["floor-changed", "room-mode-switched", "user-role-changed", "reconnected"]);

const LABELS = {
  none: "",
  listening: "Raise your hand",
  raised: "Lower your hand",
  invited: "Accept the invitation to speak",
  speaking: "Give the floor back",
};
const BANNERS = {
  none: "",
  listening: "",
  raised: "Your hand is raised",
  invited: "A moderator invites you to speak",
  speaking: "You have the floor",
};

/**
 * How oneself stands to the floor; "none" for whom there is none. Pure.
 *
 * @param {Pick<Room, "mode" | "role" | "clientId" | "raisedHands" | "approvedHands">} room
 * @param {boolean} invited
 * @returns {FloorState}
 */
export function floorState({ mode, role, clientId, raisedHands, approvedHands }, invited) {
  if (mode !== "lecture" || role !== "participant") return "none";
  if (approvedHands.includes(clientId)) return "speaking";
  if (raisedHands.includes(clientId)) return "raised";
  return invited ? "invited" : "listening";
}

export class Floor {
  #room;
  #button = byId("hand-button", HTMLButtonElement);
  #banner = byId("floor", HTMLElement);
  #text = byId("floor-text", HTMLElement);
  #accept = byId("floor-accept", HTMLButtonElement);
  #decline = byId("floor-decline", HTMLButtonElement);
  #finish = byId("floor-finish", HTMLButtonElement);
  #invited = false;

  /** @param {Room} room */
  constructor(room) {
    this.#room = room;
    this.#button.onclick = () => this.act();
    this.#accept.onclick = () => tellIfFails(room.requestFloor());
    this.#decline.onclick = () => tellIfFails(room.cancelFloor());
    this.#finish.onclick = () => tellIfFails(room.finishFloor());
    room.on("floor-changed", ({ clientId, action }) => {
      if (clientId === room.clientId) this.#invited = action === "invited";
    });
    room.on("room-mode-switched", () => (this.#invited = false));
    for (const type of CHANGES) room.on(type, () => this.#draw());
    this.#draw();
  }

  /** What the button and its key do. */
  act() {
    const state = floorState(this.#room, this.#invited);
    if (state === "listening" || state === "invited") tellIfFails(this.#room.requestFloor());
    else if (state === "raised") tellIfFails(this.#room.cancelFloor());
    else if (state === "speaking") tellIfFails(this.#room.finishFloor());
  }

  #draw() {
    const state = floorState(this.#room, this.#invited);
    const focused = this.#banner.contains(document.activeElement);
    this.#button.hidden = state === "none";
    this.#button.classList.toggle("is-active", state === "raised" || state === "speaking");
    this.#button.setAttribute("aria-label", LABELS[state]);
    this.#button.title = `${LABELS[state]} (H)`;
    this.#text.textContent = BANNERS[state];
    this.#accept.hidden = state !== "invited";
    this.#decline.hidden = state !== "raised" && state !== "invited";
    this.#decline.textContent = state === "raised" ? "Lower it" : "Decline";
    this.#finish.hidden = state !== "speaking";
    this.#banner.hidden = BANNERS[state] === "";
    // The button that was pressed may be gone with what it was for.
    if (focused && document.activeElement?.closest("[hidden]")) this.#button.focus();
  }
}
