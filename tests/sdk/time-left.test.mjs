import assert from "node:assert/strict";
import test from "node:test";

import { TimeLeft } from "../../sdk/time-left.js";

function left(seconds, now = 1000) {
  const timeLeft = new TimeLeft();
  timeLeft.replace(seconds, now);
  return timeLeft;
}

test("a session without an end has no time left to tell, and cannot get any", () => {
  const timeLeft = left(null);
  timeLeft.extended(10, 20, 1000);
  assert.equal(timeLeft.at(2000), null);
});

test("time runs down to nothing", () => {
  const timeLeft = left(600);
  assert.deepEqual([timeLeft.at(1000), timeLeft.at(1500.5), timeLeft.at(1700)], [600, 99.5, 0]);
});

test("an extension adds its minutes to the second, though the time that is left is told in whole minutes", () => {
  const timeLeft = left(500);
  timeLeft.extended(10, 18, 1020); // 480 + 600 seconds are 18 minutes
  assert.equal(timeLeft.at(1020), 1080);
  timeLeft.replace(481, 2000);
  timeLeft.extended(10, 19, 2000); // rounded up
  assert.equal(timeLeft.at(2000), 1081);
});

test("an extension that is told again after a resumption counts once", () => {
  const timeLeft = left(1050); // told by the resumption, 30 seconds after the extension
  timeLeft.extended(10, 18, 1000);
  assert.equal(timeLeft.at(1000), 1050);
});
