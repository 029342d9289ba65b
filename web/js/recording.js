/** That the meeting is being recorded: shown to everybody, told in the moment in which it changes, asked by moderators. */

import { toast } from "./announce.js";
import { byId } from "./dom.js";
import { explainRecordingFailure } from "./error-texts.js";
import { tellIfFails } from "./failures.js";

/** @typedef {import("/sdk/roomcast.js").Room} Room */

const CHANGES = /** @type {const} */ ([
  "room-record-on",
  "room-record-off",
  "room-record-failed",
  "room-live-recording-on",
  "room-live-recording-off",
  "room-live-recording-failed",
  "user-role-changed",
  "reconnected",
]);
const ICON = { iconName: /** @type {const} */ ("record") };

/**
 * Who did it, as the beginning of a sentence.
 *
 * @param {Pick<Room, "clientId" | "participants">} room
 * @param {string | null} clientId null when nobody in the meeting did
 * @returns {string | null} null when it is not known, or nobody's doing
 */
export function doerOf(room, clientId) {
  if (clientId === null) return null;
  if (clientId === room.clientId) return "You";
  const participant = room.participants.get(clientId);
  return participant === undefined ? null : participant.name || "A guest";
}

/**
 * What the red dot means, for those who ask it: by whom, where that is known.
 *
 * @param {Pick<Room, "recording" | "liveRecording">} room
 * @param {string | null} starter beginning of a sentence
 */
export function recordingTitle({ recording, liveRecording }, starter) {
  if (!recording && !liveRecording) return "";
  return `Everybody’s sound, camera and screen are recorded.${starter === null ? "" : ` ${starter} started it.`}`;
}

export class Recording {
  #room;
  #state = byId("state-recording", HTMLElement);
  #buttons = {
    recording: byId("record-room", HTMLButtonElement),
    liveRecording: byId("record-live", HTMLButtonElement),
  };
  /** Who started what is recorded last, if that was seen. @type {string | null} */
  #starter = null;

  /** @param {Room} room */
  constructor(room) {
    this.#room = room;
    this.#buttons.recording.onclick = () => tellIfFails(room.recording ? room.stopRecord() : room.startRecord());
    this.#buttons.liveRecording.onclick = () =>
      tellIfFails(room.liveRecording ? room.stopLiveRecording() : room.startLiveRecording());
    room.on("room-record-on", ({ moderatorId }) => this.#began(moderatorId, "recording"));
    room.on("room-live-recording-on", ({ startedBy }) => this.#began(startedBy, "live recording"));
    room.on("room-record-off", ({ moderatorId }) => this.#ended(moderatorId, "recording"));
    room.on("room-live-recording-off", ({ stoppedBy }) => this.#ended(stoppedBy, "live recording"));
    for (const type of /** @type {const} */ (["room-record-failed", "room-live-recording-failed"])) {
      room.on(type, ({ reason, message }) => this.#failed(reason, message));
    }
    for (const type of CHANGES) room.on(type, () => this.#draw());
    this.#draw();
    if (this.#running) toast("This meeting is being recorded.", ICON);
  }

  get #running() {
    return this.#room.recording || this.#room.liveRecording;
  }

  /**
   * @param {string | null} clientId
   * @param {string} what
   */
  #began(clientId, what) {
    this.#starter = doerOf(this.#room, clientId);
    toast(this.#starter === null ? "This meeting is being recorded." : `${this.#starter} started the ${what}.`, ICON);
  }

  /**
   * @param {string | null} clientId null after a failure, which was told already
   * @param {string} what
   */
  #ended(clientId, what) {
    if (clientId === null) return;
    const stopper = doerOf(this.#room, clientId);
    const text = stopper === null ? `The ${what} was stopped.` : `${stopper} stopped the ${what}.`;
    toast(this.#running ? `${text} The other recording goes on.` : text, ICON);
  }

  /**
   * @param {string} reason
   * @param {string} message
   */
  #failed(reason, message) {
    const { title, advice } = explainRecordingFailure(reason, message, this.#room.permissions.record);
    toast(`${title}. ${advice}`, { iconName: "warning", tone: "trouble" });
  }

  /** What is shown is what the room says, not what was clicked. */
  #draw() {
    const { permissions, recording, liveRecording } = this.#room;
    if (!this.#running) this.#starter = null;
    this.#state.hidden = !this.#running;
    this.#state.title = recordingTitle(this.#room, this.#starter);
    drawButton(this.#buttons.recording, permissions.record, recording, "recording");
    drawButton(this.#buttons.liveRecording, permissions.record, liveRecording, "live recording");
  }
}

/**
 * @param {HTMLButtonElement} button
 * @param {boolean} allowed
 * @param {boolean} running
 * @param {string} what
 */
function drawButton(button, allowed, running, what) {
  button.hidden = !allowed;
  button.classList.toggle("is-recording", running);
  const text = /** @type {HTMLElement} */ (button.querySelector("span"));
  text.textContent = `${running ? "Stop" : "Start"} ${what}`;
}
