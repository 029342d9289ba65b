/** Keeps a phone's screen on during a meeting. */

export class WakeLock {
  /** @type {WakeLockSentinel | null} */
  #lock = null;
  #released = false;
  #visible = () => {
    if (!document.hidden) this.#acquire();
  };

  constructor() {
    // The browser takes the lock away whenever the page is hidden.
    document.addEventListener("visibilitychange", this.#visible);
    this.#acquire();
  }

  release() {
    this.#released = true;
    document.removeEventListener("visibilitychange", this.#visible);
    this.#lock?.release().catch(() => {}); // taken away already
  }

  async #acquire() {
    try {
      const lock = await navigator.wakeLock?.request("screen");
      if (this.#released) await lock?.release();
      else this.#lock = lock ?? null;
    } catch {
      // Refused, to save the battery for instance: the screen then follows the system's settings.
    }
  }
}
