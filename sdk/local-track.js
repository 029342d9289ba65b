/** Something of one's own that is published: what is captured, and what the server knows of it. */

import { cameraEncodings, rescaledEncodings, screenEncodings } from "./simulcast.js";

/** @typedef {import("./roomcast.d.ts").Source} Source */

export class LocalTrack {
  /** @readonly @type {Source} */
  source;
  /** @readonly @type {"audio" | "video"} */
  kind;
  /** @type {MediaStreamTrack} replaced when the device is switched or opened again */
  mediaTrack;
  /** Nothing of it is sent. */
  muted = false;
  /** @type {string | null} the server's name for it, once it is published */
  trackId = null;

  /** Whether the SDK opened the device, and so is the one to close and reopen it. @type {boolean} */
  owned;
  /** @type {MediaTrackConstraints} with which an owned device is opened again */
  constraints;
  /** @type {RTCRtpTransceiver | null} its m-line in the present peer connection */
  transceiver = null;
  /** @type {import("./quality.js").Cap | null} what the room allows, as soon as that is known */
  cap = null;
  /** The largest picture that the browser found. @type {{of: MediaStreamTrack, width: number, height: number} | null} */
  #measured = null;

  /**
   * @param {Source} source
   * @param {MediaStreamTrack} mediaTrack
   * @param {{owned?: boolean, constraints?: MediaTrackConstraints, muted?: boolean}} [options]
   */
  constructor(source, mediaTrack, { owned = false, constraints = {}, muted = false } = {}) {
    this.source = source;
    this.kind = source === "microphone" ? "audio" : "video";
    this.mediaTrack = mediaTrack;
    this.owned = owned;
    this.constraints = constraints;
    this.muted = muted;
    mediaTrack.enabled = !muted;
    if (source === "screen" && mediaTrack.contentHint === "") mediaTrack.contentHint = "detail";
  }

  /** Whether the camera or microphone is closed and has to be opened before anything can be sent. */
  get ended() {
    return this.mediaTrack.readyState === "ended";
  }

  /** The size of the picture, as far as it is known. */
  get size() {
    if (this.#measured?.of === this.mediaTrack) return this.#measured;
    const { width = 640, height = 480 } = this.mediaTrack.getSettings();
    // A phone held upright says 720x1280: layers go by the number of pixels.
    return { width, height };
  }

  /** The encodings of a new sender; null for sound. */
  get encodings() {
    const { width, height } = this.size;
    if (this.source === "camera") return cameraEncodings(width, height, this.cap);
    return this.kind === "video" ? screenEncodings(this.cap) : null;
  }

  /** Makes what the present sender sends go by the size of the picture and by what the room allows. */
  async fit() {
    const sender = this.transceiver?.sender;
    if (sender === undefined || this.kind === "audio") return;
    const parameters = sender.getParameters();
    const before = parameters.encodings ?? []; // none in browsers that cannot change them
    const encodings = this.#fitted(before);
    if (JSON.stringify(encodings) === JSON.stringify(before)) return;
    parameters.encodings = encodings;
    // Refused while a negotiation is under way: with the answer this is called again.
    await sender.setParameters(parameters).catch(() => {});
  }

  /** Fits once more, by the size that the browser measures: not every track tells its size, or tells it in time. */
  async fitMeasured() {
    const of = this.mediaTrack;
    const report = await this.transceiver?.sender.getStats();
    for (const { type, width = 0, height = 0 } of report?.values() ?? []) {
      // Firefox tells the size to which it adapted to bandwidth or load: less than is known is no news.
      const grown = type === "media-source" && width * height > this.size.width * this.size.height;
      if (grown && of === this.mediaTrack) this.#measured = { of, width, height };
    }
    await this.fit();
  }

  /**
   * @param {readonly RTCRtpEncodingParameters[]} encodings
   * @returns {RTCRtpEncodingParameters[]}
   */
  #fitted(encodings) {
    const { width, height } = this.size;
    if (this.source === "camera") return rescaledEncodings(encodings, width, height, this.cap);
    const [{ maxBitrate }] = screenEncodings(this.cap);
    return encodings.map((encoding) => ({ ...encoding, maxBitrate }));
  }
}
