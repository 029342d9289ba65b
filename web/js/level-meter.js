/** How loud a microphone is, as a bar. */

export class LevelMeter {
  #element;
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {MediaStreamAudioSourceNode | null} */
  #source = null;
  #frame = 0;
  #shown = 0;

  /** @param {HTMLElement} element whose `--level` goes from 0 to 1 */
  constructor(element) {
    this.#element = element;
  }

  /** @param {MediaStreamTrack | null} track */
  show(track) {
    this.stop();
    if (track === null || track.readyState === "ended") return;
    const context = (this.#context ??= new AudioContext());
    // Browsers start sound only after a click or a key.
    if (context.state === "suspended") context.resume().catch(() => {});
    const analyser = context.createAnalyser();
    analyser.fftSize = 512;
    this.#source = context.createMediaStreamSource(new MediaStream([track]));
    this.#source.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const draw = () => {
      analyser.getFloatTimeDomainData(samples);
      this.#draw(track.enabled ? loudness(samples) : 0);
      this.#frame = requestAnimationFrame(draw);
    };
    draw();
  }

  /** Lets the browser play, once the user has clicked somewhere. */
  wake() {
    if (this.#context?.state === "suspended") this.#context.resume().catch(() => {});
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    this.#source?.disconnect();
    this.#source = null;
    this.#draw(0);
  }

  close() {
    this.stop();
    this.#context?.close().catch(() => {});
    this.#context = null;
  }

  /** @param {number} level */
  #draw(level) {
    // Up at once, down slowly, as the eye expects.
    this.#shown = Math.max(level, this.#shown * 0.88);
    this.#element.style.setProperty("--level", this.#shown.toFixed(3));
  }
}

/**
 * @param {Float32Array} samples
 * @returns {number} 0 for silence (-60 dB), 1 for loud speech (-10 dB)
 */
export function loudness(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const decibels = 10 * Math.log10(sum / Math.max(1, samples.length) + 1e-12);
  return Math.min(1, Math.max(0, (decibels + 60) / 50));
}
