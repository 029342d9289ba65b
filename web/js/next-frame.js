/** Draws with the next frame, once, however often it is asked to until then. */
export class NextFrame {
  #draw;
  #request = 0;
  #stopped = false;

  /** @param {() => void} draw */
  constructor(draw) {
    this.#draw = draw;
  }

  ask() {
    if (this.#stopped || this.#request !== 0) return;
    this.#request = requestAnimationFrame(() => {
      this.#request = 0;
      this.#draw();
    });
  }

  /** Nothing is drawn from now on. */
  stop() {
    this.#stopped = true;
    cancelAnimationFrame(this.#request);
  }
}
