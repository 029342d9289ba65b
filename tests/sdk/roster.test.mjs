import assert from "node:assert/strict";
import test from "node:test";

import { applyNotification, replaceRoster } from "../../sdk/room-events.js";

const ADA = {
  client_id: "c1",
  name: "Ada",
  role: "participant",
  user_ref: "u1",
  data: {},
  tracks: [],
  joined_at: "",
  reconnecting: false,
};
const CAMERA = { track_id: "t1", source: "camera", kind: "video", muted: false };

function withAda() {
  const roster = new Map();
  applyNotification(roster, "user-connected", { participant: ADA });
  return { roster, ada: roster.get("c1") };
}

test("people come and go", () => {
  const { roster, ada } = withAda();
  assert.equal(ada.name, "Ada");
  const left = applyNotification(roster, "user-disconnected", { client_id: "c1", reason: "left" });
  assert.deepEqual([left.type, left.event.participant, left.event.reason], ["user-disconnected", ada, "left"]);
  assert.equal(roster.size, 0);
});

test("tracks are published, muted and withdrawn", () => {
  const { roster, ada } = withAda();
  assert.equal(ada.sends("camera"), false);
  applyNotification(roster, "track-published", { client_id: "c1", track: CAMERA });
  assert.equal(ada.sends("camera"), true);
  const muted = applyNotification(roster, "track-muted", { client_id: "c1", track_id: "t1", source: "camera" });
  assert.equal(muted.event.track.muted, true);
  assert.equal(ada.sends("camera"), false);
  applyNotification(roster, "track-unmuted", { client_id: "c1", track_id: "t1", source: "camera" });
  assert.equal(ada.sends("camera"), true);
  applyNotification(roster, "track-unpublished", { client_id: "c1", track_id: "t1" });
  assert.equal(ada.track("camera"), null);
});

test("what is known already is no news, but is brought up to date", () => {
  const { roster, ada } = withAda();
  assert.equal(applyNotification(roster, "user-connected", { participant: { ...ADA, name: "Ada L." } }), null);
  assert.equal(ada.name, "Ada L.");
  applyNotification(roster, "track-published", { client_id: "c1", track: CAMERA });
  assert.equal(applyNotification(roster, "track-published", { client_id: "c1", track: CAMERA }), null);
});

test("news of people and tracks that are gone, and unknown news, change nothing", () => {
  const { roster } = withAda();
  for (const [method, params] of [
    ["user-disconnected", { client_id: "gone", reason: "left" }],
    ["track-muted", { client_id: "c1", track_id: "gone", source: "camera" }],
    ["track-published", { client_id: "gone", track: CAMERA }],
    ["a-later-invention", { client_id: "c1" }],
    ["a-later-invention", {}],
  ])
    assert.equal(applyNotification(roster, method, params), null);
  assert.equal(roster.size, 1);
});

test("a message names its sender, even one who has left", () => {
  const { roster, ada } = withAda();
  const params = { from: "c1", text: "hello", to: null, broadcast: true, at: "2026-11-22T10:00:00Z" };
  const { event } = applyNotification(roster, "message-received", params);
  assert.deepEqual(
    [event.from, event.text, event.broadcast, event.at.toISOString()],
    [ada, "hello", true, "2026-11-22T10:00:00.000Z"],
  );
  roster.clear();
  assert.equal(applyNotification(roster, "message-received", params).event.from, null);
});

test("a lost connection of somebody shows until they are back", () => {
  const { roster, ada } = withAda();
  applyNotification(roster, "user-reconnecting", { client_id: "c1" });
  assert.equal(ada.reconnecting, true);
  applyNotification(roster, "user-reconnected", { client_id: "c1" });
  assert.equal(ada.reconnecting, false);
});

test("after a resumption the roster is what the server says, and who came and went is told", () => {
  const { roster, ada } = withAda();
  applyNotification(roster, "user-connected", { participant: { ...ADA, client_id: "c2", name: "Ben" } });
  const ben = roster.get("c2");
  const { come, gone } = replaceRoster(roster, [
    { ...ADA, tracks: [CAMERA] },
    { ...ADA, client_id: "c3", name: "Cleo" },
  ]);
  assert.deepEqual(gone, [ben]);
  assert.deepEqual(
    come.map(({ name }) => name),
    ["Cleo"],
  );
  assert.equal(roster.get("c1"), ada, "who stays is the same object");
  assert.equal(ada.sends("camera"), true);
});
