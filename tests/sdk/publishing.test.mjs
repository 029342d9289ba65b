import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";

import { Publishing } from "../../sdk/publishing.js";
import { devices, FakeTrack, fakeTransceiver, install } from "./fake-media.mjs";

beforeEach(install);

async function published(requests) {
  const asked = [];
  const control = { refuse: null };
  const publishing = new Publishing(async (method, params) => {
    asked.push([method, params.source]);
    if (control.refuse) throw control.refuse;
  });
  const changes = [];
  publishing.on("changed", ({ track, change }) => changes.push(`${track.source} ${change}`));
  await publishing.capture(requests);
  for (const track of publishing.all()) track.transceiver = fakeTransceiver();
  return { publishing, asked, changes, control };
}

test("camera and microphone are asked for with one question", async () => {
  const { publishing } = await published({ audio: true, video: { width: 640 } });
  assert.equal(devices.asked.length, 1);
  assert.equal(devices.asked[0].video.width, 640);
  assert.equal(devices.asked[0].audio.echoCancellation, true);
  assert.deepEqual(
    publishing.all().map((track) => [track.source, track.muted]),
    [
      ["microphone", false],
      ["camera", false],
    ],
  );
});

test("a track of one's own is taken as it is and never closed", async () => {
  const own = new FakeTrack("video");
  const { publishing } = await published({ video: own });
  assert.equal(devices.asked.length, 0);
  await publishing.mute("camera");
  publishing.stop();
  assert.equal(own.readyState, "live");
  assert.equal(own.enabled, false);
});

test("a muted microphone is silent at once, before the server has answered", async () => {
  const { publishing, asked, changes } = await published({ audio: true });
  const { mediaTrack } = publishing.get("microphone");
  const muting = publishing.mute("microphone");
  assert.equal(mediaTrack.enabled, false);
  await muting;
  assert.equal(mediaTrack.readyState, "live");
  await publishing.unmute("microphone");
  assert.equal(mediaTrack.enabled, true);
  assert.deepEqual(asked, [
    ["mute", "microphone"],
    ["unmute", "microphone"],
  ]);
  assert.deepEqual(changes, ["microphone muted", "microphone unmuted"]);
});

test("a muted camera is closed, and opened again when it is unmuted", async () => {
  const { publishing } = await published({ video: { deviceId: "mine" } });
  const track = publishing.get("camera");
  const before = track.mediaTrack;
  await publishing.mute("camera");
  assert.equal(before.readyState, "ended");
  assert.deepEqual(track.transceiver.sent, [null]);
  await publishing.unmute("camera");
  assert.equal(devices.asked.at(-1).video.deviceId, "mine");
  assert.equal(track.mediaTrack.readyState, "live");
  assert.equal(track.transceiver.sent[1], track.mediaTrack);
});

test("an unmute that the server refuses leaves nothing open", async () => {
  const { publishing, control, changes } = await published({ video: true });
  await publishing.mute("camera");
  control.refuse = new Error("hard muted");
  await assert.rejects(publishing.unmute("camera"), /hard muted/);
  const track = publishing.get("camera");
  assert.deepEqual([track.muted, track.mediaTrack.readyState], [true, "ended"]);
  assert.deepEqual(changes, ["camera muted"]);
});

test("a camera that cannot be opened again stays muted and says why", async () => {
  const { publishing } = await published({ video: true });
  await publishing.mute("camera");
  devices.failure = new DOMException("busy", "NotReadableError");
  await assert.rejects(publishing.unmute("camera"), { name: "MediaError", reason: "device-in-use", source: "camera" });
  assert.equal(publishing.get("camera").muted, true);
});

test("a mute that does not reach the server is one nevertheless", async () => {
  const { publishing, control } = await published({ audio: true });
  control.refuse = new Error("lost");
  await assert.rejects(publishing.mute("microphone"));
  const track = publishing.get("microphone");
  assert.deepEqual([track.muted, track.mediaTrack.enabled], [true, false]);
});

test("changes of one source come one after the other", async () => {
  const { publishing, changes } = await published({ audio: true });
  await Promise.all([publishing.mute("microphone"), publishing.unmute("microphone"), publishing.mute("microphone")]);
  assert.deepEqual(changes, ["microphone muted", "microphone unmuted", "microphone muted"]);
  assert.equal(publishing.get("microphone").mediaTrack.enabled, false);
});

test("switching the camera closes the old one, and the layers go by the new one's size", async () => {
  const { publishing, changes } = await published({ video: true });
  const track = publishing.get("camera");
  const before = track.mediaTrack;
  await publishing.switchDevice("camera", "other");
  assert.deepEqual(devices.asked.at(-1).video.deviceId, { exact: "other" });
  assert.equal(before.readyState, "ended");
  assert.deepEqual(track.transceiver.sent, [track.mediaTrack, [true, true, true]]);
  assert.deepEqual(changes, ["camera replaced"]);
});

test("a microphone switched while muted stays muted", async () => {
  const { publishing } = await published({ audio: true, muted: ["microphone"] });
  await publishing.switchDevice("microphone", "other");
  assert.equal(publishing.get("microphone").mediaTrack.enabled, false);
});

test("a device that was taken away mutes its track, and the next unmute opens another", async () => {
  const { publishing, asked, changes } = await published({ audio: true });
  publishing.get("microphone").mediaTrack.end();
  assert.deepEqual(changes, ["microphone ended"]);
  assert.deepEqual(asked, [["mute", "microphone"]]);
  await publishing.unmute("microphone");
  assert.equal(publishing.get("microphone").mediaTrack.readyState, "live");
});

test("adopted tracks are closed as if the SDK had opened them", async () => {
  const own = new FakeTrack("video", { deviceId: "front" });
  const { publishing } = await published({ video: own });
  publishing.adopt();
  await publishing.mute("camera");
  assert.equal(own.readyState, "ended");
  await publishing.unmute("camera");
  assert.deepEqual(devices.asked.at(-1).video.deviceId, { exact: "front" });
});

test("a mute by the server is one, an unmute by the server opens nothing", async () => {
  const { publishing, changes } = await published({ audio: true });
  await publishing.told("microphone", true);
  assert.equal(publishing.get("microphone").mediaTrack.enabled, false);
  await publishing.told("microphone", false);
  assert.equal(publishing.get("microphone").muted, true);
  assert.deepEqual(changes, ["microphone muted"]);
});

test("what is not published cannot be muted", async () => {
  const { publishing } = await published({ audio: true });
  assert.throws(() => publishing.mute("camera"), { reason: "not-published" });
});

test("a page without a secure address hears what is wrong", async () => {
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: {} });
  globalThis.isSecureContext = false;
  await assert.rejects(published({ audio: true }), { name: "MediaError", reason: "insecure-context" });
  delete globalThis.isSecureContext;
});
