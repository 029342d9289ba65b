/**
 * Lean offers. Chromium's default offer names some forty payload types and fifteen header extensions per m-line;
 * with 23 slots that is 100 KB, and reading it costs the join more time than everything else that can be saved.
 */

/** @typedef {"send" | "receive"} Direction */
/** @typedef {{mimeType: string, clockRate?: number, channels?: number, sdpFmtpLine?: string}} CodecLike */

/** What other clients may send us: one format of each codec. */
const RECEIVED_VIDEO = ["vp8", "vp9", "h264", "av1"];

const BASE = "urn:ietf:params:rtp-hdrext:";
const EXTENSIONS = {
  mid: `${BASE}sdes:mid`,
  rid: `${BASE}sdes:rtp-stream-id`,
  repairedRid: `${BASE}sdes:repaired-rtp-stream-id`,
  audioLevel: `${BASE}ssrc-audio-level`,
  orientation: "urn:3gpp:video-orientation",
  absSendTime: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
  transportWide: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
  dependency: "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
};

/**
 * The codecs worth offering, the preferred first.
 *
 * @template {CodecLike} Codec
 * @param {readonly Codec[]} codecs what the browser can do
 * @param {"audio" | "video"} kind
 * @param {Direction} direction
 * @param {string} [preferred] video codec to send, such as "VP8"
 * @returns {Codec[]}
 */
export function leanCodecs(codecs, kind, direction, preferred = "VP8") {
  if (kind === "audio") {
    const names = direction === "send" ? ["opus"] : ["opus", "red"];
    return names.flatMap((name) => codecs.filter((codec) => named(codec, name)).slice(0, 1));
  }
  // VP8 is what every browser can decode: who sends something else offers it too.
  const wanted = direction === "send" ? [...new Set([preferred.toLowerCase(), "vp8"])] : RECEIVED_VIDEO;
  const formats = wanted.flatMap((name) => codecs.filter((codec) => named(codec, name) && usual(codec)).slice(0, 1));
  return formats.length === 0 ? [] : [...formats, ...codecs.filter((codec) => named(codec, "rtx")).slice(0, 1)];
}

/**
 * @param {CodecLike} codec
 * @param {string} name in lower case
 */
function named(codec, name) {
  return codec.mimeType.toLowerCase().split("/")[1] === name;
}

/**
 * Whether this is the format of its codec that everybody else offers too: VP9 and AV1 profile 0, H.264 constrained
 * baseline with packetization mode 1.
 *
 * @param {CodecLike} codec
 */
function usual(codec) {
  const format = (codec.sdpFmtpLine ?? "").toLowerCase();
  if (named(codec, "vp9")) return !/profile-id=[1-9]/.test(format);
  if (named(codec, "av1")) return !/profile=[1-9]/.test(format);
  if (named(codec, "h264")) return format.includes("packetization-mode=1") && format.includes("profile-level-id=42e0");
  return true;
}

/**
 * The header extensions with those switched off that the server makes no use of.
 *
 * @template {{uri: string, direction: string}} Extension
 * @param {readonly Extension[]} extensions
 * @param {"audio" | "video"} kind
 * @param {Direction} direction
 * @returns {Extension[]}
 */
export function leanExtensions(extensions, kind, direction) {
  /** @type {string[]} */
  const wanted = [EXTENSIONS.mid, EXTENSIONS.absSendTime, EXTENSIONS.transportWide];
  if (kind === "audio" && direction === "send") wanted.push(EXTENSIONS.audioLevel);
  if (kind === "video") wanted.push(EXTENSIONS.orientation);
  if (kind === "video" && direction === "send") wanted.push(EXTENSIONS.rid, EXTENSIONS.repairedRid);
  // AV1 with spatial layers cannot be decoded without it; others may send that, this SDK does not.
  if (kind === "video" && direction === "receive") wanted.push(EXTENSIONS.dependency);
  return extensions.map((extension) =>
    wanted.includes(extension.uri) ? extension : { ...extension, direction: "stopped" },
  );
}

/**
 * Makes what this transceiver offers lean, as far as the browser lets us.
 *
 * @param {RTCRtpTransceiver} transceiver
 * @param {"audio" | "video"} kind
 * @param {Direction} direction
 * @param {string} [preferred] video codec to send
 */
export function makeLean(transceiver, kind, direction, preferred) {
  const side = direction === "send" ? RTCRtpSender : RTCRtpReceiver;
  const codecs = leanCodecs(capabilities(side, kind), kind, direction, preferred);
  if (codecs.length > 0) attempt(() => transceiver.setCodecPreferences(codecs));
  const extended = /** @type {any} */ (transceiver);
  if (typeof extended.setHeaderExtensionsToNegotiate !== "function") return;
  const extensions = leanExtensions(extended.getHeaderExtensionsToNegotiate(), kind, direction);
  attempt(() => extended.setHeaderExtensionsToNegotiate(extensions));
}

/** @type {Map<string, RTCRtpCodec[]>} asking the browser takes a millisecond, and there are 23 slots */
const known = new Map();

/**
 * @param {typeof RTCRtpSender | typeof RTCRtpReceiver} side
 * @param {"audio" | "video"} kind
 * @returns {RTCRtpCodec[]}
 */
function capabilities(side, kind) {
  const key = `${side.name} ${kind}`;
  const codecs = known.get(key) ?? side.getCapabilities?.(kind)?.codecs ?? [];
  known.set(key, codecs);
  return codecs;
}

/**
 * A browser that refuses a preference offers everything it has: slower, and as good.
 *
 * @param {() => void} change
 */
function attempt(change) {
  try {
    change();
  } catch (error) {
    console.debug("roomcast: the offer could not be made lean:", error);
  }
}
