/** Tells the server the largest picture each slot can use, many changes in one message. */

const COLLECT_MS = 150;

/** @typedef {import("./slots.js").Slot} Slot */

export class HeightLimits {
  /** @type {(maxHeights: Record<string, number | null>) => Promise<unknown>} */
  #send;
  /** What was asked for. @type {Map<Slot, number | null>} */
  #wanted = new Map();
  /** What is still to be told. @type {Set<Slot>} */
  #changed = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {(maxHeights: Record<string, number | null>) => Promise<unknown>} send */
  constructor(send) {
    this.#send = send;
  }

  /**
   * @param {Slot} slot
   * @param {number | null} height pixels; null for the best there is, 0 for no picture at all
   */
  set(slot, height) {
    const wanted = height === null ? null : Math.max(0, Math.round(height));
    if (this.#wanted.has(slot) && this.#wanted.get(slot) === wanted) return;
    this.#wanted.set(slot, wanted);
    this.#changed.add(slot);
    this.#timer ??= setTimeout(() => this.#flush(), COLLECT_MS);
  }

  /** Tells everything again: the server's slots are new, or it may have missed something. */
  repeat() {
    for (const slot of this.#wanted.keys()) this.#changed.add(slot);
    if (this.#changed.size > 0) this.#timer ??= setTimeout(() => this.#flush(), COLLECT_MS);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#changed.clear();
  }

  #flush() {
    this.#timer = undefined;
    /** @type {Record<string, number | null>} */
    const maxHeights = {};
    for (const slot of this.#changed) maxHeights[slot.slotId] = this.#wanted.get(slot) ?? null;
    const told = [...this.#changed];
    this.#changed.clear();
    // A limit that did not arrive only costs bandwidth: it goes with the next change or resumption.
    this.#send(maxHeights).catch(() => told.forEach((slot) => this.#changed.add(slot)));
  }
}
