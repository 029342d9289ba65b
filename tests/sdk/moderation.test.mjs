import assert from "node:assert/strict";
import test from "node:test";

import { ModeratedRoom } from "../../sdk/moderation.js";
import { Participant } from "../../sdk/participants.js";
import { STATE } from "./fake-session.mjs";

/** A room with the parts that moderation needs. */
class TestRoom extends ModeratedRoom {
  clientId = "me";
  awaited = null;
  permissions = { publish: true, record: false };
  participants = new Map();
  localTracks = ["microphone", "camera", "screen"].map((source) => ({ source, trackId: source, muted: false }));
  done = [];

  constructor(role, asked) {
    super(async (method, params) => {
      asked.push([method, params]);
      return { clients: ["a", "b"], extendedTime: 10 };
    });
    this.role = role;
  }

  async mute(source) {
    this.localTracks.find((track) => track.source === source).muted = true;
    this.done.push(`mute ${source}`);
  }

  async unpublish(source) {
    this.localTracks = this.localTracks.filter((track) => track.source !== source);
    this.done.push(`unpublish ${source}`);
  }
}

function roomOf(role = "participant") {
  const asked = [];
  const room = new TestRoom(role, asked);
  room.participants.set("ada", new Participant({ client_id: "ada", name: "Ada", role: "moderator", tracks: [] }));
  room.moderation.replace({ room_state: STATE });
  return { room, asked };
}

const tell = (room, method, params) => {
  const told = [];
  const off = room.on(method, (event) => told.push(event));
  room.moderated(method, { seq: 1, ...params });
  off();
  return told;
};

const ONE = { client_id: "x" };
const SOME = { client_ids: ["x", "y"] };
for (const [name, args, method, params, result] of [
  ["hardMute", [], "hard-mute", {}],
  ["hardUnmute", [], "hard-unmute", {}],
  ["hardMuteUserAudio", ["x"], "hard-mute-user-audio", ONE],
  ["hardMuteUserVideo", ["x"], "hard-mute-user-video", ONE],
  ["hardUnmuteUserAudio", ["x"], "hard-unmute-user-audio", ONE],
  ["hardUnmuteUserVideo", ["x"], "hard-unmute-user-video", ONE],
  ["lock", [], "lock", {}],
  ["unlock", [], "unlock", {}],
  ["dropUser", [["x", "y"]], "drop-user", SOME],
  ["destroy", [], "destroy", {}],
  ["pinUsers", [["x", "y"]], "pin-users", SOME, ["a", "b"]],
  ["unpinUsers", [["x", "y"]], "unpin-users", SOME, ["a", "b"]],
  ["addSpotlightUsers", [["x", "y"]], "add-spotlight-users", SOME, ["a", "b"]],
  ["removeSpotlightUsers", [["x", "y"]], "remove-spotlight-users", SOME, ["a", "b"]],
  ["approveAwaitedUser", ["x"], "approve-awaited-user", ONE],
  ["denyAwaitedUser", ["x"], "deny-awaited-user", ONE],
  ["switchRoomMode", ["lecture"], "switch-room-mode", { mode: "lecture" }],
  ["switchUserRole", ["x"], "switch-user-role", ONE],
  ["extendConferenceDuration", [], "extend-conference-duration", {}, 10],
  ["requestFloor", [], "request-floor", {}],
  ["cancelFloor", [], "cancel-floor", {}],
  ["finishFloor", [], "finish-floor", {}],
  ["grantFloor", ["x"], "grant-floor", ONE],
  ["denyFloor", ["x"], "deny-floor", ONE],
  ["releaseFloor", ["x"], "release-floor", ONE],
  ["inviteToFloor", ["x"], "invite-to-floor", ONE],
])
  test(`${name} asks for ${method}`, async () => {
    const { room, asked } = roomOf("moderator");
    assert.deepEqual(await room[name](...args), result);
    assert.deepEqual(asked, [[method, params]]);
  });

test("a room that is hard-muted mutes the microphone, which stays muted afterwards", () => {
  const { room } = roomOf();
  assert.deepEqual(tell(room, "hard-mute-room", { moderator: "ada" }), [{ moderator: "ada" }]);
  assert.deepEqual([room.hardMuted, room.withheld("microphone"), room.withheld("camera")], [true, "hard-muted", null]);
  assert.throws(() => room.checkAllowed("microphone"), { reason: "hard-muted" });
  tell(room, "hard-unmute-room", { moderator: "ada" });
  assert.deepEqual([room.hardMuted, room.withheld("microphone")], [false, null]);
  assert.deepEqual(room.done, ["mute microphone"]);
});

test("a hard mute of the room leaves moderators alone", () => {
  const { room } = roomOf("moderator");
  tell(room, "hard-mute-room", { moderator: "ada" });
  assert.equal(room.withheld("microphone"), null);
  assert.deepEqual(room.done, []);
});

test("video taken from oneself ends the screen share, too", () => {
  const { room } = roomOf();
  tell(room, "hardmute-user-video", { client_id: "me", moderator: "ada" });
  assert.deepEqual(room.done, ["mute camera", "unpublish screen"]);
  assert.equal(room.withheld("microphone"), null);
  tell(room, "hardunmute-user-video", { client_id: "me", moderator: "ada" });
  assert.equal(room.withheld("camera"), null);
});

test("what is taken from somebody else is theirs to bear", () => {
  const { room } = roomOf();
  const told = tell(room, "hardmute-user-audio", { client_id: "ada", moderator: "bo" });
  assert.deepEqual(told, [{ clientId: "ada", moderator: "bo" }]);
  assert.deepEqual([...room.participants.get("ada").hardMuted], ["audio"]);
  assert.deepEqual(room.done, []);
});

test("in lecture mode one is silent until one has the floor, and is published again with it", () => {
  const { room, asked } = roomOf();
  tell(room, "room-mode-switched", { mode: "lecture", moderator_id: "ada" });
  assert.deepEqual(room.done, ["mute microphone", "mute camera", "unpublish screen"]);
  assert.equal(room.withheld("camera"), "floor-required");
  const hands = { raisedHands: [], approvedHands: ["me"] };
  const told = tell(room, "floor-changed", { client_id: "me", action: "granted", ...hands });
  assert.deepEqual(told, [{ clientId: "me", action: "granted", ...hands }]);
  assert.equal(room.withheld("camera"), null);
  assert.deepEqual(asked, [
    ["publish", { track_id: "microphone" }],
    ["publish", { track_id: "camera" }],
  ]);
});

test("the role is handed on, with its rights", () => {
  const { room } = roomOf();
  tell(room, "hardmute-user-audio", { client_id: "me", moderator: "ada" });
  tell(room, "user-role-changed", { moderator: { new: "me", old: "ada" }, raisedHands: [], approvedHands: [] });
  assert.deepEqual([room.role, room.permissions.record, room.withheld("microphone")], ["moderator", true, null]);
  assert.equal(room.participants.get("ada").role, "participant");
  tell(room, "user-awaited", { clientId: "dan", name: "Dan" });
  tell(room, "user-role-changed", { moderator: { new: "ada", old: "me" }, raisedHands: [], approvedHands: [] });
  assert.deepEqual([room.role, room.permissions.record, room.awaitedParticipants], ["participant", false, []]);
});

test("the rights that come with a role are those that the server names", () => {
  const { room } = roomOf();
  const hands = { raisedHands: [], approvedHands: [] };
  const rights = { publish: true, record: true, stats: false };
  const permissions = { me: rights, ada: { publish: false, record: false } };
  tell(room, "user-role-changed", { moderator: { new: "me", old: "ada" }, permissions, ...hands });
  assert.deepEqual(room.permissions, rights);
});

test("pins, spotlights, lock and duration are what the server says", () => {
  const { room } = roomOf();
  assert.deepEqual(tell(room, "updated-pinned-users", { moderator_id: "ada", clientIds: ["me", "ada"] }), [
    { moderator: "ada", clientIds: ["me", "ada"] },
  ]);
  tell(room, "spotlight-users", { moderator_id: "ada", users: ["ada"] });
  tell(room, "room-locked", { moderator: "ada" });
  tell(room, "conference-remaining-duration", { timeLeft: 10 });
  assert.deepEqual([room.pinned, room.spotlighted, room.locked, room.extendable], [["me", "ada"], ["ada"], true, true]);
  room.moderated("user-disconnected", { client_id: "ada" });
  assert.deepEqual([room.pinned, room.spotlighted], [["me"], []]);
  tell(room, "room-unlocked", { moderator: "ada" });
  const told = tell(room, "conference-duration-extended", { client_id: "me", extendedTime: 10, timeLeft: 20 });
  assert.deepEqual(told, [{ clientId: "me", extendedTime: 10, timeLeft: 20 }]);
  assert.deepEqual([room.locked, room.extendable], [false, false]);
});

test("what is no moderation is left to others", () => {
  const { room } = roomOf();
  assert.equal(room.moderated("user-connected", { participant: {} }), false);
  assert.equal(room.moderated("some-news-of-tomorrow", {}), false);
});
