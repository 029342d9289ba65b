import assert from "node:assert/strict";
import test from "node:test";

import { leanCodecs, leanExtensions } from "../../sdk/lean-offer.js";

const VIDEO = [
  { mimeType: "video/VP8" },
  { mimeType: "video/rtx" },
  { mimeType: "video/VP9", sdpFmtpLine: "profile-id=2" },
  { mimeType: "video/VP9", sdpFmtpLine: "profile-id=0" },
  { mimeType: "video/H264", sdpFmtpLine: "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f" },
  { mimeType: "video/H264", sdpFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f" },
  { mimeType: "video/H264", sdpFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f" },
  { mimeType: "video/AV1", sdpFmtpLine: "level-idx=5;profile=1;tier=0" },
  { mimeType: "video/AV1", sdpFmtpLine: "level-idx=5;profile=0;tier=0" },
  { mimeType: "video/red" },
  { mimeType: "video/ulpfec" },
  { mimeType: "video/flexfec-03" },
];
const AUDIO = ["opus", "red", "G722", "PCMU", "CN", "telephone-event"].map((name) => ({ mimeType: `audio/${name}` }));
const described = (codecs) => codecs.map((codec) => `${codec.mimeType} ${codec.sdpFmtpLine ?? ""}`.trim());

test("slots take one format of each video codec, and retransmissions", () => {
  const codecs = leanCodecs(VIDEO, "video", "receive");
  assert.deepEqual(described(codecs), [
    "video/VP8",
    "video/VP9 profile-id=0",
    "video/H264 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
    "video/AV1 level-idx=5;profile=0;tier=0",
    "video/rtx",
  ]);
});

test("cameras offer what they are to send, and VP8 which everybody decodes", () => {
  assert.deepEqual(described(leanCodecs(VIDEO, "video", "send")), ["video/VP8", "video/rtx"]);
  assert.deepEqual(described(leanCodecs(VIDEO, "video", "send", "VP9")), [
    "video/VP9 profile-id=0",
    "video/VP8",
    "video/rtx",
  ]);
});

test("microphones offer Opus, audio slots take its redundant form too", () => {
  assert.deepEqual(described(leanCodecs(AUDIO, "audio", "send")), ["audio/opus"]);
  assert.deepEqual(described(leanCodecs(AUDIO, "audio", "receive")), ["audio/opus", "audio/red"]);
});

test("a browser that says nothing of its codecs keeps its own offer", () => {
  assert.deepEqual(leanCodecs([], "video", "receive"), []);
});

const URIS = [
  "urn:ietf:params:rtp-hdrext:sdes:mid",
  "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
  "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
  "urn:ietf:params:rtp-hdrext:toffset",
  "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
  "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
];
const offered = URIS.map((uri) => ({ uri, direction: "sendrecv" }));
const kept = (kind, direction) =>
  leanExtensions(offered, kind, direction)
    .filter((one) => one.direction !== "stopped")
    .map((one) => one.uri);

test("extensions that nobody reads are switched off, in place", () => {
  assert.deepEqual(kept("video", "send"), [URIS[0], URIS[1], URIS[5]]);
  assert.deepEqual(kept("video", "receive"), [URIS[0], URIS[5]]);
  assert.deepEqual(kept("audio", "send"), [URIS[0], URIS[2], URIS[5]]);
  assert.deepEqual(
    leanExtensions(offered, "audio", "send").map((one) => one.uri),
    URIS,
    "the browser wants them all listed",
  );
});
