/** Those who ask for a moderator's answer: who waits to be let in, and who raises a hand. */

import { announce } from "./announce.js";
import { byId, el } from "./dom.js";
import { tellIfFails } from "./failures.js";
import { icon } from "./icons.js";
import { KeyedRows } from "./keyed-rows.js";

/** @typedef {import("/sdk/roomcast.js").Room} Room */
/** @typedef {{label: string, spoken: string, kind: "primary" | "quiet", run: () => Promise<void>}} Answer */
/** @typedef {{key: string, text: string, iconName: import("./icons.js").IconName, answers: Answer[]}} Request */

/** More than this at once would cover the stage. */
const SHOWN_AT_ONCE = 3;

const CHANGES = /** @type {const} */ ([
  "user-awaited",
  "awaited-user-gone",
  "floor-changed",
  "room-mode-switched",
  "user-disconnected",
  "user-role-changed",
  "reconnected",
]);

/**
 * What moderators are asked, those who wait to be let in first. Pure but for the answers.
 *
 * @param {Room} room
 * @returns {Request[]}
 */
export function requestsTo(room) {
  if (room.role !== "moderator") return [];
  const waiting = room.awaitedParticipants.map(({ clientId, name }) => {
    const shown = name || "A guest";
    return request(`wait ${clientId}`, `${shown} waits to be let in`, "door", [
      answer("Admit", `Admit ${shown}`, "primary", () => room.approveAwaitedUser(clientId)),
      answer("Deny", `Deny ${shown}`, "quiet", () => room.denyAwaitedUser(clientId)),
    ]);
  });
  const hands = room.raisedHands.map((clientId) => {
    const shown = room.participants.get(clientId)?.name || "A guest";
    return request(`hand ${clientId}`, `${shown} raises a hand`, "hand", [
      answer("Give floor", `Give ${shown} the floor`, "primary", () => room.grantFloor(clientId)),
      answer("Decline", `Decline the raised hand of ${shown}`, "quiet", () => room.denyFloor(clientId)),
    ]);
  });
  return [...waiting, ...hands];
}

/**
 * Admits everybody who waits, one after the other: the server cuts off who asks for hundreds of things at once.
 *
 * @param {Room} room
 * @throws {Error} at the first one who cannot be admitted, other than those who are gone or admitted meanwhile
 */
export async function admitAll(room) {
  for (const { clientId } of [...room.awaitedParticipants]) {
    await room.approveAwaitedUser(clientId).catch((error) => {
      if (error.reason !== "unknown-participant") throw error;
    });
  }
}

export class Requests {
  #room;
  #onAll;
  #overStage = byId("requests", HTMLElement);
  #inPanel = byId("panel-requests", HTMLElement);
  #more = byId("requests-more", HTMLButtonElement);
  #admitAll = byId("admit-all", HTMLButtonElement);
  #badge = byId("people-badge", HTMLElement);
  #rows;
  #panelShown = false;

  /**
   * @param {Room} room
   * @param {() => void} onAll the user wants to see all of them
   */
  constructor(room, onAll) {
    this.#room = room;
    this.#onAll = onAll;
    const key = (/** @type {Request} */ { key }) => key;
    const button = () => byId("people-button", HTMLButtonElement);
    const rowsIn = (/** @type {string} */ id) => new KeyedRows(byId(id, HTMLElement), key, requestRow, button);
    this.#rows = { overStage: rowsIn("request-rows"), inPanel: rowsIn("panel-request-rows") };
    this.#more.onclick = () => this.#onAll();
    this.#admitAll.onclick = () => tellIfFails(admitAll(room));
    room.on("user-awaited", ({ name }) => announce(`${name || "A guest"} waits to be let in.`));
    for (const type of CHANGES) room.on(type, () => this.#draw());
    this.#draw();
  }

  /** @param {boolean} shown whether the panel shows all of them, so that the stage need not */
  panelShown(shown) {
    this.#panelShown = shown;
    this.#draw();
  }

  close() {
    this.#overStage.hidden = true;
  }

  #draw() {
    const requests = requestsTo(this.#room);
    const overStage = this.#panelShown ? [] : requests.slice(0, SHOWN_AT_ONCE);
    this.#rows.overStage.draw(overStage);
    this.#rows.inPanel.draw(requests);
    const hidden = requests.length - overStage.length;
    this.#more.hidden = hidden === 0;
    this.#more.textContent = `${hidden} more`;
    this.#overStage.hidden = overStage.length === 0;
    this.#inPanel.hidden = requests.length === 0;
    this.#admitAll.hidden = this.#room.awaitedParticipants.length < 2;
    this.#badge.hidden = requests.length === 0;
    this.#badge.setAttribute("aria-label", `${requests.length} waiting for your answer`);
    this.#badge.textContent = requests.length > 99 ? "99+" : String(requests.length);
  }
}

/**
 * @param {Request} request
 * @returns {import("./keyed-rows.js").Row<Request>}
 */
function requestRow({ text, iconName, answers }) {
  const buttons = answers.map(({ label, spoken, kind, run }) =>
    el("button", {
      type: "button",
      class: `button small ${kind}`,
      "aria-label": spoken,
      text: label,
      on: { click: () => tellIfFails(run()) },
    }),
  );
  const line = el("span", { class: "request-text", text });
  const element = el(
    "div",
    { class: "pill request", role: "group", "aria-label": text },
    icon(iconName),
    line,
    el("span", { class: "request-answers" }, ...buttons),
  );
  return { element, update: () => {} };
}

/**
 * @param {string} key
 * @param {string} text
 * @param {import("./icons.js").IconName} iconName
 * @param {Answer[]} answers
 * @returns {Request}
 */
function request(key, text, iconName, answers) {
  return { key, text, iconName, answers };
}

/**
 * @param {string} label
 * @param {string} spoken
 * @param {"primary" | "quiet"} kind
 * @param {() => Promise<void>} run
 * @returns {Answer}
 */
function answer(label, spoken, kind, run) {
  return { label, spoken, kind, run };
}
