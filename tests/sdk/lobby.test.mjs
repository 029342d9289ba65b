import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";

import { Roomcast } from "../../sdk/roomcast.js";
import { FakeTrack, install } from "./fake-media.mjs";
import { FakePeerConnection, installPeers } from "./fake-peer.mjs";
import { joinResult, session } from "./fake-session.mjs";
import { FakeSocket, soon } from "./fake-socket.mjs";

const MIA = { client_id: "mia", name: "Mia", role: "moderator", tracks: [] };

/** @type {Record<string, (request: any) => any>} */
let answers;
let rooms;

beforeEach(() => {
  install();
  installPeers();
  FakeSocket.reset();
  rooms = [];
  answers = {
    join: () => ({ result: joinResult({ awaited: "approval" }) }),
    negotiate: () => ({ result: { answer: "answer", tracks: [], slots: [], refused: [] } }),
  };
  FakeSocket.answer = (request) => answers[request.method]?.(request) ?? { result: {} };
});

test.afterEach(() => Promise.all(rooms.map((room) => room.leave())));

const happened = async (check) => {
  for (let turn = 0; turn < 400 && !check(); turn++) await soon(5);
  assert.ok(check(), "it happened");
};

async function joined(options = {}) {
  const room = await Roomcast.join("https://x.test", "token", {
    audio: new FakeTrack("audio"),
    slots: { audio: 1, video: 1, screen: 0 },
    WebSocketClass: FakeSocket,
    ...options,
  });
  rooms.push(room);
  const events = [];
  for (const type of [
    "room-allowed",
    "slots-renewed",
    "room-interrupted",
    "reconnecting",
    "reconnected",
    "room-disconnected",
  ])
    room.on(type, (event) => events.push([type, event]));
  return { room, events };
}

const asked = (method) =>
  FakeSocket.made.flatMap((socket) => socket.sent.filter((request) => request.method === method));
const letIn = (seq = 1) =>
  FakeSocket.last.notify("room-allowed", { seq, session: session({ participants: [MIA] }), time_left: 9 });

test("who has to wait gets a room that says so, and negotiates nothing", async () => {
  const { room } = await joined();
  assert.deepEqual([room.state, room.awaited, room.participants.size], ["awaiting", "approval", 0]);
  await soon(20);
  assert.equal(asked("negotiate").length, 0);
});

test("who is let in finds the session and negotiates anew, and nothing counts as lost", async () => {
  const { room, events } = await joined();
  const first = FakePeerConnection.last;
  letIn();
  assert.deepEqual([room.state, room.awaited, room.participants.get("mia").name], ["connected", null, "Mia"]);
  assert.ok(room.timeLeft > 0 && room.timeLeft <= 9);
  await happened(() => room.mediaState === "connected");
  assert.notEqual(FakePeerConnection.last, first);
  assert.equal(asked("negotiate").length, 1);
  assert.deepEqual(events, [
    ["room-allowed", null],
    ["slots-renewed", null],
  ]);
});

test("what is muted while waiting begins muted", async () => {
  const { room } = await joined();
  await room.mute("microphone");
  assert.equal(asked("mute").length, 0);
  letIn();
  await happened(() => asked("negotiate").length === 1);
  const [{ params }] = asked("negotiate");
  assert.equal(params.media.find((entry) => entry.use === "microphone").muted, true);
});

test("what is published while waiting goes with the first offer", async () => {
  const { room } = await joined();
  await room.publish("camera", new FakeTrack("video"));
  letIn();
  await happened(() => asked("negotiate").length === 1);
  assert.ok(asked("negotiate")[0].params.media.some((entry) => entry.use === "camera"));
});

for (const reason of ["denied-by-moderator", "awaited-too-long"])
  test(`waiting ends with ${reason}`, async () => {
    const { room, events } = await joined();
    FakeSocket.last.notify("room-disconnected", { seq: 1, reason, message: "No." });
    assert.equal(room.state, "disconnected");
    assert.deepEqual(events, [["room-disconnected", { reason, message: "No." }]]);
  });

test("a connection that a restart of the server ends while one waits is resumed, and one waits on", async () => {
  const { room, events } = await joined();
  answers.resume = () => ({ result: joinResult({ awaited: "approval" }) });
  FakeSocket.last.notify("room-interrupted", { seq: 1, reason: "server-restart", message: "Soon." });
  assert.equal(room.state, "awaiting");
  FakeSocket.last.drop();
  assert.equal(room.state, "reconnecting");
  await happened(() => room.state === "awaiting");
  assert.deepEqual(
    events.map(([type]) => type),
    ["room-interrupted", "reconnecting", "reconnected"],
  );
  assert.deepEqual(events[0][1], { reason: "server-restart", message: "Soon." });
  letIn(2);
  await happened(() => room.mediaState === "connected");
});

test("who was let in while the connection was lost is in after the resumption, once", async () => {
  const { room, events } = await joined();
  answers.resume = () => ({ result: joinResult({ participants: [MIA] }) });
  FakeSocket.last.drop();
  await happened(() => room.state === "connected");
  letIn(); // missed, and therefore told again
  await happened(() => room.mediaState === "connected");
  assert.equal(asked("negotiate").length, 1);
  assert.deepEqual(
    events.map(([type]) => type),
    ["reconnecting", "room-allowed", "reconnected", "slots-renewed"],
  );
});

test("a moderator finds those who wait, hears of others, and answers", async () => {
  const waiting = { clientId: "dan", name: "Dan" };
  answers.join = () => ({ result: joinResult({ role: "moderator", awaitedParticipants: [waiting] }) });
  const { room } = await joined();
  const told = [];
  for (const type of ["user-awaited", "awaited-user-gone"]) room.on(type, (event) => told.push([type, event]));
  assert.deepEqual(room.awaitedParticipants, [waiting]);
  FakeSocket.last.notify("user-awaited", { seq: 1, clientId: "dan", name: "Dan" });
  FakeSocket.last.notify("user-awaited", { seq: 2, clientId: "eve", name: "Eve" });
  FakeSocket.last.notify("awaited-user-gone", { seq: 3, clientId: "dan", reason: "withdrawn" });
  assert.deepEqual(told, [
    ["user-awaited", { clientId: "eve", name: "Eve" }],
    ["awaited-user-gone", { clientId: "dan", reason: "withdrawn" }],
  ]);
  assert.deepEqual(room.awaitedParticipants, [{ clientId: "eve", name: "Eve" }]);
  await room.approveAwaitedUser("eve");
  await room.denyAwaitedUser("dan");
  assert.deepEqual(asked("approve-awaited-user")[0].params, { client_id: "eve" });
  assert.deepEqual(asked("deny-awaited-user")[0].params, { client_id: "dan" });
});

test("the time that is left is that of the join, and then that of an extension", async () => {
  answers.join = () => ({ result: joinResult({ time_left: 540 }) });
  const { room } = await joined();
  assert.ok(room.timeLeft > 500 && room.timeLeft <= 540);
  FakeSocket.last.notify("conference-duration-extended", { seq: 1, client_id: "x", extendedTime: 10, timeLeft: 19 });
  assert.ok(room.timeLeft > 1100 && room.timeLeft <= 1140);
});

test("a room without an end has no time that is left", async () => {
  const { room } = await joined();
  assert.equal(room.timeLeft, null);
});

test("who is let in finds the room as its session has it", async () => {
  const { room } = await joined();
  assert.deepEqual([room.name, room.data], ["Weekly", {}]);
  const changed = { room_id: "r", name: "Monthly", settings: { mode: "lecture" }, data: { team: 7 } };
  FakeSocket.last.notify("room-allowed", { seq: 1, session: session(), time_left: null, room: changed });
  assert.deepEqual([room.name, room.settings, room.data], ["Monthly", { mode: "lecture" }, { team: 7 }]);
});
