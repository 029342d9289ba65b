/**
 * Slots: the streams that this participant receives. Their number is fixed for the whole meeting, who is in them
 * changes. Audio slot k and video slot k share one MediaStream, so an element that plays it has picture and sound of
 * slot k in step.
 */

import { Emitter } from "./events.js";

/** @typedef {import("./participants.js").Participant} Participant */
/** @typedef {import("./peer.js").Peer} Peer */
/** @typedef {import("./protocol.d.ts").SlotInfo} SlotInfo */
/** @typedef {import("./protocol.d.ts").SlotUse} SlotUse */

/** @extends {Emitter<{changed: Slot}>} */
export class Slot extends Emitter {
  /** @readonly @type {SlotUse} */
  use;
  /** @readonly @type {number} */
  index;
  /** @type {string} the server's name for it */
  slotId;
  /** @type {string} */
  mid;
  /** The same for ever; its tracks are exchanged when the peer connection had to be. @readonly @type {MediaStream} */
  stream;
  /** @type {MediaStreamTrack | null} */
  mediaTrack = null;
  /** @type {string | null} */
  clientId = null;
  /** @type {string | null} */
  trackId = null;
  #find;

  /**
   * @param {SlotInfo} info
   * @param {MediaStream} stream
   * @param {(clientId: string) => Participant | undefined} find
   */
  constructor(info, stream, find) {
    super();
    this.use = info.use;
    this.index = info.index;
    this.slotId = info.slot_id;
    this.mid = info.mid;
    this.stream = stream;
    this.#find = find;
  }

  /** Who is in it now. @returns {Participant | null} */
  get participant() {
    return this.clientId === null ? null : (this.#find(this.clientId) ?? null);
  }

  /**
   * @param {MediaStreamTrack | null} mediaTrack
   */
  attach(mediaTrack) {
    if (mediaTrack === this.mediaTrack) return;
    if (this.mediaTrack !== null) this.stream.removeTrack(this.mediaTrack);
    if (mediaTrack !== null) this.stream.addTrack(mediaTrack);
    this.mediaTrack = mediaTrack;
  }
}

export class Slots {
  /** @type {Map<string, Slot>} by use and index */
  #slots = new Map();
  /** @type {Map<string, MediaStream>} */
  #streams = new Map();
  #find;

  /** @param {(clientId: string) => Participant | undefined} find */
  constructor(find) {
    this.#find = find;
  }

  /** @returns {Slot[]} */
  all() {
    return [...this.#slots.values()];
  }

  /**
   * @param {SlotUse} use
   * @returns {Slot[]} by index
   */
  of(use) {
    return this.all()
      .filter((slot) => slot.use === use)
      .sort((a, b) => a.index - b.index);
  }

  /**
   * Takes over what the server said of slots: new ones are made, known ones renamed.
   *
   * @param {readonly SlotInfo[]} infos
   * @returns {Slot[]} those that changed their owner
   */
  update(infos) {
    return infos.flatMap((info) => {
      const slot = this.#slotOf(info);
      slot.slotId = info.slot_id;
      slot.mid = info.mid ?? slot.mid;
      if (slot.clientId === info.client_id && slot.trackId === info.track_id) return [];
      slot.clientId = info.client_id;
      slot.trackId = info.track_id;
      return [slot];
    });
  }

  /** @param {Peer} peer gives every slot what its m-line receives */
  attach(peer) {
    for (const slot of this.#slots.values()) slot.attach(peer.received(slot.mid));
  }

  /**
   * Empties the slots of someone who left.
   *
   * @param {string} clientId
   * @returns {Slot[]}
   */
  vacate(clientId) {
    const left = this.all().filter((slot) => slot.clientId === clientId);
    for (const slot of left) {
      slot.clientId = null;
      slot.trackId = null;
    }
    return left;
  }

  /** @param {SlotInfo} info */
  #slotOf(info) {
    const key = `${info.use} ${info.index}`;
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    const streamKey = info.use === "screen" ? key : `person ${info.index}`;
    const stream = this.#streams.get(streamKey) ?? new MediaStream();
    this.#streams.set(streamKey, stream);
    const slot = new Slot(info, stream, this.#find);
    this.#slots.set(key, slot);
    return slot;
  }
}
