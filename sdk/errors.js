/**
 * The errors of the SDK.
 *
 *     RoomcastError            everything below; `reason` is a stable word for programs, `message` a sentence for people
 *     ├── ConnectionError      the server could not be reached, did not answer in time, or the connection was lost
 *     ├── RequestError         the server answered a request with an error; `code` is the JSON-RPC code
 *     ├── MediaError           a camera, microphone or screen could not be opened; `source` says which
 *     └── RoomClosedError      something was asked of a room that was left or ended
 */

export class RoomcastError extends Error {
  /**
   * @param {string} reason
   * @param {string} message
   * @param {{cause?: unknown}} [options]
   */
  constructor(reason, message, options) {
    super(message, options);
    this.name = new.target.name;
    /** @readonly */
    this.reason = reason;
  }
}

export class ConnectionError extends RoomcastError {}

export class RequestError extends RoomcastError {
  /**
   * @param {string} reason
   * @param {string} message
   * @param {number} code the JSON-RPC error code
   */
  constructor(reason, message, code) {
    super(reason, message);
    /** @readonly */
    this.code = code;
  }
}

export class MediaError extends RoomcastError {
  /**
   * @param {string} reason
   * @param {string} message
   * @param {import("./roomcast.d.ts").Source} source
   * @param {{cause?: unknown}} [options]
   */
  constructor(reason, message, source, options) {
    super(reason, message, options);
    /** @readonly */
    this.source = source;
  }
}

export class RoomClosedError extends RoomcastError {
  /** @param {string} reason why the room was closed */
  constructor(reason) {
    super(reason, "This room was left or has ended.");
  }
}

const NAMES = { microphone: "microphone", camera: "camera", screen: "screen", canvas: "canvas" };

/**
 * The error of `getUserMedia` or `getDisplayMedia` (a DOMException) as a MediaError.
 *
 * @param {unknown} error
 * @param {import("./roomcast.d.ts").Source} source
 * @returns {MediaError}
 */
export function mediaError(error, source) {
  if (error instanceof MediaError) return error;
  const name = NAMES[source];
  const domName = error instanceof Error ? error.name : "";
  const [reason, message] = describe(domName, name);
  return new MediaError(reason, message, source, { cause: error });
}

/**
 * @param {string} domName the `name` of the DOMException
 * @param {string} name
 * @returns {[string, string]}
 */
function describe(domName, name) {
  switch (domName) {
    case "NotAllowedError":
    case "SecurityError":
      return ["permission-denied", `The browser was not allowed to use the ${name}.`];
    case "NotFoundError":
      return ["device-not-found", `No ${name} was found.`];
    case "OverconstrainedError":
      return ["constraints-not-met", `No ${name} can do what was asked for.`];
    case "NotReadableError":
    case "AbortError":
      return ["device-in-use", `The ${name} could not be started; another program may be using it.`];
    default:
      return ["device-failed", `The ${name} could not be started.`];
  }
}
