/**
 * One RTCPeerConnection: what is published goes out on sendonly m-lines, slots come in on recvonly ones, and this
 * side always offers. The server is ICE-lite and tells its candidates in the answer, so none need be sent or awaited.
 */

import { withAudioRepair } from "./audio-repair.js";
import { makeLean } from "./lean-offer.js";

/** @typedef {import("./local-track.js").LocalTrack} LocalTrack */
/** @typedef {import("./protocol.d.ts").MediaEntry} MediaEntry */
/** @typedef {import("./protocol.d.ts").SlotUse} SlotUse */

export class Peer {
  /** @readonly */
  connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  /** @type {Map<RTCRtpTransceiver, {use: SlotUse, maxHeight: number | null}>} in the order of the offer */
  #slots = new Map();
  /** @type {Map<RTCRtpTransceiver, LocalTrack>} */
  #published = new Map();
  /** A refused m-line takes its mid from its transceiver. @type {Map<RTCRtpTransceiver, string>} */
  #mids = new Map();
  #videoCodec;

  /** @param {{videoCodec?: string}} [options] the codec in which cameras and screens are sent */
  constructor({ videoCodec = "VP8" } = {}) {
    this.#videoCodec = videoCodec;
  }

  /**
   * @param {SlotUse} use
   * @param {number} count
   * @param {number | null} [maxHeight] pixels
   */
  addSlots(use, count, maxHeight = null) {
    const kind = use === "audio" ? "audio" : "video";
    for (let index = 0; index < count; index++) {
      const transceiver = this.connection.addTransceiver(kind, { direction: "recvonly" });
      makeLean(transceiver, kind, "receive");
      this.#slots.set(transceiver, { use, maxHeight });
    }
  }

  /** @param {LocalTrack} track */
  publish(track) {
    const { encodings } = track;
    const transceiver = this.connection.addTransceiver(track.ended ? track.kind : track.mediaTrack, {
      direction: "sendonly",
      ...(encodings === null ? {} : { sendEncodings: encodings }),
    });
    makeLean(transceiver, track.kind, "send", this.#videoCodec);
    this.#published.set(transceiver, track);
    track.transceiver = transceiver;
  }

  /** @param {LocalTrack} track */
  unpublish(track) {
    const transceiver = track.transceiver;
    if (transceiver === null) return;
    track.transceiver = null;
    this.#published.delete(transceiver);
    transceiver.stop();
  }

  /**
   * An offer, which is from now on the local description.
   *
   * @returns {Promise<{offer: string, media: MediaEntry[]}>}
   */
  async offer() {
    const description = await this.connection.createOffer();
    let sdp = withAudioRepair(/** @type {string} */ (description.sdp));
    try {
      await this.connection.setLocalDescription({ type: "offer", sdp });
    } catch {
      // A browser that has no offer changed: better without repair than without sound.
      sdp = /** @type {string} */ (description.sdp);
      await this.connection.setLocalDescription(description);
    }
    for (const transceiver of this.#published.keys()) {
      if (transceiver.mid !== null) this.#mids.set(transceiver, transceiver.mid);
    }
    return { offer: sdp, media: this.#media() };
  }

  /** @param {string} sdp */
  async accept(sdp) {
    await this.connection.setRemoteDescription({ type: "answer", sdp });
  }

  /** Takes the last offer back. */
  async rollback() {
    if (this.connection.signalingState === "have-local-offer") {
      await this.connection.setLocalDescription({ type: "rollback" });
    }
  }

  /**
   * What this m-line receives.
   *
   * @param {string} mid
   * @returns {MediaStreamTrack | null}
   */
  received(mid) {
    const transceiver = this.connection.getTransceivers().find((candidate) => candidate.mid === mid);
    return transceiver === undefined ? null : transceiver.receiver.track;
  }

  /** What the server did not take. @returns {{track: LocalTrack, mid: string}[]} */
  refused() {
    return [...this.#published].flatMap(([transceiver, track]) => {
      const mid = this.#mids.get(transceiver);
      return mid === undefined || transceiver.currentDirection === "sendonly" ? [] : [{ track, mid }];
    });
  }

  close() {
    for (const track of this.#published.values()) track.transceiver = null;
    this.#published.clear();
    this.connection.close();
  }

  /** @returns {MediaEntry[]} */
  #media() {
    /** @type {MediaEntry[]} */
    const entries = [];
    for (const [transceiver, track] of this.#published) {
      if (transceiver.mid !== null) entries.push({ mid: transceiver.mid, use: track.source, muted: track.muted });
    }
    for (const [transceiver, { use, maxHeight }] of this.#slots) {
      if (transceiver.mid === null || transceiver.currentDirection === "stopped") continue;
      const entry = { mid: transceiver.mid, use: /** @type {const} */ (`${use}-slot`) };
      entries.push(maxHeight === null ? entry : { ...entry, max_height: maxHeight });
    }
    return entries;
  }
}
