import assert from "node:assert/strict";
import test from "node:test";

import { chooseTiles, rankPeople } from "../../web/js/choose-tiles.js";

test("everybody is shown while there is room", () => {
  assert.deepEqual(chooseTiles([], ["a", "b", "c"], 15), ["a", "b", "c"]);
});

test("a new ranking moves nobody who stays", () => {
  assert.deepEqual(chooseTiles(["a", "b", "c"], ["c", "a", "b"], 3), ["a", "b", "c"]);
});

test("a newcomer takes the place of whoever goes", () => {
  assert.deepEqual(chooseTiles(["a", "b", "c"], ["d", "a", "c", "b"], 3), ["a", "d", "c"]);
});

test("whoever leaves frees a place that the next one closes up to", () => {
  assert.deepEqual(chooseTiles(["a", "b", "c"], ["a", "c"], 3), ["a", "c"]);
});

test("the most important come first when there are more people than places", () => {
  assert.deepEqual(chooseTiles([], ["a", "b", "c", "d"], 2), ["a", "b"]);
  assert.deepEqual(chooseTiles(["x"], ["a"], 0), []);
});

test("those who are received come before those without a picture, and these before those not received", () => {
  const people = [
    { id: "waiting", inSlot: false, hasVideo: true },
    { id: "voice", inSlot: false, hasVideo: false },
    { id: "talker", inSlot: true, hasVideo: true },
    { id: "guest", inSlot: true, hasVideo: true },
  ];
  assert.deepEqual(rankPeople(people, ["waiting", "talker"]), ["talker", "guest", "voice", "waiting"]);
});

test("people follow the order of the stage, then that of their coming", () => {
  const people = ["a", "b", "c"].map((id) => ({ id, inSlot: true, hasVideo: true }));
  assert.deepEqual(rankPeople(people, ["c"]), ["c", "a", "b"]);
});
