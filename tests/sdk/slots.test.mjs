import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";

import { HeightLimits } from "../../sdk/height-limits.js";
import { Slots } from "../../sdk/slots.js";
import { soon } from "./fake-socket.mjs";
import { FakeTrack, install } from "./fake-media.mjs";

beforeEach(install);

const info = (use, index, client_id = null) => ({
  slot_id: `${use}${index}`,
  mid: `${use}${index}`,
  use,
  index,
  client_id,
  track_id: client_id && `${client_id}-${use}`,
});

function made() {
  const people = new Map([
    ["c1", { clientId: "c1" }],
    ["c2", { clientId: "c2" }],
  ]);
  const slots = new Slots((clientId) => people.get(clientId));
  slots.update([info("audio", 0), info("video", 0), info("video", 1), info("screen", 0)]);
  const tracks = new Map();
  const peer = {
    received: (mid) => {
      if (!tracks.has(mid)) tracks.set(mid, new FakeTrack(mid.startsWith("audio") ? "audio" : "video"));
      return tracks.get(mid);
    },
  };
  slots.attach(peer);
  return { slots, people, tracks, peer };
}

test("audio slot k and video slot k share a stream, screens have their own", () => {
  const { slots, tracks } = made();
  const [audio] = slots.of("audio");
  const [first, second] = slots.of("video");
  assert.equal(audio.stream, first.stream);
  assert.notEqual(first.stream, second.stream);
  assert.deepEqual(first.stream.getTracks(), [tracks.get("audio0"), tracks.get("video0")]);
  assert.deepEqual(slots.of("screen")[0].stream.getTracks(), [tracks.get("screen0")]);
});

test("slots change their owner, and only those that did are told", () => {
  const { slots, people } = made();
  const changed = slots.update([info("video", 0, "c1"), info("video", 1)]);
  assert.deepEqual(changed, [slots.of("video")[0]]);
  assert.equal(slots.of("video")[0].participant, people.get("c1"));
  assert.deepEqual(slots.update([info("video", 0, "c1")]), []);
});

test("a slot of somebody unknown has nobody in it", () => {
  const { slots, people } = made();
  slots.update([info("video", 0, "c1")]);
  people.delete("c1");
  assert.equal(slots.of("video")[0].participant, null);
});

test("whoever leaves is out of every slot", () => {
  const { slots } = made();
  slots.update([info("audio", 0, "c1"), info("video", 0, "c1"), info("video", 1, "c2")]);
  assert.equal(slots.vacate("c1").length, 2);
  assert.deepEqual(
    slots.of("video").map((slot) => slot.clientId),
    [null, "c2"],
  );
});

test("a new peer connection brings new tracks into the same streams", () => {
  const { slots, tracks, peer } = made();
  const { stream } = slots.of("video")[0];
  tracks.clear();
  slots.update([{ ...info("video", 0), slot_id: "renamed" }]);
  slots.attach(peer);
  assert.equal(slots.of("video")[0].stream, stream);
  assert.equal(slots.of("video")[0].slotId, "renamed");
  assert.deepEqual(stream.getTracks(), [tracks.get("audio0"), tracks.get("video0")]);
});

test("many limits go in one message, the last of each slot", async () => {
  const { slots } = made();
  const sent = [];
  const limits = new HeightLimits(async (heights) => {
    sent.push(heights);
  });
  const [first, second] = slots.of("video");
  limits.set(first, 180);
  limits.set(second, 720);
  limits.set(first, 360.4);
  await soon(250);
  assert.deepEqual(sent, [{ video0: 360, video1: 720 }]);
  limits.set(first, 360);
  await soon(250);
  assert.equal(sent.length, 1, "nothing new, nothing sent");
  limits.repeat();
  await soon(250);
  assert.deepEqual(sent[1], { video0: 360, video1: 720 });
});

test("a limit that did not arrive goes with the next one", async () => {
  const { slots } = made();
  const sent = [];
  let down = true;
  const limits = new HeightLimits(async (heights) => {
    if (down) throw new Error("lost");
    sent.push(heights);
  });
  const [first, second] = slots.of("video");
  limits.set(first, 180);
  await soon(250);
  down = false;
  limits.set(second, null);
  await soon(250);
  assert.deepEqual(sent, [{ video0: 180, video1: null }]);
});
