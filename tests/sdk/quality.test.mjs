import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";

import { capOf, scaleToFit } from "../../sdk/quality.js";
import { Roomcast } from "../../sdk/roomcast.js";
import { cameraEncodings, rescaledEncodings } from "../../sdk/simulcast.js";
import { FakeTrack, install } from "./fake-media.mjs";
import { FakePeerConnection, installPeers } from "./fake-peer.mjs";
import { joinResult } from "./fake-session.mjs";
import { FakeSocket, soon } from "./fake-socket.mjs";

const SD = capOf("SD", "camera");

let rooms;

beforeEach(() => {
  install();
  installPeers();
  FakeSocket.reset();
  rooms = [];
});

test.afterEach(() => Promise.all(rooms.map((room) => room.leave())));

async function joined(quality, options) {
  const tracks = [{ track_id: "t-camera", source: "camera", kind: "video", muted: false }];
  const media = { answer: "answer", tracks, slots: [], refused: [] };
  const room = { room_id: "r", name: "Weekly", settings: { quality } };
  FakeSocket.answer = ({ method }) => ({
    result: method === "join" ? { ...joinResult(media), room } : method === "negotiate" ? media : {},
  });
  const made = await Roomcast.join("https://x.test", "token", { WebSocketClass: FakeSocket, ...options });
  rooms.push(made);
  return made;
}

const sending = () => FakePeerConnection.last.getTransceivers().filter(({ direction }) => direction === "sendonly");
const scales = (encodings) => encodings.map((encoding) => encoding.active !== false && encoding.scaleResolutionDownBy);

test("a picture is scaled to fit, whichever way it is turned, and never enlarged", () => {
  assert.equal(scaleToFit(1280, 720, SD), 2);
  assert.equal(scaleToFit(720, 1280, SD), 2);
  assert.equal(scaleToFit(640, 480, capOf("LD", "camera")), 480 / 360);
  assert.equal(scaleToFit(1920, 1080, capOf("HD", "camera")), 1.5);
  assert.equal(scaleToFit(320, 240, SD), 1);
  assert.equal(scaleToFit(3840, 2160, capOf("SD", "screen")), 1);
  assert.equal(scaleToFit(3840, 2160, capOf("8K", "camera")), 1);
});

test("what is published in a room of known quality has the layers of the picture that fits", () => {
  const encodings = cameraEncodings(1280, 720, SD);
  assert.deepEqual(
    encodings.map(({ rid, scaleResolutionDownBy }) => [rid, scaleResolutionDownBy]),
    [
      ["q", 4],
      ["h", 2],
    ],
  );
});

test("layers that were negotiated before the quality was known fit afterwards, and the largest goes first", () => {
  assert.deepEqual(scales(rescaledEncodings(cameraEncodings(1280, 720), 1280, 720, SD)), [4, 2, false]);
  assert.deepEqual(scales(rescaledEncodings(cameraEncodings(1920, 1080), 1920, 1080, capOf("HD", "camera"))), [6, 3, 1.5]);
});

test("without simulcast the only encoding is scaled", () => {
  assert.deepEqual(scales(rescaledEncodings([{ maxBitrate: 1 }], 1280, 720, SD)), [2]);
});

test("no layer may use more than the quality grants", () => {
  for (const quality of ["LD", "SD", "HD"]) {
    const cap = capOf(quality, "camera");
    for (const { maxBitrate } of cameraEncodings(1920, 1080, cap)) assert.ok(maxBitrate <= cap.bitrate);
  }
});

test("once the join has told the quality, the camera fits, and a screen's bitrate", async () => {
  await joined("LD", { video: new FakeTrack("video"), screen: new FakeTrack("video") });
  const [camera, screen] = sending();
  assert.deepEqual(scales(camera.sendEncodings), [4, 2, 1]);
  assert.deepEqual(scales(camera.sender.parameters.encodings), [4, 2, false]);
  assert.equal(screen.sendEncodings[0].maxBitrate, 2_500_000);
  assert.equal(screen.sender.parameters.encodings[0].maxBitrate, 1_500_000);
});

test("what fits already is left alone", async () => {
  await joined("HD", { video: new FakeTrack("video"), screen: new FakeTrack("video") });
  // What a browser fills in by itself is no reason: the first time says that all layers are active.
  const [camera, screen] = sending();
  assert.deepEqual(scales(camera.sender.parameters.encodings), [4, 2, 1]);
  const before = camera.sender.changes;
  await rooms[0].publish("microphone", new FakeTrack("audio"));
  assert.deepEqual([camera.sender.changes, screen.sender.changes], [before, 0]);
});

test("what is published later fits from the start", async () => {
  const room = await joined("SD");
  await room.publish("camera", new FakeTrack("video"));
  assert.deepEqual(scales(sending()[0].sendEncodings), [4, 2]);
});

test("another camera fits as well", async () => {
  const room = await joined("SD", { video: new FakeTrack("video", { width: 320, height: 240 }) });
  await room.switchDevice("camera", new FakeTrack("video"));
  assert.deepEqual(scales(sending()[0].sender.parameters.encodings), [2]);
});

test("a track that is larger than it says is scaled when the server withholds it, and stays so", async () => {
  const room = await joined("SD", { video: new FakeTrack("video", { width: undefined, height: undefined }) });
  const told = [];
  room.on("track-limited", ({ track, layers }) => told.push([track.source, layers]));
  const { sender } = sending()[0];
  assert.deepEqual(scales(sender.parameters.encodings), [2, 1]);
  sender.measured = { width: 1280, height: 720 };
  const layers = [{ rid: "h", reason: "resolution" }];
  FakeSocket.last.notify("track-limited", { seq: 1, track_id: "t-camera", layers });
  await soon(5);
  assert.deepEqual(scales(sender.parameters.encodings), [4, 2]);
  FakeSocket.last.notify("track-limited", { seq: 2, track_id: "t-camera", layers: [] });
  FakeSocket.last.notify("track-limited", { seq: 3, track_id: "gone", layers });
  await room.publish("microphone", new FakeTrack("audio"));
  assert.deepEqual(scales(sender.parameters.encodings), [4, 2]);
  assert.deepEqual(told, [
    ["camera", layers],
    ["camera", []],
  ]);
});
