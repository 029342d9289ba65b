import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test, { beforeEach } from "node:test";

import { EnxRtc } from "../../sdk/enx.js";
import { devices, install } from "./fake-media.mjs";
import { installPeers } from "./fake-peer.mjs";
import { joinResult } from "./fake-session.mjs";
import { FakeSocket, soon } from "./fake-socket.mjs";

const ADA = { client_id: "ada", name: "Ada", role: "moderator", user_ref: "a1", data: { team: 7 }, tracks: [] };
const SLOTS = [
  { slot_id: "audio-0", mid: "2", use: "audio", index: 0, client_id: null, track_id: null },
  { slot_id: "video-0", mid: "3", use: "video", index: 0, client_id: null, track_id: null },
  { slot_id: "screen-0", mid: "4", use: "screen", index: 0, client_id: null, track_id: null },
];
const page = await readFile(new URL("../browser/enx_examples.html", import.meta.url), "utf8");

/** @type {Record<string, (request: any) => any>} */
let answers;
let seq;
let rooms;

beforeEach(() => {
  install();
  installPeers();
  FakeSocket.reset();
  globalThis.WebSocket = FakeSocket;
  EnxRtc.server = "https://x.test";
  seq = 0;
  rooms = [];
  answers = { join: () => ({ result: joined({}) }) };
  FakeSocket.answer = (request) => answers[request.method]?.(request) ?? { result: {} };
});

test.afterEach(() => Promise.all(rooms.map((room) => room.disconnect())));

const joined = (changes) => joinResult({ answer: "answer", slots: SLOTS, participants: [ADA], ...changes });
const notify = (method, params) => FakeSocket.last.notify(method, { seq: ++seq, ...params });
const asked = (method) =>
  FakeSocket.last.sent.filter((request) => request.method === method).map(({ params }) => params);

/** Joins; what the callback was told, and one's own stream. */
function join(config = {}) {
  return new Promise((resolve) => {
    const stream = EnxRtc.joinRoom("token", config, (success, error) => {
      if (success !== null) rooms.push(success.room);
      resolve({ success, error, room: success?.room, stream });
    });
  });
}

/** Everything that the handlers of one event get. */
function listen(target, type) {
  const told = [];
  target.addEventListener(type, (...args) => told.push(args));
  return told;
}

test("joinRoom tells its callback of the room, its streams and what is published", async () => {
  const { success, error, room, stream } = await join({ audio: true, video: true, name: "Eve" });
  assert.equal(error, null);
  assert.equal(success.publishId, "eve");
  assert.equal(stream.getID(), "eve");
  assert.deepEqual(success.roomData, { conf_num: "CONF-1", room_id: "r", name: "Weekly", settings: {} });
  assert.deepEqual(
    success.streams.map((remote) => [remote.getID(), remote.local]),
    [
      [1, false],
      [101, false],
    ],
  );
  assert.equal(room.remoteStreams.get(101), success.streams[1]);
  assert.deepEqual(Object.keys(room.remoteStreams.getAll()), ["1", "101"]);
  assert.deepEqual([room.clientId, room.clientID, room.roomID, room.status], ["eve", "eve", "r", 2]);
  assert.deepEqual([room.me.name, room.whoami().role], ["Eve", "participant"]);
  assert.deepEqual(
    stream.stream.getTracks().map(({ kind }) => kind),
    ["audio", "video"],
  );
  assert.equal(asked("join")[0].name, "Eve");
});

test("handlers that the callback adds hear that the room is connected, and who talks", async () => {
  const slots = SLOTS.map((slot) => ({
    ...slot,
    ...(slot.use === "audio" ? { client_id: "ada", track_id: "t" } : {}),
  }));
  answers.join = () => ({ result: joined({ slots, active_talkers: [{ client_id: "ada", speaking: true }] }) });
  const { room } = await join();
  const connected = listen(room, "room-connected");
  const talkers = listen(room, "active-talkers-updated");
  await soon(5);
  assert.equal(connected[0][0].streams.length, 2);
  const ada = { clientId: "ada", name: "Ada", mediatype: "audioonly", videomuted: true, reason: "user", streamId: 1 };
  assert.deepEqual(talkers[0][0].message, { active: true, activeList: [ada] });
  assert.deepEqual(room.remoteStreams.get(1).getAttributes(), { team: 7, name: "Ada" });
});

test("a refused join tells its callback why", async () => {
  answers.join = () => ({ error: { code: 1110, message: "Locked.", data: { reason: "room-locked" } } });
  const { success, error } = await join();
  assert.equal(success, null);
  assert.deepEqual(error, { type: "room-locked", result: 1110, error: 1110, name: "room-locked", msg: "Locked." });
});

test("a camera that may not be used is told with the browser's own words", async () => {
  devices.failure = new DOMException("Not now", "NotAllowedError");
  const denied = [];
  const { error } = await new Promise((resolve) => {
    const stream = EnxRtc.joinRoom("token", { video: true }, (success, failure) => resolve({ error: failure }));
    stream.addEventListener("media-access-denied", (event) => denied.push(event.msg.name));
  });
  assert.equal(error.type, "media-access-denied");
  assert.deepEqual(error.msg, { name: "NotAllowedError", message: "Not now" });
  assert.deepEqual(denied, ["NotAllowedError"]);
});

test("the size of the video is asked of the camera, and nothing is opened that was not asked for", async () => {
  await join({ video: { deviceId: "d7" }, videoSize: [320, 180, 640, 360] });
  const [{ audio, video }] = devices.asked;
  assert.equal(audio, false);
  assert.deepEqual([video.deviceId, video.width, video.height], ["d7", { ideal: 640 }, { ideal: 360 }]);
});

test("a room is connected step by step, too, with and without new", async () => {
  const stream = EnxRtc.EnxStream({ audio: true, audioMuted: true });
  await stream.init();
  assert.equal(stream.audioMuted, true);
  const room = new EnxRtc.EnxRoom({ token: "token" });
  const connected = listen(room, "room-connected");
  await room.connect();
  rooms.push(room);
  assert.equal(connected.length, 1);
  assert.deepEqual(
    asked("join")[0]
      .media.map(({ use }) => use)
      .includes("microphone"),
    false,
  );
  answers.negotiate = () => ({ result: { answer: "answer", tracks: [], slots: SLOTS, refused: [] } });
  const added = listen(room, "stream-added");
  const id = await new Promise((resolve) => room.publish(stream, {}, resolve));
  assert.deepEqual([id, added[0][0].stream, room.localStreams], ["eve", stream, [stream]]);
  assert.equal(room.session.localTrack("microphone").muted, true);
});

test("a room that cannot be connected says so by an event", async () => {
  answers.join = () => ({ error: { code: 1103, message: "Used.", data: { reason: "token-used" } } });
  const room = EnxRtc.EnxRoom({ token: "token" });
  const errors = listen(room, "room-error");
  await room.connect();
  assert.deepEqual([errors[0][0].name, room.status], ["token-used", 0]);
});

test("muting goes to the room, and what was refused is told", async () => {
  const { stream } = await join({ audio: true });
  const told = [];
  await stream.muteAudio((...args) => told.push(args));
  assert.deepEqual([asked("mute"), stream.audioMuted], [[{ source: "microphone" }], true]);
  notify("hard-mute-room", { moderator: "ada" });
  await stream.unmuteAudio((...args) => told.push(args)).catch(() => {});
  assert.deepEqual(told[0], [{ result: 0, msg: "Audio is muted" }]);
  assert.equal(told[1][1].reason, "hard-muted");
  assert.notEqual(told[1][0].result, 0);
  assert.equal(stream.audioMuted, true);
});

test("messages and data go to all or to some, and come with the fields of that API", async () => {
  const { room } = await join();
  answers["send-message"] = () => ({ result: { at: "2026-11-22T09:31:00.000Z" } });
  const sent = [];
  await room.sendMessage("to all", true, [], (data) => sent.push(data));
  await room.sendMessage("to one", false, ["ada"]);
  await room.sendUserData({ poll: 1 }, false, ["ada"]);
  assert.deepEqual(asked("send-message"), [{ text: "to all" }, { text: "to one", to: ["ada"] }]);
  assert.deepEqual(asked("send-user-data"), [{ data: { poll: 1 }, to: ["ada"] }]);
  assert.equal(sent[0].result, 0);
  const messages = listen(room, "message-received");
  const data = listen(room, "user-data-received");
  notify("message-received", { from: "ada", text: "Hi", to: null, broadcast: true, at: "2026-11-22T09:31:00.000Z" });
  notify("user-data-received", { from: "ada", data: { poll: 2 }, broadcast: false });
  assert.deepEqual(messages[0][0].message, {
    broadcast: true,
    sender: "Ada",
    senderId: "ada",
    message: "Hi",
    timestamp: Date.UTC(2026, 10, 22, 9, 31),
  });
  assert.deepEqual([data[0][0].type, data[0][0].message.msg], ["user-data-received", { poll: 2 }]);
});

const HANDS = { raisedHands: ["x"], approvedHands: [] };
for (const [type, params, fields] of [
  ["room-record-on", { moderatorId: "ada" }, { moderatorId: "ada" }],
  ["room-record-off", { moderatorId: null }, { moderatorId: null }],
  ["room-live-recording-on", { startedBy: "ada" }, { startedBy: "ada" }],
  ["hard-mute-room", { moderator: "ada" }, { moderator: "ada" }],
  ["hard-unmute-room", { moderator: "ada" }, { moderator: "ada" }],
  ["hardmute-user-audio", { client_id: "eve", moderator: "ada" }, { moderator: "ada" }],
  ["hardunmute-user-video", { client_id: "eve", moderator: "ada" }, { moderator: "ada" }],
  ["room-locked", { moderator: "ada" }, { moderator: "ada" }],
  ["user-awaited", { clientId: "dan", name: "Dan" }, { clientId: "dan", name: "Dan" }],
  ["room-mode-switched", { mode: "lecture", moderator_id: "ada" }, { mode: "lecture", moderator: "ada" }],
  [
    "user-role-changed",
    { moderator: { new: "eve", old: "ada" }, ...HANDS },
    { moderator: { new: "eve", old: "ada" }, ...HANDS },
  ],
  ["conference-remaining-duration", { timeLeft: 10 }, { timeLeft: 10 }],
  ["updated-pinned-users", { moderator_id: "ada", clientIds: ["eve"] }, { moderator_id: "ada", clientIds: ["eve"] }],
  ["spotlight-users", { moderator_id: "ada", users: ["eve"] }, { moderator_id: "ada", users: ["eve"] }],
  [
    "user-disconnected",
    { client_id: "ada", reason: "left" },
    { clientId: "ada", name: "Ada", user_ref: "a1", role: "moderator", data: { team: 7 } },
  ],
])
  test(`${type} has the fields of the document where its examples look for them`, async () => {
    const { room } = await join();
    const told = listen(room, type);
    notify(type, params);
    const [[event, second]] = told;
    assert.deepEqual([event.type, event.message, second], [type, fields, fields]);
    for (const [name, value] of Object.entries(fields)) assert.deepEqual(event[name], value);
  });

test("what a moderator takes from one participant is told to nobody else", async () => {
  const { room } = await join();
  const told = listen(room, "hardmute-user-audio");
  notify("hardmute-user-audio", { client_id: "ada", moderator: "bo" });
  assert.deepEqual(told, []);
});

test("the reason of a disconnection is where the document has it, and the devices are closed", async () => {
  const { room, stream } = await join({ audio: true });
  const [track] = stream.stream.getTracks();
  const told = listen(room, "room-disconnected");
  notify("room-disconnected", { reason: "disconnected-by-moderator", message: "Out." });
  assert.equal(told[0][0].message.cause.msg, "disconnected-by-moderator");
  assert.deepEqual([room.status, track.readyState, stream.stream.getTracks()], [0, "ended", []]);
});

test("who has to wait hears for what, and has streams once they are in", async () => {
  answers.join = () => ({ result: joined({ awaited: "approval", answer: null, slots: [] }) });
  answers.negotiate = () => ({ result: { answer: "answer", tracks: [], slots: SLOTS, refused: [] } });
  const { room } = await join();
  const awaited = listen(room, "room-awaited");
  const allowed = listen(room, "room-allowed");
  await soon(5);
  assert.deepEqual([awaited[0][0].message, room.streams], [{ event_type: "knock" }, []]);
  notify("room-allowed", { session: joined({}), time_left: null });
  for (let turn = 0; turn < 200 && room.streams.length === 0; turn++) await soon(5);
  assert.deepEqual([allowed.length, room.streams.length], [1, 2]);
});

test("a handler that is taken off hears nothing more, and one that is added twice hears it once", async () => {
  const { room } = await join();
  const told = [];
  const handler = (event) => told.push(event.type);
  room.addEventListener("room-locked", handler);
  room.addEventListener("room-locked", handler);
  notify("room-locked", { moderator: "ada" });
  room.removeEventListener("room-locked", handler);
  notify("room-locked", { moderator: "ada" });
  assert.deepEqual(told, ["room-locked"]);
});

test("a stream that is subscribed to without video, or no more, costs no picture", async () => {
  const { room, success } = await join();
  const subscribed = listen(room, "stream-subscribed");
  await room.subscribe(success.streams[0], { audio: true, video: false });
  assert.equal(subscribed[0][0].stream.getID(), 1);
  await room.unsubscribe(success.streams[1]);
  for (let turn = 0; turn < 200 && asked("limit-slots").length === 0; turn++) await soon(5);
  assert.deepEqual(asked("limit-slots"), [{ max_heights: { "video-0": 0, "screen-0": 0 } }]);
});

test("the devices are listed by kind", async () => {
  const [cam, mic] = ["videoinput", "audioinput"].map((kind) => ({ kind, deviceId: kind }));
  navigator.mediaDevices.enumerateDevices = async () => [cam, mic];
  const response = await new Promise((resolve) => EnxRtc.getDevices(resolve));
  assert.deepEqual(response, { result: 0, devices: { cam: [cam], mic: [mic], speaker: [] } });
});

test("before there is a room nothing can be asked of it", () => {
  const room = EnxRtc.EnxRoom({ token: "token" });
  assert.throws(() => room.hardMute(), { reason: "not-connected" });
});

/** Runs an example of the document about recording; what it called of its application and wrote to the console. */
async function runExample(id, room) {
  const [, example] = page.match(new RegExp(`<script type="text/plain" id="${id}">\n(.*?)</script>`, "s"));
  const called = [];
  const functions = [...example.matchAll(/^((?:show|hide)\w+)\(/gm)].map(([, name]) => name);
  const console = { log: (line) => called.push(line) };
  const stubs = functions.map((name) => () => called.push(name));
  new Function("room", "console", ...functions, example)(room, console, ...stubs);
  await soon();
  return called;
}

for (const [id, method, wire, done, event, fields, shown] of [
  [
    "start-record",
    "start-record",
    {},
    "Recording started",
    "room-record-on",
    { moderatorId: "ada" },
    "showRecordingIndicator",
  ],
  [
    "stop-record",
    "stop-record",
    {},
    "Recording stopped",
    "room-record-off",
    { moderatorId: "ada" },
    "hideRecordingIndicator",
  ],
  [
    "start-live-recording",
    "start-live-recording",
    { url_details: { url: "https://your-custom-layout.example.com/", chat_overlay: false, layout: {} } },
    "Live recording initiated",
    "room-live-recording-on",
    { startedBy: "ada" },
    "showLiveRecordingBadge",
  ],
  [
    "stop-live-recording",
    "stop-live-recording",
    {},
    "Live recording stopped",
    "room-live-recording-off",
    { stoppedBy: "ada" },
    "hideLiveRecordingBadge",
  ],
]) {
  test(`the example ${id} of the document runs as it stands`, async () => {
    const { room } = await join();
    const called = await runExample(id, room);
    notify(event, fields);
    assert.deepEqual([asked(method), called], [[wire], [done, shown]]);
  });

  test(`the example ${id} of the document takes a refusal for no success`, async () => {
    answers[method] = () => ({ error: { code: 1218, message: "No recorder.", data: { reason: "no-recorder" } } });
    const { room } = await join();
    assert.deepEqual(await runExample(id, room), []);
  });
}
