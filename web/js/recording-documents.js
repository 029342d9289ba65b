/** Chat and log of a session, for reading. */

import { messageElement } from "./chat.js";
import { byId, el } from "./dom.js";
import { durationText, eventText, timeText, whenText } from "./recording-texts.js";

const dialog = byId("document-dialog", HTMLDialogElement);
const body = byId("document-body", HTMLElement);

dialog.onclick = ({ target }) => {
  if (target === dialog || (target instanceof Element && target.closest("[data-close]"))) dialog.close();
};

/**
 * @param {string} kind of the file
 * @param {any} content of `chat.json` or `session-meta.json`, see docs/archive.md
 * @param {string} roomName
 */
export function showDocument(kind, content, roomName) {
  byId("document-title", HTMLElement).textContent = kind === "chat" ? `Chat of ${roomName}` : roomName;
  body.replaceChildren(...(kind === "chat" ? chatElements(content) : metadataElements(content)));
  dialog.showModal();
  body.scrollTop = 0;
}

/** @param {any} chat */
function chatElements({ messages }) {
  return messages.map((/** @type {any} */ { at, name, to, text }) =>
    messageElement(
      { sender: name || "Guest", own: false, text, at: new Date(at), note: to === null ? "" : "not to everybody" },
      false,
    ),
  );
}

/** @param {any} metadata */
function metadataElements({ conf_num, opened_at, closed_at, participants, events }) {
  const names = new Map(participants.map((/** @type {any} */ { client_id, name }) => [client_id, name]));
  return [
    el("p", { class: "document-note", text: `${conf_num}, ${whenText(opened_at)}` }),
    el("h3", { text: participants.length === 1 ? "One participant" : `${participants.length} participants` }),
    el("ul", { class: "document-rows" }, ...participants.map(participantRow)),
    closed_at === null ? null : el("h3", { text: "What happened" }),
    el("ol", { class: "document-rows" }, ...events.map((/** @type {any} */ event) => eventRow(event, names))),
  ].filter((element) => element !== null);
}

/** @param {any} participant */
function participantRow({ name, role, joined_at, left_at }) {
  const stay = left_at === null ? "" : `, ${durationText((Date.parse(left_at) - Date.parse(joined_at)) / 1000)}`;
  return el(
    "li",
    {},
    el("span", { class: "document-main", text: name || "Guest" }),
    el("span", { class: "document-note", text: `${role}${stay}` }),
  );
}

/**
 * @param {any} event
 * @param {ReadonlyMap<string, string>} names
 */
function eventRow(event, names) {
  return el(
    "li",
    {},
    el("span", { class: "document-main", text: eventText(event, names) }),
    el("time", { class: "document-note", datetime: event.at, text: timeText(event.at) }),
  );
}
