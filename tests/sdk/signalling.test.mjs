import assert from "node:assert/strict";
import test, { afterEach, beforeEach } from "node:test";

import { retryDelay, Signalling, socketUrl } from "../../sdk/signalling.js";
import { FakeSocket, soon } from "./fake-socket.mjs";

const JOINED = { resume_token: "r1", resume_grace: 30 };
/** @type {Signalling[]} */
const open = [];

beforeEach(() => FakeSocket.reset());
afterEach(() => open.splice(0).forEach((signalling) => signalling.close()));

async function joined() {
  FakeSocket.answer = ({ method }) => (method === "join" || method === "resume" ? { result: JOINED } : { result: {} });
  const signalling = new Signalling("ws://test/ws", { WebSocketClass: FakeSocket });
  open.push(signalling);
  await signalling.join({ token: "t" });
  const events = [];
  for (const type of ["lost", "resumed", "gone"]) signalling.on(type, () => events.push(type));
  signalling.on("notification", ({ method }) => events.push(method));
  return { signalling, events };
}

const happened = async (check) => {
  for (let turn = 0; turn < 400 && !check(); turn++) await soon(5);
  assert.ok(check(), "it happened");
};

test("a lost connection is resumed with its token and the last event seen", async () => {
  const { events } = await joined();
  FakeSocket.last.notify("user-connected", { seq: 4 });
  FakeSocket.last.drop();
  await happened(() => events.includes("resumed"));
  assert.deepEqual(events, ["user-connected", "lost", "resumed"]);
  const resume = FakeSocket.last.sent[0];
  assert.deepEqual([resume.method, resume.params], ["resume", { resume_token: "r1", last_seq: 4 }]);
  assert.equal(FakeSocket.made.length, 2);
});

test("events sent again after a resumption are not seen again", async () => {
  const { events } = await joined();
  FakeSocket.last.notify("a", { seq: 1 });
  FakeSocket.last.notify("b", { seq: 2 });
  FakeSocket.last.drop();
  await happened(() => events.includes("resumed"));
  FakeSocket.last.notify("b", { seq: 2 });
  FakeSocket.last.notify("c", { seq: 3 });
  assert.deepEqual(events, ["a", "b", "lost", "resumed", "c"]);
});

test("a request made while the connection is down goes out when it is back", async () => {
  const { signalling } = await joined();
  FakeSocket.last.drop();
  await signalling.request("mute", { source: "camera" });
  assert.deepEqual(
    FakeSocket.last.sent.map(({ method }) => method),
    ["resume", "mute"],
  );
});

test("a socket that is closing but has not told is no obstacle", async () => {
  const { signalling, events } = await joined();
  FakeSocket.last.readyState = 2;
  await signalling.request("send-message", { text: "hello" });
  assert.deepEqual(
    FakeSocket.last.sent.map(({ method }) => method),
    ["resume", "send-message"],
  );
  assert.deepEqual(events, ["lost", "resumed"]);
});

test("a mute that was on its way when the connection broke is made again, a message is not", async () => {
  const { signalling } = await joined();
  FakeSocket.answer = ({ method }) => (method === "resume" ? { result: JOINED } : undefined);
  const [mute, message] = [signalling.request("mute", { source: "camera" }), signalling.request("send-message", {})];
  await soon();
  FakeSocket.answer = ({ method }) => ({ result: method === "resume" ? JOINED : "done" });
  FakeSocket.last.drop();
  await assert.rejects(message, { reason: "connection-lost" });
  assert.equal(await mute, "done");
  assert.deepEqual(
    FakeSocket.last.sent.map(({ method }) => method),
    ["resume", "mute"],
  );
});

test("a request after leaving fails at once", async () => {
  const { signalling } = await joined();
  signalling.close();
  await assert.rejects(signalling.request("mute", { source: "camera" }), { reason: "connection-lost" });
});

test("a server that is away for a moment is tried again", async () => {
  const { events } = await joined();
  FakeSocket.failNext = 1;
  FakeSocket.last.drop();
  await happened(() => events.includes("resumed"));
  assert.equal(FakeSocket.made.length, 3);
});

test("a second loss is resumed as the first was", async () => {
  const { events } = await joined();
  FakeSocket.last.drop();
  await happened(() => events.includes("resumed"));
  FakeSocket.last.drop();
  await happened(() => events.filter((event) => event === "resumed").length === 2);
});

test("a participant whom the server no longer knows is gone, and waiting requests fail", async () => {
  const { signalling, events } = await joined();
  FakeSocket.answer = () => ({ error: { code: -32000, message: "too late", data: { reason: "resume-failed" } } });
  FakeSocket.last.drop();
  await assert.rejects(signalling.request("ping"), { reason: "resume-failed" });
  await happened(() => events.includes("gone"));
  assert.deepEqual(events, ["lost", "gone"]);
});

test("leaving is no loss and tries nothing again", async () => {
  const { signalling, events } = await joined();
  signalling.leaveNow();
  await soon(20);
  assert.deepEqual(events, []);
  assert.equal(FakeSocket.made.length, 1);
  assert.equal(FakeSocket.last.sent.at(-1).method, "leave");
});

test("a refused join is told with its reason", async () => {
  FakeSocket.answer = () => ({ error: { code: -32000, message: "no", data: { reason: "token-used" } } });
  const signalling = new Signalling("ws://test/ws", { WebSocketClass: FakeSocket });
  open.push(signalling);
  await assert.rejects(signalling.join({ token: "t" }), { reason: "token-used" });
});

test("attempts come at once first, then less often", () => {
  const delays = Array.from({ length: 10 }, (_, attempt) => retryDelay(attempt));
  assert.equal(delays[0], 0);
  assert.deepEqual(
    delays,
    [...delays].sort((a, b) => a - b),
  );
});

test("the socket's address follows from the server's", () => {
  assert.equal(socketUrl("https://meet.example.org"), "wss://meet.example.org/ws");
  assert.equal(socketUrl("http://127.0.0.1:8080/"), "ws://127.0.0.1:8080/ws");
  assert.equal(socketUrl("wss://example.org/roomcast/ws"), "wss://example.org/roomcast/ws");
  assert.equal(socketUrl("/", "https://example.org/room/x#token=secret"), "wss://example.org/ws");
});
