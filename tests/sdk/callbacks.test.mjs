import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";

import { acceptCallbacks, CALLBACKS } from "../../sdk/callbacks.js";
import { ConnectionError, RequestError } from "../../sdk/errors.js";
import { Room } from "../../sdk/room.js";

const REFUSED = new RequestError("role-forbidden", "Moderators only.", 1201);
const FAILURE = { result: 1201, reason: "role-forbidden", msg: "Moderators only." };
const VALUES = { extendConferenceDuration: 10, pinUsers: ["x"], unpinUsers: [], addSpotlightUsers: ["x"] };

/** Something that has all methods; each notes its arguments, and fails when there is an error to fail with. */
function madeOf(error) {
  const calls = [];
  class Subject {}
  for (const name of Object.keys(CALLBACKS))
    Subject.prototype[name] = async (...args) => {
      calls.push([name, args]);
      if (error) throw error;
      return VALUES[name];
    };
  acceptCallbacks(Subject.prototype);
  return { subject: new Subject(), calls };
}

const outcome = (subject, name, ...args) =>
  new Promise((resolve) => subject[name](...args, (...told) => resolve(told)).catch(() => {}));

const OK = (msg) => ({ result: 0, msg });
for (const [name, args, expected] of [
  ["startRecord", [], 0],
  ["stopRecord", [], 0],
  ["startLiveRecording", [{}], { data: { status: { resultCode: 0 } } }],
  ["stopLiveRecording", [{}], { data: { status: { resultCode: 0 } } }],
  ["hardMute", [], OK("Room is muted")],
  ["hardUnmute", [], OK("Room is un-muted")],
  ["hardMuteUserAudio", ["x"], OK("Audio is muted")],
  ["approveAwaitedUser", ["x"], OK("User is approved")],
  ["switchRoomMode", ["lecture"], OK("Room mode is switched")],
  ["dropUser", [["x"]], OK("User is dropped")],
  ["switchUserRole", ["x"], OK("Role is switched")],
  ["extendConferenceDuration", [], { ...OK("Session is extended"), extendedTime: 10 }],
  ["pinUsers", [["x"]], { ...OK("Users are pinned"), clients: ["x"] }],
  ["addSpotlightUsers", [["x"]], { ...OK("Users are in the spotlight"), clients: ["x"] }],
])
  test(`the callback of ${name} gets what the document shows, and the method its own arguments`, async () => {
    const { subject, calls } = madeOf();
    assert.deepEqual(await outcome(subject, name, ...args), [expected]);
    assert.deepEqual(calls, [[name, args]]);
  });

for (const [name, args, first] of [
  ["startRecord", [], undefined],
  ["hardMute", [], undefined],
  ["denyAwaitedUser", ["x"], undefined],
  ["startLiveRecording", [{}], { data: { status: { resultCode: 1201 } } }],
  ["hardMuteUserVideo", ["x"], { result: 1201, msg: "Moderators only." }],
  ["pinUsers", [["x"]], { result: 1201, msg: "Moderators only." }],
])
  test(`the callback of ${name} is told why it was refused`, async () => {
    assert.deepEqual(await outcome(madeOf(REFUSED).subject, name, ...args), [first, FAILURE]);
  });

test("an error without a code is no success either", async () => {
  const { subject } = madeOf(new ConnectionError("timeout", "No answer."));
  const failure = { result: -1, reason: "timeout", msg: "No answer." };
  assert.deepEqual(await outcome(subject, "lock"), [{ result: -1, msg: "No answer." }, failure]);
});

test("who gives a callback gets the promise, too, and may leave it alone", async () => {
  const { subject } = madeOf(REFUSED);
  const unhandled = [];
  const note = (reason) => unhandled.push(reason);
  process.on("unhandledRejection", note);
  subject.unlock(() => {});
  await assert.rejects(
    subject.unlock(() => {}),
    REFUSED,
  );
  await new Promise((resolve) => setTimeout(resolve, 5));
  process.off("unhandledRejection", note);
  assert.deepEqual(unhandled, []);
});

test("without a callback there is just the promise", async () => {
  const { subject, calls } = madeOf();
  assert.deepEqual(await subject.pinUsers(["x"]), ["x"]);
  assert.deepEqual(calls, [["pinUsers", [["x"]]]]);
});

test("what the types promise of a room is there", async () => {
  const types = await readFile(new URL("../../sdk/roomcast.d.ts", import.meta.url), "utf8");
  const [, room] = types.match(/^export interface Room extends[^{]*\{\n(.*?)^\}/ms);
  const methods = [...room.matchAll(/^  (\w+)\(/gm)].map(([, name]) => name);
  assert.ok(methods.length > 40);
  assert.deepEqual(
    methods.filter((name) => typeof Room.prototype[name] !== "function"),
    [],
  );
  const callbacks = [...room.matchAll(/^  (\w+)\([^;]*callback\?: /gm)].map(([, name]) => name);
  assert.deepEqual(callbacks.sort(), Object.keys(CALLBACKS).sort());
});
