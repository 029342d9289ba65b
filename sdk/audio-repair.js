/**
 * Lost sound is sent again when the server asks for it (NACK). Browsers can do that, but offer it only when their offer
 * is changed so. One that offers it by itself is left alone.
 *
 * @param {string} sdp an offer
 */
export function withAudioRepair(sdp) {
  return sdp.replace(/^a=rtpmap:(\d+) opus\/.*$/gm, (line, format) =>
    new RegExp(`^a=rtcp-fb:(?:${format}|\\*) nack\\r?$`, "m").test(sdp) ? line : `${line}\r\na=rtcp-fb:${format} nack`,
  );
}
