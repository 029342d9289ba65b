/** A `Room` under the names of the EnableX API. */

import { CALLBACKS, callbackError, either, response, told } from "../callbacks.js";
import { MediaError, RoomcastError } from "../errors.js";
import { Roomcast } from "../roomcast.js";
import { EnxEmitter } from "./emitter.js";
import { EVENTS } from "./events.js";
import { EnxLocalStream, EnxRemoteStream, streamId } from "./streams.js";

/** @typedef {import("../roomcast.d.ts").Room} Room */

const DEVICES = /** @type {const} */ (["microphone", "camera"]);
const DISCONNECTED = 0;
const CONNECTING = 1;
const CONNECTED = 2;

export class EnxRoom extends EnxEmitter {
  #server;
  #token;
  /** @type {Room | null} */
  #session = null;
  /** @type {Map<number, EnxRemoteStream>} */
  #remote = new Map();
  /** One's own name, as far as the page gave it. */
  #name = "";
  /** @type {EnxLocalStream[]} */
  localStreams = [];
  /** 0 disconnected, 1 connecting, 2 connected. */
  status = DISCONNECTED;

  /**
   * @param {{token: string}} options
   * @param {string} server the address of the server
   */
  constructor({ token }, server) {
    super();
    this.#token = token;
    this.#server = server;
  }

  /** The room of the SDK underneath, for everything that has no name here. @throws {RoomcastError} `not-connected` */
  get session() {
    if (this.#session === null) throw new RoomcastError("not-connected", "Connect to the room first.");
    return this.#session;
  }

  get clientId() {
    return this.session.clientId;
  }

  get clientID() {
    return this.clientId;
  }

  get roomID() {
    return this.session.roomId;
  }

  get me() {
    return this.whoami();
  }

  get awaitedParticipants() {
    return this.session.awaitedParticipants;
  }

  get raisedHands() {
    return this.session.raisedHands;
  }

  get approvedHands() {
    return this.session.approvedHands;
  }

  /** One stream for each slot; `subscribe` to them all, and play those that the active talkers are in. */
  get streams() {
    return [...this.#remote.values()];
  }

  get remoteStreams() {
    return {
      get: (/** @type {number | string} */ id) => this.#remote.get(Number(id)),
      getAll: () => Object.fromEntries(this.#remote),
    };
  }

  /** The user who is connected here. */
  whoami() {
    const { clientId, role, permissions } = this.session;
    return { clientId, name: this.#name, role, permissions };
  }

  /** Joins without publishing. Told by `room-connected`, `room-awaited` or `room-error`. */
  async connect() {
    try {
      await this.join(null);
      this.announce();
    } catch (error) {
      this.dispatch("room-error", { ...joinError(error) });
    }
  }

  /**
   * Joins and publishes.
   *
   * @param {EnxLocalStream | null} stream
   */
  async join(stream) {
    this.status = CONNECTING;
    try {
      const session = await Roomcast.join(this.#server, this.#token, joinOptions(stream));
      this.#session = session;
      this.#listen(session);
    } catch (error) {
      this.status = DISCONNECTED;
      if (error instanceof MediaError) stream?.accessDenied(error);
      throw error;
    }
    this.status = CONNECTED;
    if (stream !== null) {
      this.#name = String(stream.getAttributes().name ?? "");
      this.#take(stream);
      stream.accessAllowed();
    }
  }

  /** Tells how the join ended, and who talks. Apart from `join`, so that handlers can be there before. */
  announce() {
    if (this.status !== CONNECTED) return;
    const { awaited } = this.session;
    if (awaited === null) this.dispatch("room-connected", { streams: this.streams });
    else this.dispatch("room-awaited", { event_type: awaited === "approval" ? "knock" : "wait_for_moderator" });
    this.#talkers();
  }

  disconnect() {
    return this.session.leave();
  }

  /**
   * @param {EnxLocalStream} stream
   * @param {unknown[]} rest options, of which none is needed here, and a callback
   */
  publish(stream, ...rest) {
    const shape = { succeeded: () => stream.getID(), failed: () => undefined };
    return told(this.#publish(stream), rest.at(-1), shape);
  }

  /**
   * @param {EnxLocalStream} stream
   * @param {unknown} [callback]
   */
  unpublish(stream, callback) {
    return told(this.#unpublish(stream), callback, either({ result: 0, msg: "Stream is unpublished" }));
  }

  /**
   * @param {EnxRemoteStream} stream
   * @param {unknown[]} rest options and a callback
   */
  async subscribe(stream, ...rest) {
    const [options] = /** @type {[{video?: boolean}?]} */ (rest);
    this.#show(stream, options?.video !== false);
    const done = Promise.resolve();
    told(done, rest.at(-1), { succeeded: () => stream.getID(), failed: () => undefined });
    await done;
    this.dispatch("stream-subscribed", { stream });
  }

  /**
   * @param {EnxRemoteStream} stream
   * @param {unknown} [callback]
   */
  async unsubscribe(stream, callback) {
    this.#show(stream, false);
    await told(Promise.resolve(), callback, response("Stream is unsubscribed"));
  }

  /**
   * @param {string} text
   * @param {boolean} broadcast
   * @param {string[]} clientIds
   * @param {unknown} [callback]
   */
  sendMessage(text, broadcast, clientIds, callback) {
    const to = broadcast ? {} : { to: clientIds };
    return told(this.session.sendMessage(text, to), callback, response("Message is sent"));
  }

  /**
   * @param {unknown} data
   * @param {boolean} broadcast
   * @param {string[]} clientIds
   * @param {unknown} [callback]
   */
  sendUserData(data, broadcast, clientIds, callback) {
    const to = broadcast ? {} : { to: clientIds };
    return told(this.session.sendUserData(data, to), callback, response("Data is sent"));
  }

  /** @param {unknown} [callback] */
  startScreenShare(callback) {
    return told(this.session.shareScreen(), callback, response("Screen is shared"));
  }

  /** @param {unknown} [callback] */
  stopScreenShare(callback) {
    return told(this.session.stopScreenShare(), callback, response("Screen is shared no more"));
  }

  /** @param {Room} session */
  #listen(session) {
    this.#findStreams();
    session.on("room-disconnected", () => {
      this.status = DISCONNECTED;
      for (const stream of this.localStreams) stream.close();
    });
    session.on("local-tracks-changed", () => {
      for (const stream of this.localStreams) stream.follow(session);
    });
    session.on("active-talkers-updated", () => this.#talkers());
    session.on("slots-renewed", () => {
      this.#findStreams();
      this.#talkers();
    });
    for (const type of /** @type {(keyof typeof EVENTS)[]} */ (Object.keys(EVENTS))) {
      session.on(type, (event) => {
        const fields = EVENTS[type](/** @type {any} */ (event), session.clientId);
        if (fields !== null) this.dispatch(type, fields);
      });
    }
  }

  #findStreams() {
    const { videoSlots, audioSlots, screenSlots } = this.session;
    for (const slot of [...videoSlots, ...audioSlots, ...screenSlots]) {
      const known = this.#remote.get(streamId(slot));
      if (known === undefined) this.#remote.set(streamId(slot), new EnxRemoteStream(slot));
      else known.include(slot);
    }
  }

  /** Tells who talks, in which stream. */
  #talkers() {
    const { activeTalkers, videoSlots, audioSlots } = this.session;
    const slots = [...videoSlots, ...audioSlots];
    const activeList = activeTalkers.flatMap((participant) => {
      const { clientId, name } = participant;
      const slot = slots.find((candidate) => candidate.clientId === clientId);
      if (slot === undefined) return [];
      const mediatype = participant.track("camera") === null ? "audioonly" : "audiovideo";
      const videomuted = !participant.sends("camera");
      return [{ streamId: streamId(slot), clientId, name, mediatype, videomuted, reason: "user" }];
    });
    this.dispatch("active-talkers-updated", { active: true, activeList });
  }

  /**
   * Voices always come: they cost little.
   *
   * @param {EnxRemoteStream} stream
   * @param {boolean} picture whether its picture is of use
   */
  #show({ pictureSlot }, picture) {
    if (pictureSlot !== null) this.session.setMaxHeight(pictureSlot, picture ? null : 0);
  }

  /** @param {EnxLocalStream} stream is published here from now on */
  #take(stream) {
    stream.room = this;
    if (!this.localStreams.includes(stream)) this.localStreams.push(stream);
    stream.follow(this.session);
  }

  /** @param {EnxLocalStream} stream */
  async #publish(stream) {
    try {
      for (const device of DEVICES) {
        const request = stream.request(device);
        if (request === false || this.session.localTrack(device) !== null) continue;
        await this.session.publish(device, request);
        if (stream.muted.includes(device)) await this.session.mute(device);
      }
    } catch (error) {
      this.dispatch("stream-failed", { stream, ...callbackError(error) });
      throw error;
    }
    this.#take(stream);
    this.dispatch("stream-added", { stream });
  }

  /** @param {EnxLocalStream} stream */
  async #unpublish(stream) {
    for (const device of DEVICES) await this.session.unpublish(device);
    this.dispatch("stream-removed", { stream });
  }
}

// What the document has beside these is what `Room` has, callbacks included.
for (const name of Object.keys(CALLBACKS)) {
  /** @this {EnxRoom} @param {unknown[]} args */
  const value = function (...args) {
    return /** @type {any} */ (this.session)[name](...args);
  };
  Object.defineProperty(EnxRoom.prototype, name, { value, configurable: true, writable: true });
}

/** @param {EnxLocalStream | null} stream */
function joinOptions(stream) {
  if (stream === null) return {};
  const { name } = stream.getAttributes();
  return {
    audio: stream.request("microphone"),
    video: stream.request("camera"),
    muted: stream.muted,
    ...(typeof name === "string" ? { name } : {}),
  };
}

/**
 * Why a join failed, as handlers of that API look for it.
 *
 * @param {unknown} error
 */
export function joinError(error) {
  const { result, reason, msg } = callbackError(error);
  if (!(error instanceof MediaError)) return { type: reason, result, error: result, name: reason, msg };
  const { name, message } = /** @type {Error} */ (error.cause ?? error);
  return { type: "media-access-denied", result, error: result, name: reason, msg: { name, message } };
}
