import assert from "node:assert/strict";
import test from "node:test";

import { badgesOf, takenFromOneself } from "../../web/js/badges.js";
import { chooseTiles, firstPlaces } from "../../web/js/choose-tiles.js";
import { explain, explainEnd } from "../../web/js/error-texts.js";
import { floorState } from "../../web/js/floor.js";
import { NextFrame } from "../../web/js/next-frame.js";
import { moderatorActions } from "../../web/js/person-actions.js";
import { admitAll, requestsTo } from "../../web/js/requests.js";
import { remainingText } from "../../web/js/room-states.js";

const NONE = new Set();

/** A room as its moderator has it; what is asked of it is noted in `asked`. */
function roomOf(changes = {}) {
  const asked = [];
  const state = {
    clientId: "me",
    role: "moderator",
    mode: "group",
    hardMuted: false,
    pinned: [],
    spotlighted: [],
    raisedHands: [],
    approvedHands: [],
    awaitedParticipants: [],
    participants: new Map([["ben", { name: "Ben" }]]),
    ...changes,
  };
  const room = new Proxy(state, {
    get: (target, name) => target[name] ?? (async (...args) => void asked.push([name, ...args])),
  });
  return { room, asked };
}

const labels = (room, target) => moderatorActions(room, { name: "Ben", own: false, hardMuted: NONE, ...target }).flat();
const BEN = { id: "ben", role: "participant" };

test("everybody who waits is admitted one after the other, and who is gone by then is passed over", async () => {
  const begun = [];
  let running = 0;
  const { room } = roomOf({
    awaitedParticipants: ["ann", "ben", "eve"].map((clientId) => ({ clientId, name: clientId })),
    approveAwaitedUser: async (clientId) => {
      begun.push(clientId);
      assert.equal(++running, 1);
      await null;
      running--;
      if (clientId === "ben") throw Object.assign(new Error(), { reason: "unknown-participant" });
    },
  });
  await admitAll(room);
  assert.deepEqual(begun, ["ann", "ben", "eve"]);
  const limited = Object.assign(new Error(), { reason: "rate-limited" });
  const busy = roomOf({ awaitedParticipants: [{ clientId: "ann" }], approveAwaitedUser: () => Promise.reject(limited) });
  await assert.rejects(admitAll(busy.room), limited);
});

test("a moderator's menu asks the room for what it says", async () => {
  const lecture = { mode: "lecture", raisedHands: ["ben"] };
  const both = new Set(["audio", "video"]);
  for (const [state, target, label, method, argument = "ben"] of [
    [{}, BEN, "Mute microphone", "hardMuteUserAudio"],
    [{}, BEN, "Turn camera off", "hardMuteUserVideo"],
    [{}, { ...BEN, hardMuted: both }, "Allow microphone", "hardUnmuteUserAudio"],
    [{}, { ...BEN, hardMuted: both }, "Allow camera", "hardUnmuteUserVideo"],
    [{}, BEN, "Pin for everybody", "pinUsers", ["ben"]],
    [{ pinned: ["ben"] }, BEN, "Unpin for everybody", "unpinUsers", ["ben"]],
    [{}, BEN, "Put in the spotlight", "addSpotlightUsers", ["ben"]],
    [{ spotlighted: ["ben"] }, BEN, "Take out of the spotlight", "removeSpotlightUsers", ["ben"]],
    [lecture, BEN, "Give the floor", "grantFloor"],
    [lecture, BEN, "Decline the raised hand", "denyFloor"],
    [{ mode: "lecture" }, BEN, "Invite to speak", "inviteToFloor"],
    [{ mode: "lecture", approvedHands: ["ben"] }, BEN, "Take the floor back", "releaseFloor"],
  ]) {
    const { room, asked } = roomOf(state);
    const item = labels(room, target).find((one) => one.label === label);
    assert.ok(item, label);
    item.run();
    assert.deepEqual(asked, [[method, argument]]);
  }
});

test("the menu offers nothing that the server would refuse", () => {
  const { room } = roomOf();
  const of = (target) => labels(room, target).map(({ label }) => label);
  assert.ok(!of(BEN).includes("Invite to speak"), "a floor in group mode");
  assert.deepEqual(of({ id: "me", own: true, role: "moderator" }), ["Pin for everybody", "Put in the spotlight"]);
  const moderator = of({ id: "ann", role: "moderator" });
  assert.ok(!moderator.includes("Mute microphone") && !moderator.includes("Make moderator…"));
  assert.ok(moderator.includes("Remove from the meeting…"));
});

test("whoever waits comes before raised hands, and each is answered", () => {
  const { room, asked } = roomOf({ awaitedParticipants: [{ clientId: "eve", name: "" }], raisedHands: ["ben"] });
  const requests = requestsTo(room);
  assert.deepEqual(
    requests.map(({ text }) => text),
    ["A guest waits to be let in", "Ben raises a hand"],
  );
  for (const { answers } of requests) for (const { run } of answers) run();
  assert.deepEqual(asked, [
    ["approveAwaitedUser", "eve"],
    ["denyAwaitedUser", "eve"],
    ["grantFloor", "ben"],
    ["denyFloor", "ben"],
  ]);
  assert.deepEqual(requestsTo(roomOf({ role: "participant", raisedHands: ["ben"] }).room), []);
});

test("a participant of a lecture listens, asks, is invited, speaks", () => {
  const room = { mode: "lecture", role: "participant", clientId: "me", raisedHands: [], approvedHands: [] };
  assert.equal(floorState(room, false), "listening");
  assert.equal(floorState(room, true), "invited");
  assert.equal(floorState({ ...room, raisedHands: ["me"] }, false), "raised");
  assert.equal(floorState({ ...room, approvedHands: ["me"] }, true), "speaking");
  for (const change of [{ mode: "group" }, { role: "moderator" }, { role: "viewer" }]) {
    assert.equal(floorState({ ...room, ...change }, false), "none");
  }
});

test("each state of a person is one sign", () => {
  const everything = { raisedHands: ["a"], approvedHands: ["a"], spotlighted: ["a"], pinned: ["a"] };
  const texts = (id, taken = NONE) => badgesOf(everything, id, taken).map(({ text }) => text);
  assert.deepEqual(texts("a", new Set(["video", "audio"])), [
    "raises a hand",
    "has the floor",
    "in the spotlight",
    "pinned for everybody",
    "muted, camera off by a moderator",
  ]);
  assert.deepEqual(texts("b"), []);
});

test("what holds for the whole room is no sign of one person", () => {
  const taken = (hardMuted, reasons) => [
    ...takenFromOneself({ hardMuted, withheld: (source) => reasons[source] ?? null }),
  ];
  assert.deepEqual(taken(true, { microphone: "hard-muted" }), []);
  assert.deepEqual(taken(false, { microphone: "hard-muted", camera: "hard-muted" }), ["audio", "video"]);
  assert.deepEqual(taken(false, { microphone: "floor-required", camera: "floor-required" }), []);
});

test("those in the spotlight have the first places, however the others are ranked", () => {
  assert.deepEqual(firstPlaces(["c", "gone", "a"], ["a", "b", "c"]), ["c", "a", "b"]);
  const wanted = firstPlaces(["z"], ["a", "b", "z"]);
  assert.deepEqual(firstPlaces(["z"], chooseTiles(["a", "b"], wanted, 2)), ["z", "a"]);
});

test("the remaining time is told in the unit that matters", () => {
  const told = [7260, 5400, 3600, 600, 61, 60, 0.4, -3].map(remainingText);
  assert.deepEqual(told, [
    "2 h 1 min left",
    "1 h 30 min left",
    "1 h left",
    "10 min left",
    "2 min left",
    "60 s left",
    "1 s left",
    "0 s left",
  ]);
});

test("whoever is sent out and whoever sees the end for all read which of the two it was", () => {
  for (const message of ["A moderator has sent you out.", "A moderator has ended the session."]) {
    assert.equal(explainEnd("disconnected-by-moderator", message).advice, message);
  }
  for (const reason of ["too-many-pinned", "too-many-spotlighted", "extension-closed"]) {
    assert.notEqual(explain({ reason }).title, "That did not work");
  }
});

test("many changes are one drawing, and none after the end", () => {
  const frames = [];
  globalThis.requestAnimationFrame = (callback) => frames.push(callback);
  globalThis.cancelAnimationFrame = (id) => delete frames[id - 1];
  let drawn = 0;
  const frame = new NextFrame(() => drawn++);
  frame.ask();
  frame.ask();
  frames.splice(0).forEach((callback) => callback());
  frame.ask();
  assert.deepEqual([drawn, frames.length], [1, 1]);
  frame.stop();
  frame.ask();
  frames.forEach((callback) => callback());
  assert.equal(drawn, 1);
});
