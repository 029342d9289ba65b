/** The chat: to everybody, or to one. */

import { byId, el } from "./dom.js";
import { tellFailure } from "./failures.js";
import { linksInText } from "./links-in-text.js";

/** @typedef {import("/sdk/roomcast.js").Room} Room */
/** @typedef {{sender: string, own: boolean, text: string, at: Date, note: string}} Message */

const EVERYBODY = "";
/** Messages of one person that follow within this time stand under one name. */
const TOGETHER_MS = 3 * 60_000;

export class Chat {
  #room;
  #log = byId("chat-log", HTMLElement);
  #empty = byId("chat-empty", HTMLElement);
  #form = byId("chat-form", HTMLFormElement);
  #text = byId("chat-text", HTMLTextAreaElement);
  #to = byId("chat-to", HTMLSelectElement);
  #onMessage;
  /** @type {(() => void)[]} */
  #offs;
  /** @type {Message | null} */
  #last = null;

  /**
   * @param {Room} room
   * @param {(message: Message) => void} onMessage somebody else wrote
   */
  constructor(room, onMessage) {
    this.#room = room;
    this.#onMessage = onMessage;
    this.#log.replaceChildren(this.#empty);
    this.#empty.hidden = false;
    this.#form.onsubmit = (event) => {
      event.preventDefault();
      this.#send();
    };
    this.#text.onkeydown = (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#send();
    };
    this.#text.oninput = () => this.#grow();
    this.#offs = [
      room.on("message-received", (event) => this.#received(event)),
      room.on("user-connected", () => this.#listRecipients()),
      room.on("user-disconnected", () => this.#listRecipients()),
    ];
    this.#listRecipients();
  }

  /** @param {string} [clientId] whom to write to */
  focus(clientId) {
    if (clientId !== undefined) this.#to.value = clientId;
    this.#text.focus();
  }

  close() {
    for (const off of this.#offs) off();
  }

  /** @param {import("/sdk/roomcast.js").RoomEvents["message-received"]} event */
  #received({ from, text, at, broadcast }) {
    const sender = from === null ? "Someone who left" : from.name || "Guest";
    const message = { sender, own: false, text, at, note: broadcast ? "" : "to you alone" };
    this.#show(message);
    this.#onMessage(message);
  }

  async #send() {
    const text = this.#text.value.trim();
    if (text === "") return;
    const recipient = this.#to.value;
    const name = this.#room.participants.get(recipient)?.name ?? "";
    this.#text.value = "";
    this.#grow();
    try {
      await this.#room.sendMessage(text, recipient === EVERYBODY ? {} : { to: [recipient] });
      this.#show({
        sender: "You",
        own: true,
        text,
        at: new Date(),
        note: recipient === EVERYBODY ? "" : `to ${name} alone`,
      });
    } catch (error) {
      tellFailure(error, "Your message was not sent.");
      if (this.#text.value === "") this.#text.value = text;
      this.#grow();
    }
  }

  /** @param {Message} message */
  #show(message) {
    this.#empty.hidden = true;
    const atEnd = this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < 60;
    const last = this.#last;
    const together =
      last !== null &&
      last.sender === message.sender &&
      last.own === message.own &&
      last.note === message.note &&
      message.at.getTime() - last.at.getTime() < TOGETHER_MS;
    this.#log.append(messageElement(message, together));
    this.#last = message;
    if (atEnd || message.own) this.#log.scrollTop = this.#log.scrollHeight;
  }

  #grow() {
    this.#text.style.height = "auto";
    this.#text.style.height = `${Math.min(this.#text.scrollHeight, 140)}px`;
  }

  #listRecipients() {
    const chosen = this.#to.value;
    const options = [...this.#room.participants.values()].map((participant) =>
      el("option", { value: participant.clientId, text: `${participant.name || "Guest"} only` }),
    );
    this.#to.replaceChildren(el("option", { value: EVERYBODY, text: "Everybody" }), ...options);
    this.#to.value = this.#room.participants.has(chosen) ? chosen : EVERYBODY;
  }
}

/**
 * @param {Message} message
 * @param {boolean} together whether it goes on under the name of the message before
 */
export function messageElement(message, together) {
  const time = message.at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const head = el(
    "div",
    { class: together ? "message-head visually-hidden" : "message-head" },
    el("span", { class: "message-sender", text: message.sender }),
    message.note ? el("span", { class: "message-note", text: message.note }) : null,
    el("time", { class: "message-time", datetime: message.at.toISOString(), text: time }),
  );
  const body = el("div", { class: "message-text" });
  for (const { text, href } of linksInText(message.text)) {
    body.append(href === null ? text : el("a", { href, target: "_blank", rel: "noopener noreferrer", text }));
  }
  const kind = `message${message.own ? " own" : ""}${message.note ? " private" : ""}${together ? " together" : ""}`;
  return el("div", { class: kind }, head, body);
}
