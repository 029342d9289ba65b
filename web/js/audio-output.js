/** Plays the audio slots, apart from the pictures: no change of tiles interrupts a voice. */

import { el } from "./dom.js";

/** @typedef {import("/sdk/roomcast.js").Room} Room */

/** Whether this browser lets a page choose the speaker. */
export const canChooseSpeaker = "setSinkId" in HTMLMediaElement.prototype;

/**
 * @param {HTMLMediaElement} element
 * @param {string} deviceId "" for the system's choice
 */
export async function routeTo(element, deviceId) {
  if (canChooseSpeaker) await /** @type {any} */ (element).setSinkId(deviceId);
}

export class AudioOutput {
  #room;
  /** @type {HTMLAudioElement[]} */
  #elements = [];
  #onBlocked;
  #speaker = "";

  /**
   * @param {Room} room
   * @param {() => void} onBlocked the browser plays nothing before the user has clicked somewhere
   */
  constructor(room, onBlocked) {
    this.#room = room;
    this.#onBlocked = onBlocked;
    for (const type of /** @type {const} */ (["slots-renewed", "reconnected"])) room.on(type, () => this.connect());
    this.connect();
  }

  /** Plays what the slots receive now. */
  connect() {
    this.#room.audioSlots.forEach((slot, index) => {
      const element = (this.#elements[index] ??= el("audio", { autoplay: true }));
      const stream = /** @type {MediaStream | null} */ (element.srcObject);
      if (slot.mediaTrack === null || stream?.getAudioTracks()[0] === slot.mediaTrack) return;
      element.srcObject = new MediaStream([slot.mediaTrack]);
      if (this.#speaker !== "") routeTo(element, this.#speaker).catch(() => {}); // unplugged: the default plays
    });
    this.play();
  }

  /** Starts to play; to be called from a click where the browser wants one. */
  play() {
    Promise.all(this.#elements.map((element) => element.play())).catch((error) => {
      if (error instanceof DOMException && error.name === "NotAllowedError") this.#onBlocked();
    });
  }

  /** @param {string} deviceId */
  async choose(deviceId) {
    this.#speaker = deviceId;
    await Promise.all(this.#elements.map((element) => routeTo(element, deviceId)));
  }

  close() {
    for (const element of this.#elements) element.srcObject = null;
    this.#elements = [];
  }
}
