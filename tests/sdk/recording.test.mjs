import assert from "node:assert/strict";
import test from "node:test";

import { RecordedRoom } from "../../sdk/recording.js";
import { STATE } from "./fake-session.mjs";

function roomOf(state = {}) {
  const asked = [];
  const room = new RecordedRoom(async (method, params) => void asked.push([method, params]));
  room.recordings.replace({ room_state: { ...STATE, ...state } });
  return { room, asked };
}

const tell = (room, method, params) => {
  const told = [];
  const off = room.on(method, (event) => told.push(event));
  assert.equal(room.recorded(method, { seq: 1, ...params }), true);
  off();
  return told;
};

const URL_DETAILS = { url: "https://layout.test/", chatOverlay: false, layOut: { columns: 2 } };
for (const [name, args, method, params] of [
  ["startRecord", [], "start-record", {}],
  ["stopRecord", [], "stop-record", {}],
  ["startLiveRecording", [], "start-live-recording", {}],
  [
    "startLiveRecording",
    [{ urlDetails: URL_DETAILS }],
    "start-live-recording",
    { url_details: { url: "https://layout.test/", chat_overlay: false, layout: { columns: 2 } } },
  ],
  [
    "startLiveRecording",
    [{ urlDetails: { url: "https://layout.test/" } }],
    "start-live-recording",
    { url_details: { url: "https://layout.test/" } },
  ],
  ["stopLiveRecording", [], "stop-live-recording", {}],
  ["stopLiveRecording", [{}], "stop-live-recording", {}],
])
  test(`${name}(${JSON.stringify(args)}) asks for ${method}`, async () => {
    const { room, asked } = roomOf();
    assert.equal(await room[name](...args), undefined);
    assert.deepEqual(asked, [[method, params]]);
  });

test("whoever joins later finds what is being recorded", () => {
  const { room } = roomOf({ recording: true, live_recording: true });
  assert.deepEqual([room.recording, room.liveRecording], [true, true]);
});

test("a server that says nothing of recordings records nothing", () => {
  const { room } = roomOf();
  room.recordings.replace({});
  assert.deepEqual([room.recording, room.liveRecording], [false, false]);
});

test("recording goes on and off, and everybody hears whose doing it was", () => {
  const { room } = roomOf();
  assert.deepEqual(tell(room, "room-record-on", { moderatorId: "ada" }), [{ moderatorId: "ada" }]);
  assert.deepEqual([room.recording, room.liveRecording], [true, false]);
  assert.deepEqual(tell(room, "room-record-off", { moderatorId: null }), [{ moderatorId: null }]);
  assert.equal(room.recording, false);
});

test("live recording goes on, is updated, and goes off", () => {
  const { room } = roomOf();
  assert.deepEqual(tell(room, "room-live-recording-on", { startedBy: "ada" }), [{ startedBy: "ada" }]);
  assert.deepEqual(tell(room, "room-live-recording-updated", { startedBy: "ada", segment: 2 }), [
    { startedBy: "ada", segment: 2 },
  ]);
  assert.deepEqual([room.recording, room.liveRecording], [false, true]);
  assert.deepEqual(tell(room, "room-live-recording-off", { stoppedBy: "bo" }), [{ stoppedBy: "bo" }]);
  assert.equal(room.liveRecording, false);
});

for (const [on, failed, property] of [
  ["room-record-on", "room-record-failed", "recording"],
  ["room-live-recording-on", "room-live-recording-failed", "liveRecording"],
])
  test(`after ${failed} nothing is recorded any more`, () => {
    const { room } = roomOf();
    tell(room, on, {});
    const failure = { reason: "recorder-gone", message: "The recorder is gone." };
    assert.deepEqual(tell(room, failed, failure), [failure]);
    assert.equal(room[property], false);
  });

test("what is not about recording is left to others", () => {
  assert.equal(roomOf().room.recorded("room-locked", { moderator: "ada" }), false);
});
