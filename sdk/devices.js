/** Cameras, microphones and screens: opening them, listing them, and hearing of changes. */

import { MediaError, mediaError } from "./errors.js";

/** @typedef {import("./roomcast.d.ts").MediaRequest} MediaRequest */

/** @type {{microphone: MediaTrackConstraints, camera: MediaTrackConstraints}} what `true` stands for */
export const DEFAULT_CONSTRAINTS = {
  microphone: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  camera: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } },
};

/**
 * The constraints that a request stands for.
 *
 * @param {"microphone" | "camera"} source
 * @param {true | MediaTrackConstraints} request
 * @returns {MediaTrackConstraints}
 */
export function constraintsOf(source, request) {
  return { ...DEFAULT_CONSTRAINTS[source], ...(request === true ? {} : request) };
}

/**
 * Opens a microphone or a camera.
 *
 * @param {"microphone" | "camera"} source
 * @param {true | MediaTrackConstraints} [request]
 * @returns {Promise<MediaStreamTrack>}
 * @throws {MediaError} `insecure-context`, `permission-denied`, `device-not-found`, `device-in-use`, …
 */
export async function capture(source, request = true) {
  const tracks = await captureBoth(source === "microphone" ? { microphone: request } : { camera: request });
  return /** @type {MediaStreamTrack} */ (tracks[source]);
}

/**
 * Opens a microphone, a camera or both with a single question to the user.
 *
 * @param {{microphone?: true | MediaTrackConstraints, camera?: true | MediaTrackConstraints}} requests
 * @returns {Promise<{microphone?: MediaStreamTrack, camera?: MediaStreamTrack}>}
 * @throws {MediaError}
 */
export async function captureBoth({ microphone, camera }) {
  const source = camera === undefined ? "microphone" : "camera";
  const devices = mediaDevices(source);
  try {
    const stream = await devices.getUserMedia({
      audio: microphone === undefined ? false : constraintsOf("microphone", microphone),
      video: camera === undefined ? false : constraintsOf("camera", camera),
    });
    return { microphone: stream.getAudioTracks()[0], camera: stream.getVideoTracks()[0] };
  } catch (error) {
    throw mediaError(error, source);
  }
}

/**
 * Asks the user for a screen, a window or a tab.
 *
 * @param {DisplayMediaStreamOptions} [options]
 * @returns {Promise<MediaStreamTrack>}
 * @throws {MediaError} `permission-denied` also when the user closed the question
 */
export async function captureScreen(options = {}) {
  const devices = mediaDevices("screen");
  if (typeof devices.getDisplayMedia !== "function") {
    throw new MediaError("not-supported", "This browser cannot share a screen.", "screen");
  }
  try {
    const stream = await devices.getDisplayMedia({ video: { frameRate: { ideal: 15, max: 30 } }, ...options });
    return /** @type {MediaStreamTrack} */ (stream.getVideoTracks()[0]);
  } catch (error) {
    throw mediaError(error, "screen");
  }
}

/**
 * The devices there are. Names are empty until the user allowed one of them.
 *
 * @returns {Promise<{microphones: MediaDeviceInfo[], cameras: MediaDeviceInfo[], speakers: MediaDeviceInfo[]}>}
 */
export async function listDevices() {
  const all = (await globalThis.navigator?.mediaDevices?.enumerateDevices?.()) ?? [];
  /** @param {MediaDeviceKind} kind */
  const of = (kind) => all.filter((device) => device.kind === kind && device.deviceId !== "");
  return { microphones: of("audioinput"), cameras: of("videoinput"), speakers: of("audiooutput") };
}

/**
 * Calls back when a device was plugged in or taken away.
 *
 * @param {() => void} callback
 * @returns {() => void} stops watching
 */
export function watchDevices(callback) {
  const devices = globalThis.navigator?.mediaDevices;
  devices?.addEventListener?.("devicechange", callback);
  return () => devices?.removeEventListener?.("devicechange", callback);
}

/** @param {"microphone" | "camera" | "screen"} source */
function mediaDevices(source) {
  const devices = globalThis.navigator?.mediaDevices;
  if (devices !== undefined) return devices;
  const message =
    globalThis.isSecureContext === false
      ? "Browsers give a page the camera and microphone only over https or from localhost."
      : "This browser gives no access to cameras and microphones.";
  throw new MediaError(globalThis.isSecureContext === false ? "insecure-context" : "not-supported", message, source);
}
