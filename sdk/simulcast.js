/**
 * Which simulcast layers a camera of a given size sends.
 *
 * A browser sends three layers only from 960x540 upwards and two from 480x270; asked for more it leaves the *last*
 * out, which is the best one. So a smaller camera is given fewer layers, and its best is called `h` (or has no rid).
 */

/** @typedef {RTCRtpEncodingParameters} Encoding */

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
 * @returns {Encoding[]}
 */
export function cameraEncodings(width, height) {
  const rids = ridsFor(width, height);
  if (rids.length === 0) return [{ maxBitrate: layerBitrate(width, height) }];
  return rids.map((rid, index) => {
    const scale = 2 ** (rids.length - 1 - index);
    return { rid, scaleResolutionDownBy: scale, maxBitrate: layerBitrate(width / scale, height / scale) };
  });
}

/**
 * What a sender's encodings become when its camera is changed for one of another size: the rids were negotiated and
 * stay, the layers that the new camera cannot fill are switched off.
 *
 * @param {readonly Encoding[]} encodings
 * @param {number} width pixels
 * @param {number} height pixels
 * @returns {Encoding[]}
 */
export function rescaledEncodings(encodings, width, height) {
  const useful = Math.max(1, Math.min(encodings.length, ridsFor(width, height).length));
  return encodings.map((encoding, index) => {
    const scale = 2 ** Math.max(0, useful - 1 - index);
    return {
      ...encoding,
      active: index < useful,
      scaleResolutionDownBy: scale,
      maxBitrate: layerBitrate(width / scale, height / scale),
    };
  });
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

/** @type {Encoding[]} a screen is sent once, sharp rather than fluent */
export const SCREEN_ENCODINGS = [{ maxBitrate: 2_500_000, maxFramerate: 30 }];
