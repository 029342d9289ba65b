import assert from "node:assert/strict";
import test from "node:test";

import { withAudioRepair } from "../../sdk/audio-repair.js";
import { Peer } from "../../sdk/peer.js";

test("sound that is lost may be asked for again, whatever number Opus has", () => {
  const lines = ["m=audio 9 UDP/TLS/RTP/SAVPF 109 63", "a=rtpmap:109 opus/48000/2", "a=rtpmap:63 red/48000/2", ""];
  const changed = withAudioRepair(lines.join("\r\n")).split("\r\n");
  assert.deepEqual(changed, [...lines.slice(0, 2), "a=rtcp-fb:109 nack", ...lines.slice(2)]);
});

test("pictures are left as they are", () => {
  const offer = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\n";
  assert.equal(withAudioRepair(offer), offer);
});

test("a browser that offers it by itself is left alone", () => {
  const offer = "m=audio 9 UDP/TLS/RTP/SAVPF 109\r\na=rtpmap:109 opus/48000/2\r\na=rtcp-fb:109 nack\r\n";
  assert.equal(withAudioRepair(offer), offer);
});

test("a browser that has no offer changed sends its own", async () => {
  globalThis.RTCPeerConnection = class {
    async createOffer() {
      return { type: "offer", sdp: "m=audio 9 UDP/TLS/RTP/SAVPF 109\r\na=rtpmap:109 opus/48000/2\r\n" };
    }
    async setLocalDescription({ sdp }) {
      if (sdp.includes("nack")) throw new Error("InvalidModificationError");
    }
  };
  const { offer } = await new Peer().offer();
  assert.ok(offer.includes("opus") && !offer.includes("nack"));
});
