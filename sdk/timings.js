/**
 * When the steps of a join happened, in milliseconds since `Roomcast.join` was called.
 *
 * @typedef {"webSocketOpened" | "captured" | "offerReady" | "joinSent" | "answered" | "connected" | "firstFrame"} Step
 */
export class Timings {
  #start = performance.now();

  /** The socket is open. @type {number | undefined} */
  webSocketOpened;
  /** Camera and microphone are open (when the SDK opens them). @type {number | undefined} */
  captured;
  /** The offer is built. @type {number | undefined} */
  offerReady;
  /** The join request, with the offer in it, is on its way. @type {number | undefined} */
  joinSent;
  /** The answer is applied. @type {number | undefined} */
  answered;
  /** The peer connection is connected. @type {number | undefined} */
  connected;
  /** The first frame of someone else's picture is decoded. @type {number | undefined} */
  firstFrame;

  /** @param {Step} step only its first time counts */
  mark(step) {
    this[step] ??= performance.now() - this.#start;
  }
}
