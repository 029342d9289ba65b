/** Streams as the EnableX API has them: one's own, and those of the others, which are the slots of a `Room`. */

import { response, told } from "../callbacks.js";
import { captureBoth } from "../devices.js";
import { RoomcastError } from "../errors.js";
import { EnxEmitter } from "./emitter.js";

/** @typedef {import("../roomcast.d.ts").MediaRequest} MediaRequest */
/** @typedef {import("../enx.d.ts").StreamSpec} StreamSpec */
/** @typedef {import("../roomcast.d.ts").Slot} Slot */
/** @typedef {"microphone" | "camera"} Device */

/** The ids of streams that carry screens count from here. */
const FIRST_SCREEN = 101;

/** @abstract */
export class EnxStream extends EnxEmitter {
  /** Whether it is one's own. @readonly @type {boolean} */
  local;
  /** What is played. @readonly @type {MediaStream} */
  stream;
  /** @type {HTMLVideoElement | null} */
  #player = null;

  /**
   * @param {boolean} local
   * @param {MediaStream} stream
   */
  constructor(local, stream) {
    super();
    this.local = local;
    this.stream = stream;
  }

  /** Whether it is being played. */
  get showing() {
    return this.#player !== null;
  }

  /**
   * Plays it in a new element inside the given one; one's own stream without its sound.
   *
   * @param {string | HTMLElement} target an element or its id
   * @param {import("../enx.d.ts").PlayOptions} [options]
   * @throws {RoomcastError} `unknown-element`
   */
  play(target, { player: { height, width, class: className = "" } = {} } = {}) {
    const parent = typeof target === "string" ? document.getElementById(target) : target;
    if (parent === null) throw new RoomcastError("unknown-element", `There is no element with the id ${target}.`);
    this.stop();
    const player = Object.assign(document.createElement("video"), { autoplay: true, playsInline: true, className });
    player.muted = this.local;
    player.srcObject = this.stream;
    if (height !== undefined) player.style.height = height;
    if (width !== undefined) player.style.width = width;
    parent.append(player);
    this.#player = player;
  }

  /** Ends what `play` began. */
  stop() {
    this.#player?.remove();
    this.#player = null;
  }
}

/** What is received in one place of the stage, whoever stands there: the list of active talkers tells. */
export class EnxRemoteStream extends EnxStream {
  /** That of the picture first, and that of the voice. @type {Slot[]} */
  #slots;

  /** @param {Slot} slot */
  constructor(slot) {
    super(false, slot.stream);
    this.#slots = [slot];
  }

  /** @param {Slot} slot shares the stream with the one before */
  include(slot) {
    if (!this.#slots.includes(slot)) this.#slots.push(slot);
  }

  getID() {
    return streamId(/** @type {Slot} */ (this.#slots[0]));
  }

  /** The name and the data of whoever is in it. */
  getAttributes() {
    const participant = this.#slots.find((slot) => slot.participant !== null)?.participant;
    return participant ? { ...participant.data, name: participant.name } : {};
  }

  /** Where its picture comes in. */
  get pictureSlot() {
    return this.#slots.find((slot) => slot.use !== "audio") ?? null;
  }
}

/**
 * The id of the stream that plays a slot. People's are those of the slot's voice and picture alike.
 *
 * @param {Slot} slot
 */
export function streamId({ use, index }) {
  return index + (use === "screen" ? FIRST_SCREEN : 1);
}

export class EnxLocalStream extends EnxStream {
  #spec;
  /** What was opened before there was a room. @type {Map<Device, MediaStreamTrack>} */
  #opened = new Map();
  /** What is muted, or will be when it is published. @type {Set<Device>} */
  #muted = new Set();
  /** The room that it is published in. @type {import("./room.js").EnxRoom | null} */
  room = null;

  /** @param {StreamSpec} [spec] */
  constructor(spec = {}) {
    super(true, new MediaStream());
    this.#spec = spec;
    if (spec.audioMuted) this.#muted.add("microphone");
    if (spec.videoMuted) this.#muted.add("camera");
  }

  /** One's own client id; null before there is a room. */
  getID() {
    return this.room?.clientId ?? null;
  }

  getAttributes() {
    const { name, attributes } = this.#spec;
    return { ...(name === undefined ? {} : { name }), ...attributes };
  }

  get audioMuted() {
    return this.#isMuted("microphone");
  }

  get videoMuted() {
    return this.#isMuted("camera");
  }

  /** Opens camera and microphone before they are published, for a preview. @throws {MediaError} */
  async init() {
    const [microphone, camera] = [this.request("microphone"), this.request("camera")];
    try {
      const wanted = {
        ...(isRequest(microphone) ? { microphone } : {}),
        ...(isRequest(camera) ? { camera } : {}),
      };
      const opened = Object.keys(wanted).length === 0 ? {} : await captureBoth(wanted);
      for (const device of /** @type {const} */ (["microphone", "camera"])) {
        const track = opened[device];
        if (track === undefined) continue;
        this.#opened.set(device, track);
        track.enabled = !this.#muted.has(device);
        this.#put(track);
      }
    } catch (error) {
      this.accessDenied(error);
      throw error;
    }
    this.accessAllowed();
  }

  /** Closes camera and microphone. */
  close() {
    for (const track of [...this.stream.getTracks(), ...this.#opened.values()]) {
      track.stop();
      this.stream.removeTrack(track);
    }
    this.#opened.clear();
  }

  /** @param {unknown} [callback] */
  muteAudio(callback) {
    return told(this.#setMuted("microphone", true), callback, response("Audio is muted"));
  }

  /** @param {unknown} [callback] */
  unmuteAudio(callback) {
    return told(this.#setMuted("microphone", false), callback, response("Audio is un-muted"));
  }

  /** @param {unknown} [callback] */
  muteVideo(callback) {
    return told(this.#setMuted("camera", true), callback, response("Video is muted"));
  }

  /** @param {unknown} [callback] */
  unmuteVideo(callback) {
    return told(this.#setMuted("camera", false), callback, response("Video is un-muted"));
  }

  /**
   * What is to be published from this device.
   *
   * @param {Device} device
   * @returns {MediaRequest}
   */
  request(device) {
    const { audio = false, video = false, videoSize } = this.#spec;
    const opened = this.#opened.get(device);
    if (opened !== undefined && opened.readyState === "live") return opened;
    if (device === "microphone") return audio;
    if (video === false || videoSize === undefined) return video;
    const [, , width, height] = videoSize;
    return { ...(video === true ? {} : video), width: { ideal: width }, height: { ideal: height } };
  }

  /** What begins muted. @returns {Device[]} */
  get muted() {
    return [...this.#muted];
  }

  /**
   * The room publishes something else now, or nothing any more.
   *
   * @param {import("../roomcast.d.ts").Room} session
   */
  follow(session) {
    const published = session.localTracks.filter(({ source }) => source !== "screen").map((track) => track.mediaTrack);
    const kept = new Set([...published, ...this.#opened.values()]);
    for (const track of this.stream.getTracks()) if (!kept.has(track)) this.stream.removeTrack(track);
    for (const track of published) this.#put(track);
  }

  accessAllowed() {
    this.dispatch("media-access-allowed", { stream: this });
  }

  /** @param {unknown} error */
  accessDenied(error) {
    const { name, message } = /** @type {Error} */ (/** @type {Error} */ (error).cause ?? error);
    this.dispatch("media-access-denied", { stream: this, msg: { name, message } });
  }

  /** @param {MediaStreamTrack} track in the place of the one of its kind */
  #put(track) {
    for (const other of this.stream.getTracks()) {
      if (other.kind === track.kind && other !== track) this.stream.removeTrack(other);
    }
    this.stream.addTrack(track);
  }

  /** @param {Device} device */
  #isMuted(device) {
    return this.room?.session.localTrack(device)?.muted ?? this.#muted.has(device);
  }

  /**
   * @param {Device} device
   * @param {boolean} muted
   */
  async #setMuted(device, muted) {
    const session = this.room?.session;
    if (session?.localTrack(device)) await (muted ? session.mute(device) : session.unmute(device));
    const opened = this.#opened.get(device);
    if (opened !== undefined) opened.enabled = !muted;
    if (muted) this.#muted.add(device);
    else this.#muted.delete(device);
  }
}

/**
 * @param {MediaRequest} request
 * @returns {request is true | MediaTrackConstraints} whether something is to be opened
 */
function isRequest(request) {
  return request !== false && !(request instanceof MediaStreamTrack);
}
