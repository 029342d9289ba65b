/**
 * Which simulcast layers a camera of a given size sends in a room of a given quality.
 *
 * A browser sends three layers only from 960x540 upwards and two from 480x270; asked for more it leaves the *last*
 * out, which is the best one. So a smaller camera is given fewer layers, and its best is called `h` (or has no rid).
 */

import { scaleToFit } from "./quality.js";

/** @typedef {RTCRtpEncodingParameters} Encoding */
/** @typedef {import("./quality.js").Cap} Cap */

const THREE_LAYERS = 960 * 540;
const TWO_LAYERS = 480 * 270;

/** The rids in the order of an offer, lowest first. */
export const RIDS = ["q", "h", "f"];

/**
 * @param {number} width pixels
 * @param {number} height pixels
 * @returns {string[]} empty when simulcast is of no use
 */
export function ridsFor(width, height) {
  const pixels = width * height;
  if (pixels >= THREE_LAYERS) return RIDS.slice();
  return pixels >= TWO_LAYERS ? RIDS.slice(0, 2) : [];
}

/**
 * The encodings of a new sender.
 *
 * @param {number} width pixels
 * @param {number} height pixels
 * @param {Cap | null} [cap]
 * @returns {Encoding[]}
 */
export function cameraEncodings(width, height, cap = null) {
  const whole = scaleToFit(width, height, cap);
  const rids = ridsFor(width / whole, height / whole);
  if (rids.length === 0) return [layer(width, height, whole, cap)];
  return rids.map((rid, index) => ({ rid, ...layer(width, height, whole * 2 ** (rids.length - 1 - index), cap) }));
}

/**
 * What a sender's encodings become when its camera is changed for one of another size, or the room's quality becomes
 * known: the rids were negotiated and stay, the layers that the picture cannot fill are switched off.
 *
 * @param {readonly Encoding[]} encodings
 * @param {number} width pixels
 * @param {number} height pixels
 * @param {Cap | null} [cap]
 * @returns {Encoding[]}
 */
export function rescaledEncodings(encodings, width, height, cap = null) {
  const whole = scaleToFit(width, height, cap);
  const useful = Math.max(1, Math.min(encodings.length, ridsFor(width / whole, height / whole).length));
  return encodings.map((encoding, index) => ({
    ...encoding,
    active: index < useful,
    ...layer(width, height, whole * 2 ** Math.max(0, useful - 1 - index), cap),
  }));
}

/**
 * @param {number} width pixels of the camera
 * @param {number} height
 * @param {number} scale by which the picture is scaled down
 * @param {Cap | null} cap
 */
function layer(width, height, scale, cap) {
  const maxBitrate = atMost(layerBitrate(width / scale, height / scale), cap);
  return { scaleResolutionDownBy: scale, maxBitrate };
}

/**
 * Bits per second that a camera's picture of this size is worth.
 *
 * @param {number} width pixels
 * @param {number} height pixels
 */
export function layerBitrate(width, height) {
  const pixels = width * height;
  if (pixels > 1280 * 720 * 1.1) return 3_000_000;
  if (pixels > 960 * 540 * 1.1) return 1_700_000;
  if (pixels > 640 * 480 * 1.1) return 1_000_000;
  if (pixels > 480 * 270 * 1.1) return 600_000;
  return pixels > 240 * 135 * 1.1 ? 250_000 : 120_000;
}

const SCREEN_BITRATE = 2_500_000;

/**
 * A screen is sent once, sharp rather than fluent.
 *
 * @param {Cap | null} [cap]
 * @returns {Encoding[]}
 */
export function screenEncodings(cap = null) {
  return [{ maxBitrate: atMost(SCREEN_BITRATE, cap), maxFramerate: 30 }];
}

/**
 * @param {number} bitrate bits per second
 * @param {Cap | null} cap
 */
function atMost(bitrate, cap) {
  return Math.min(bitrate, cap?.bitrate ?? bitrate);
}
