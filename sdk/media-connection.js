/**
 * The media connection of one participant: a peer connection that is negotiated, one negotiation at a time, and
 * repaired when it breaks: first by an ICE restart, which keeps its keys, then by a new peer connection.
 */

import { RoomClosedError, RoomcastError } from "./errors.js";
import { Emitter } from "./events.js";
import { onFirstFrame } from "./first-frame.js";
import { Peer } from "./peer.js";

/** @typedef {import("./local-track.js").LocalTrack} LocalTrack */
/** @typedef {import("./protocol.d.ts").NegotiateResult} NegotiateResult */
/** @typedef {import("./protocol.d.ts").TrackInfo} TrackInfo */
/**
 * @typedef {object} MediaEvents
 * @property {null} state `state` may have changed
 * @property {null} lost
 * @property {null} restored
 * @property {null} renewed a new peer connection took over
 * @property {{track: LocalTrack, reason: string}} refused the server does not let this participant publish it
 * @property {import("./slots.js").Slot[]} assigned slots that changed their owner
 */
/**
 * @typedef {object} MediaOptions
 * @property {(method: string, params: Record<string, unknown>) => Promise<any>} request
 * @property {import("./publishing.js").Publishing} publishing
 * @property {import("./slots.js").Slots} slots
 * @property {import("./timings.js").Timings} timings
 * @property {import("./roomcast.d.ts").JoinOptions} options
 */

const DEFAULT_SLOTS = { audio: 5, video: 16, screen: 2 };
/** ICE recovers by itself from short gaps; a restart before that would only disturb it. */
const DISCONNECTED_PATIENCE_MS = 2_500;
const CONNECT_TIMEOUT_MS = 10_000;
const REPAIR_DELAYS_MS = [0, 500, 1000, 2000, 4000];

/** @extends {Emitter<MediaEvents>} */
export class MediaConnection extends Emitter {
  #media;
  /** @type {Peer} */
  #peer;
  /** @type {Promise<unknown>} the negotiation under way */
  #negotiations = Promise.resolve();
  /** @type {RTCIceServer[]} */
  #iceServers = [];
  /** The server may know of an offer that was taken back here. */
  #unsettled = false;
  #repairing = false;
  /** Whether there was ever a media connection that can be lost. */
  #begun = false;
  /** The server forgot the peer connection: only a new one will do. */
  #forgotten = false;
  #closed = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #patience;
  /** Fails the attempt to repair that is under way. @type {() => void} */
  #interrupt = () => {};
  /** @type {() => void} */
  #stopProbe = () => {};

  /** @param {MediaOptions} media */
  constructor(media) {
    super();
    this.#media = media;
    this.#peer = this.#newPeer();
  }

  get state() {
    if (this.#repairing && this.#begun) return "reconnecting";
    return this.#peer.connection.connectionState === "connected" ? "connected" : "connecting";
  }

  getStats() {
    return this.#peer.connection.getStats();
  }

  /** The offer that goes with the join. */
  firstOffer() {
    return this.#peer.offer();
  }

  /**
   * What the server answered to the first offer.
   *
   * @param {NegotiateResult} result
   * @param {readonly (string | RTCIceServer)[]} iceServers
   */
  async start(result, iceServers) {
    this.#begun = true;
    this.#iceServers = iceServers.map((server) => (typeof server === "string" ? { urls: server } : server));
    this.#useIceServers(this.#peer);
    await this.#apply(this.#peer, result);
  }

  /** @param {LocalTrack} track */
  publish(track) {
    return this.#negotiate((peer) => peer.publish(track));
  }

  /** @param {LocalTrack} track */
  unpublish(track) {
    return this.#negotiate((peer) => peer.unpublish(track));
  }

  /** The server has no media of this participant: it is gone, or they were let in only now. */
  renew() {
    this.#forgotten = true;
    this.#interrupt();
    this.#repair();
  }

  /** The signalling connection is back: makes good what its loss interrupted. */
  settle() {
    const { connectionState } = this.#peer.connection;
    if (connectionState === "disconnected" || connectionState === "failed") this.#repair();
    else if (this.#unsettled) this.#negotiate(() => {}).catch(() => {}); // it stays unsettled until the next time
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#patience);
    this.#interrupt();
    this.#stopProbe();
    this.#peer.close();
  }

  #newPeer() {
    const { options, publishing } = this.#media;
    const peer = new Peer({ videoCodec: options.videoCodec });
    this.#useIceServers(peer);
    for (const track of publishing.all()) peer.publish(track);
    const slots = { ...DEFAULT_SLOTS, ...options.slots };
    peer.addSlots("audio", slots.audio);
    peer.addSlots("video", slots.video, options.maxHeight ?? null);
    peer.addSlots("screen", slots.screen);
    peer.connection.addEventListener("connectionstatechange", () => this.#stateChanged(peer));
    return peer;
  }

  /** @param {Peer} peer */
  #useIceServers(peer) {
    if (this.#iceServers.length === 0) return;
    peer.connection.setConfiguration({ bundlePolicy: "max-bundle", iceServers: this.#iceServers });
  }

  /**
   * @param {(peer: Peer) => void} change what the offer is to bring
   */
  #negotiate(change) {
    const result = this.#negotiations.then(async () => {
      const peer = this.#peer;
      change(peer);
      await this.#exchange(peer);
    });
    this.#negotiations = result.catch(() => {});
    return result;
  }

  /**
   * @param {Peer} peer
   * @param {{isNew?: boolean}} [options]
   */
  async #exchange(peer, { isNew = false } = {}) {
    if (this.#closed) throw new RoomClosedError("left");
    const { offer, media } = await peer.offer();
    /** @type {NegotiateResult} */
    let result;
    try {
      result = await this.#media.request("negotiate", { offer, media });
    } catch (error) {
      this.#unsettled = true;
      if (!this.#closed) await peer.rollback();
      throw error;
    }
    this.#unsettled = false;
    // Whatever the server said until now of a lost connection was about the one before: closing that is a loss, too.
    if (isNew) this.#forgotten = false;
    await this.#apply(peer, result);
  }

  /**
   * @param {Peer} peer
   * @param {NegotiateResult} result
   */
  async #apply(peer, result) {
    if (this.#closed) return;
    const { publishing, slots, timings } = this.#media;
    const assigned = slots.update(result.slots);
    await peer.accept(result.answer);
    const fitted = publishing.fit(); // before there are keys, so that nothing too large ever goes out
    slots.attach(peer);
    for (const track of publishing.all()) track.trackId = trackIdOf(track, result.tracks);
    timings.mark("answered");
    for (const { track, mid } of peer.refused()) {
      const reason = result.refused?.find((entry) => entry.mid === mid)?.reason ?? "refused";
      peer.unpublish(track);
      this.emit("refused", { track, reason });
    }
    if (assigned.length > 0) this.emit("assigned", assigned);
    this.watchFirstFrame();
    await fitted;
  }

  /** Notes the time of the first picture, as soon as somebody is in a slot. */
  watchFirstFrame() {
    const { slots, timings } = this.#media;
    if (timings.firstFrame !== undefined) return;
    const filled = [...slots.of("video"), ...slots.of("screen")].find((slot) => slot.clientId !== null);
    if (filled === undefined || filled.mediaTrack === null) return;
    this.#stopProbe();
    this.#stopProbe = onFirstFrame(filled.mediaTrack, () => timings.mark("firstFrame"));
  }

  /** @param {Peer} peer */
  #stateChanged(peer) {
    if (peer !== this.#peer || this.#closed) return;
    clearTimeout(this.#patience);
    const state = peer.connection.connectionState;
    if (state === "connected") this.#media.timings.mark("connected");
    this.emit("state", null);
    if (state === "failed") this.#repair();
    if (state === "disconnected") this.#patience = setTimeout(() => this.#repair(), DISCONNECTED_PATIENCE_MS);
  }

  #repair() {
    if (this.#closed || this.#repairing) return;
    this.#repairing = true;
    if (this.#begun) this.emit("lost", null);
    this.#repaired().then(
      () => {
        this.#repairing = false;
        this.#begun = true;
        this.emit("restored", null);
      },
      () => {}, // closed meanwhile: there is nothing to restore
    );
  }

  /** Tries until it is done. @throws {RoomClosedError} */
  async #repaired() {
    for (let attempt = 0; ; attempt++) {
      await pause(/** @type {number} */ (REPAIR_DELAYS_MS[Math.min(attempt, REPAIR_DELAYS_MS.length - 1)]));
      if (this.#closed) throw new RoomClosedError("left");
      try {
        if (this.#forgotten || attempt > 0) await this.#replace();
        else await this.#negotiate((peer) => peer.connection.restartIce());
        if (!this.#forgotten) await this.#connected();
        if (!this.#forgotten) return;
      } catch (error) {
        if (this.#closed) throw error;
        console.debug("roomcast: the media connection is not back yet:", error);
      }
    }
  }

  /** A new peer connection in the place of the old one. */
  #replace() {
    const result = this.#negotiations.then(async () => {
      this.#peer.close();
      this.#peer = this.#newPeer();
      await this.#exchange(this.#peer, { isNew: true });
      this.emit("renewed", null);
    });
    this.#negotiations = result.catch(() => {});
    return result;
  }

  /** Resolves when the peer connection is connected. */
  #connected() {
    const { connection } = this.#peer;
    return /** @type {Promise<void>} */ (
      new Promise((resolve, reject) => {
        const finish = (/** @type {() => void} */ settle) => {
          clearTimeout(timer);
          connection.removeEventListener("connectionstatechange", check);
          this.#interrupt = () => {};
          settle();
        };
        const fail = () => finish(() => reject(new RoomcastError("media-failed", "No media connection came about.")));
        const check = () => {
          if (connection.connectionState === "connected") finish(resolve);
          if (connection.connectionState === "failed") fail();
        };
        const timer = setTimeout(fail, CONNECT_TIMEOUT_MS);
        this.#interrupt = fail;
        connection.addEventListener("connectionstatechange", check);
        // A restart leaves "failed" only a moment later: what counts now is only whether it is connected already.
        if (connection.connectionState === "connected") finish(resolve);
      })
    );
  }
}

/**
 * @param {LocalTrack} track
 * @param {readonly TrackInfo[]} infos
 */
function trackIdOf(track, infos) {
  const mid = track.transceiver?.mid ?? null;
  const info =
    infos.find((candidate) => candidate.mid !== undefined && candidate.mid === mid) ??
    infos.find((candidate) => candidate.source === track.source);
  return info?.track_id ?? null;
}

/** @param {number} delay milliseconds */
function pause(delay) {
  return new Promise((resolve) => setTimeout(resolve, delay));
}
