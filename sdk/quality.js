/**
 * What the quality of a room allows to send, as docs/protocol.md has it. The server withholds what exceeds it: sent
 * nevertheless, it would cost bandwidth and be shown to nobody.
 */

/**
 * @typedef {object} Cap
 * @property {number} bitrate bits per second of one layer
 * @property {{long: number, short: number}} [sides] pixels of the picture, whichever way it is turned; any without
 */

/** @type {Readonly<Record<string, {camera: Cap, screen: Cap}>>} */
const CAPS = {
  LD: { camera: { sides: { long: 640, short: 360 }, bitrate: 600_000 }, screen: { bitrate: 1_500_000 } },
  SD: { camera: { sides: { long: 640, short: 480 }, bitrate: 1_000_000 }, screen: { bitrate: 2_500_000 } },
  HD: { camera: { sides: { long: 1280, short: 720 }, bitrate: 2_500_000 }, screen: { bitrate: 4_000_000 } },
};

/**
 * @param {unknown} quality of the room's settings
 * @param {import("./protocol.d.ts").Source} source
 * @returns {Cap | null} null for sound, and for a quality that this version does not know
 */
export function capOf(quality, source) {
  if (source === "microphone") return null;
  return CAPS[String(quality)]?.[source === "screen" ? "screen" : "camera"] ?? null;
}

/**
 * By how much a picture has to be scaled down.
 *
 * @param {number} width pixels
 * @param {number} height pixels
 * @param {Cap | null} cap
 * @returns {number} 1 where it fits as it is
 */
export function scaleToFit(width, height, cap) {
  if (cap?.sides === undefined) return 1;
  return Math.max(1, Math.max(width, height) / cap.sides.long, Math.min(width, height) / cap.sides.short);
}
