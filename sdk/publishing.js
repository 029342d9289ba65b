/** What this participant publishes: capturing, muting, changing devices. */

import { capture, captureBoth, constraintsOf } from "./devices.js";
import { MediaError, RoomcastError } from "./errors.js";
import { Emitter } from "./events.js";
import { LocalTrack } from "./local-track.js";
import { capOf } from "./quality.js";

/** @typedef {import("./roomcast.d.ts").MediaRequest} MediaRequest */
/** @typedef {import("./roomcast.d.ts").Source} Source */
/** @typedef {import("./roomcast.d.ts").LocalTrackChange} LocalTrackChange */
/** @typedef {(method: string, params: Record<string, unknown>) => Promise<unknown>} Request */

/** @param {unknown} request @returns {request is MediaStreamTrack} */
function isTrack(request) {
  return typeof MediaStreamTrack !== "undefined" && request instanceof MediaStreamTrack;
}

/** @extends {Emitter<{changed: {track: LocalTrack, change: LocalTrackChange}}>} */
export class Publishing extends Emitter {
  /** @type {Map<Source, LocalTrack>} */
  #tracks = new Map();
  /** One thing at a time for each source. @type {Map<Source, Promise<unknown>>} */
  #queues = new Map();
  /** Of the room; unknown until the server let one in. @type {unknown} */
  #quality;
  #request;

  /** @param {Request} request */
  constructor(request) {
    super();
    this.#request = request;
  }

  /** @returns {LocalTrack[]} */
  all() {
    return [...this.#tracks.values()];
  }

  /** @param {Source} source */
  get(source) {
    return this.#tracks.get(source) ?? null;
  }

  /**
   * Opens what is asked for, camera and microphone with one question, without publishing it yet.
   *
   * @param {import("./roomcast.d.ts").JoinOptions} requests
   */
  async capture({ audio = false, video = false, screen = null, muted = [] }) {
    const opened = await captureRequested(audio, video);
    /** @param {Source} source @param {MediaRequest} request @param {MediaStreamTrack | undefined} track */
    const add = (source, request, track) => {
      const mediaTrack = isTrack(request) ? request : track;
      if (mediaTrack === undefined) return;
      this.add(made(source, request, mediaTrack, muted.includes(source)));
    };
    add("microphone", audio, opened.microphone);
    add("camera", video, opened.camera);
    if (screen !== null) add("screen", screen, undefined);
  }

  /**
   * Opens what is to be published from a microphone or a camera.
   *
   * @param {"microphone" | "camera"} source
   * @param {true | MediaTrackConstraints | MediaStreamTrack} request
   */
  async open(source, request) {
    return made(source, request, isTrack(request) ? request : await capture(source, request), false);
  }

  /** @param {LocalTrack} track */
  add(track) {
    this.#tracks.set(track.source, track);
    track.cap = capOf(this.#quality, track.source);
    this.#watch(track);
  }

  /** @param {LocalTrack} track */
  remove(track) {
    if (this.#tracks.get(track.source) === track) this.#tracks.delete(track.source);
    if (track.owned) track.mediaTrack.stop();
  }

  /**
   * From now on tracks go by this quality; what is sent already, with the next `fit`.
   *
   * @param {unknown} quality of the room's settings
   */
  limit(quality) {
    this.#quality = quality;
    for (const track of this.all()) track.cap = capOf(quality, track.source);
  }

  /** Makes all that is sent go by the size of the pictures and the quality of the room. */
  async fit() {
    await Promise.all(this.all().map((track) => track.fit()));
  }

  /** The application hands its tracks over: they are closed and opened again as if the SDK had opened them. */
  adopt() {
    for (const track of this.all()) track.owned = true;
  }

  /** Closes every device that the SDK opened. */
  stop() {
    for (const track of this.all()) this.remove(track);
  }

  /**
   * Nothing is sent from the moment of this call, whatever becomes of the request.
   *
   * @param {Source} source
   */
  mute(source) {
    const track = this.#published(source);
    track.mediaTrack.enabled = false;
    return this.#serially(source, async () => {
      if (track.muted) return;
      await this.#silence(track);
      this.emit("changed", { track, change: "muted" });
      await this.#request("mute", { source });
    });
  }

  /** @param {Source} source */
  unmute(source) {
    const track = this.#published(source);
    return this.#serially(source, async () => {
      if (!track.muted) return;
      if (track.ended) await this.#put(track, await this.#reopened(track), true);
      try {
        await this.#request("unmute", { source });
      } catch (error) {
        await this.#silence(track);
        throw error;
      }
      track.muted = false;
      track.mediaTrack.enabled = true;
      this.emit("changed", { track, change: "unmuted" });
    });
  }

  /**
   * Sends from another device, or a track of one's own, from now on.
   *
   * @param {"microphone" | "camera"} source
   * @param {string | MediaStreamTrack} device its id, or a track
   */
  switchDevice(source, device) {
    const track = this.#published(source);
    return this.#serially(source, async () => {
      if (isTrack(device)) {
        await this.#put(track, device, false);
      } else {
        await this.#switchTo(track, { ...track.constraints, deviceId: { exact: device } });
      }
      this.emit("changed", { track, change: "replaced" });
    });
  }

  /**
   * The server muted or unmuted one of these by itself, or says what it knows after a resumption.
   *
   * @param {Source} source
   * @param {boolean} muted
   */
  async told(source, muted) {
    const track = this.#tracks.get(source);
    if (track === undefined || track.muted === muted) return;
    // Only its owner opens a microphone or a camera: an unmute from elsewhere changes nothing here.
    if (!muted) return;
    await this.#silence(track);
    this.emit("changed", { track, change: "muted" });
  }

  /**
   * After a resumption: a mute that did not reach the server is told again.
   *
   * @param {readonly import("./protocol.d.ts").TrackInfo[]} infos what the server knows
   */
  correct(infos) {
    for (const track of this.all()) {
      const known = infos.find((info) => info.track_id === track.trackId);
      if (known === undefined || known.muted === track.muted) continue;
      // When this fails the connection is lost once more, and the next resumption comes here again.
      this.#request(track.muted ? "mute" : "unmute", { source: track.source }).catch(() => {});
    }
  }

  /** @param {Source} source */
  #published(source) {
    const track = this.#tracks.get(source);
    if (track === undefined) throw new RoomcastError("not-published", `No ${source} is published.`);
    return track;
  }

  /**
   * Stops sending. A camera that the SDK opened is closed, so that its light goes out.
   *
   * @param {LocalTrack} track
   */
  async #silence(track) {
    track.muted = true;
    track.mediaTrack.enabled = false;
    if (track.source !== "camera" || !track.owned) return;
    track.mediaTrack.stop();
    await track.transceiver?.sender.replaceTrack(null);
  }

  /** @param {LocalTrack} track */
  #reopened(track) {
    const { source } = track;
    if (!track.owned || (source !== "microphone" && source !== "camera")) {
      throw new MediaError("device-ended", `The ${source} has ended; publish a new one.`, source);
    }
    return capture(source, track.constraints);
  }

  /**
   * @param {LocalTrack} track
   * @param {MediaTrackConstraints} constraints
   */
  async #switchTo(track, constraints) {
    const source = track.source === "camera" ? "camera" : "microphone";
    const before = track.constraints;
    track.constraints = constraints;
    if (track.ended) {
      track.owned = true; // opened with the new constraints when it is unmuted
      return;
    }
    if (source === "camera" && track.owned) track.mediaTrack.stop(); // phones open one camera at a time
    try {
      await this.#put(track, await capture(source, constraints), true);
    } catch (error) {
      track.constraints = before;
      if (track.ended) await this.#put(track, await capture(source, before), true);
      throw error;
    }
  }

  /**
   * @param {LocalTrack} track
   * @param {MediaStreamTrack} mediaTrack
   * @param {boolean} owned whether the SDK opened it
   */
  async #put(track, mediaTrack, owned) {
    const before = track.mediaTrack;
    const closes = track.owned && before !== mediaTrack;
    track.owned = owned;
    mediaTrack.enabled = !track.muted;
    track.mediaTrack = mediaTrack;
    this.#watch(track);
    await track.transceiver?.sender.replaceTrack(mediaTrack);
    if (closes) before.stop();
    await track.fit();
  }

  /** @param {LocalTrack} track */
  #watch(track) {
    const { mediaTrack } = track;
    mediaTrack.addEventListener("ended", () => {
      if (track.mediaTrack !== mediaTrack || this.#tracks.get(track.source) !== track) return;
      track.muted = true;
      this.emit("changed", { track, change: "ended" });
      if (track.source !== "screen") this.#request("mute", { source: track.source }).catch(() => {});
    });
  }

  /**
   * @template Result
   * @param {Source} source
   * @param {() => Promise<Result>} action
   * @returns {Promise<Result>}
   */
  #serially(source, action) {
    const result = (this.#queues.get(source) ?? Promise.resolve()).then(action);
    this.#queues.set(
      source,
      result.catch(() => {}),
    );
    return result;
  }
}

/**
 * @param {Source} source
 * @param {MediaRequest} request
 * @param {MediaStreamTrack} mediaTrack
 * @param {boolean} muted
 */
function made(source, request, mediaTrack, muted) {
  const device = source === "microphone" || source === "camera" ? source : null;
  if (!isTrack(request)) {
    const constraints = device === null ? {} : constraintsOf(device, request === false ? true : request);
    return new LocalTrack(source, mediaTrack, { owned: true, constraints, muted });
  }
  const { deviceId } = mediaTrack.getSettings();
  const constraints = device === null ? {} : constraintsOf(device, deviceId ? { deviceId: { exact: deviceId } } : true);
  return new LocalTrack(source, mediaTrack, { owned: false, constraints, muted });
}

/**
 * @param {MediaRequest} audio
 * @param {MediaRequest} video
 */
async function captureRequested(audio, video) {
  const microphone = audio === false || isTrack(audio) ? undefined : audio;
  const camera = video === false || isTrack(video) ? undefined : video;
  if (microphone === undefined && camera === undefined) return {};
  return captureBoth({ microphone, camera });
}
