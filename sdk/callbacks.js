/**
 * Callbacks beside promises: a function as the last argument of these methods is told the outcome, too, in the shape
 * that code written to the published document of session management expects.
 */

/** @typedef {import("./roomcast.d.ts").CallbackError} CallbackError */
/**
 * @typedef {object} Shape what a callback gets as its first argument; the second is the error, if there is one
 * @property {(value: any) => unknown} succeeded of what the promise resolves to
 * @property {(error: CallbackError) => unknown} failed
 */

/**
 * `(result, error)`: one of them is undefined.
 *
 * @param {unknown} result
 * @returns {Shape}
 */
export const either = (result) => ({ succeeded: () => result, failed: () => undefined });

/**
 * `(response)`: its `result` is 0, or the error's code.
 *
 * @param {string} msg
 * @param {(value: any) => object} [fields] what else it holds
 * @returns {Shape}
 */
export const response = (msg, fields = () => ({})) => ({
  succeeded: (value) => ({ result: 0, msg, ...fields(value) }),
  failed: ({ result, msg }) => ({ result, msg }),
});

/** @param {number} resultCode */
const status = (resultCode) => ({ data: { status: { resultCode } } });
/** @type {Shape} */
const STATUS = { succeeded: () => status(0), failed: ({ result }) => status(result) };

const CLIENTS = (/** @type {string[]} */ clients) => ({ clients });

/** @type {Readonly<Record<string, Shape>>} by the method */
export const CALLBACKS = {
  startRecord: either(0),
  stopRecord: either(0),
  startLiveRecording: STATUS,
  stopLiveRecording: STATUS,
  hardMute: either({ result: 0, msg: "Room is muted" }),
  hardUnmute: either({ result: 0, msg: "Room is un-muted" }),
  hardMuteUserAudio: response("Audio is muted"),
  hardMuteUserVideo: response("Video is muted"),
  hardUnmuteUserAudio: response("Audio is un-muted"),
  hardUnmuteUserVideo: response("Video is un-muted"),
  lock: response("Room is locked"),
  unlock: response("Room is unlocked"),
  approveAwaitedUser: either({ result: 0, msg: "User is approved" }),
  denyAwaitedUser: either({ result: 0, msg: "User is denied" }),
  switchRoomMode: response("Room mode is switched"),
  dropUser: response("User is dropped"),
  destroy: response("Session is ended"),
  switchUserRole: response("Role is switched"),
  extendConferenceDuration: response("Session is extended", (extendedTime) => ({ extendedTime })),
  pinUsers: response("Users are pinned", CLIENTS),
  unpinUsers: response("Users are unpinned", CLIENTS),
  addSpotlightUsers: response("Users are in the spotlight", CLIENTS),
  removeSpotlightUsers: response("Users are out of the spotlight", CLIENTS),
  requestFloor: response("Floor is requested"),
  cancelFloor: response("Floor request is cancelled"),
  finishFloor: response("Floor is given back"),
  grantFloor: response("Floor is granted"),
  denyFloor: response("Floor is denied"),
  releaseFloor: response("Floor is released"),
  inviteToFloor: response("User is invited to the floor"),
};

/**
 * Lets all of these methods take a callback as their last argument. They return their promise all the same; who gives
 * a callback need not look at it.
 *
 * @param {object} prototype of a class that has them
 */
export function acceptCallbacks(prototype) {
  const methods = /** @type {Record<string, (...args: unknown[]) => Promise<unknown>>} */ (prototype);
  for (const [name, shape] of Object.entries(CALLBACKS)) {
    const method = /** @type {(...args: unknown[]) => Promise<unknown>} */ (methods[name]);
    /** @this {unknown} @param {unknown[]} args */
    const value = function (...args) {
      const callback = args.at(-1);
      if (typeof callback !== "function") return method.apply(this, args);
      return told(method.apply(this, args.slice(0, -1)), callback, shape);
    };
    Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  }
}

/**
 * Tells a callback, if there is one, what becomes of a promise.
 *
 * @template Result
 * @param {Promise<Result>} outcome
 * @param {unknown} callback
 * @param {Shape} shape
 * @returns {Promise<Result>} the same; with a callback its failure counts as handled
 */
export function told(outcome, callback, shape) {
  if (typeof callback !== "function") return outcome;
  outcome.then(
    (value) => callback(shape.succeeded(value)),
    (error) => callback(shape.failed(callbackError(error)), callbackError(error)),
  );
  return outcome;
}

/**
 * What callbacks are told of an error.
 *
 * @param {unknown} error
 * @returns {CallbackError} `result` is never 0: the JSON-RPC code of a refusal, -1 for what has none
 */
export function callbackError(error) {
  const { code, reason, message } = /** @type {{code?: number, reason?: string, message?: string}} */ (error);
  return { result: code ?? -1, reason: reason ?? "failed", msg: message ?? "It failed." };
}
