/**
 * Lost sound is sent again when the server asks for it (NACK). Browsers can do that, but offer it only when their offer
 * is changed so. One that cannot is asked in vain.
 *
 * @param {string} sdp an offer
 */
export function withAudioRepair(sdp) {
  return sdp.replace(/^a=rtpmap:(\d+) opus\/.*$/gm, "$&\r\na=rtcp-fb:$1 nack");
}
