/** The part of a room that records it: what moderators may ask for, and what is being recorded. */

import { ModeratedRoom } from "./moderation.js";
import { RecordingState } from "./recording-state.js";

/** @typedef {import("./roomcast.d.ts").LiveRecordingConfig} LiveRecordingConfig */

/**
 * `Room` completes it.
 *
 * @abstract
 */
export class RecordedRoom extends ModeratedRoom {
  /** @readonly */
  recordings = new RecordingState();

  /** Whether everybody's tracks are being recorded, each for itself. */
  get recording() {
    return this.recordings.recording;
  }

  /** Whether the session is being recorded as one picture. */
  get liveRecording() {
    return this.recordings.liveRecording;
  }

  /** Records the tracks of each participant. */
  async startRecord() {
    await this.ask("start-record", {});
  }

  async stopRecord() {
    await this.ask("stop-record", {});
  }

  /**
   * Records the session as one picture, which is ready as soon as the session is over.
   *
   * @param {LiveRecordingConfig} [config]
   */
  async startLiveRecording({ urlDetails } = {}) {
    await this.ask("start-live-recording", urlDetails === undefined ? {} : { url_details: onTheWire(urlDetails) });
  }

  /** @param {Record<string, unknown>} [_config] there is nothing to configure */
  async stopLiveRecording(_config) {
    await this.ask("stop-live-recording", {});
  }

  /**
   * @protected
   * @param {string} method
   * @param {Record<string, any>} params
   * @returns {boolean} whether it was about recording
   */
  recorded(method, params) {
    const happened = this.recordings.apply(method, params);
    if (happened === null) return false;
    this.emit(happened.type, /** @type {any} */ (happened.event));
    return true;
  }
}

/** @param {NonNullable<LiveRecordingConfig["urlDetails"]>} details */
function onTheWire({ url, chatOverlay, layOut }) {
  return {
    url,
    ...(chatOverlay === undefined ? {} : { chat_overlay: chatOverlay }),
    ...(layOut === undefined ? {} : { layout: layOut }),
  };
}
