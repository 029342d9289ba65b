/** Something of one's own that is published: what is captured, and what the server knows of it. */

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
    const { width = 640, height = 480 } = this.mediaTrack.getSettings();
    // A phone held upright says 720x1280: layers go by the number of pixels.
    return { width, height };
  }
}
