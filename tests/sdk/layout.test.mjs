import assert from "node:assert/strict";
import test from "node:test";

import { cornerRect, focusLayout, gridLayout, usefulHeight } from "../../web/js/layout.js";

const WINDOWS = [
  [1280, 700],
  [1920, 980],
  [800, 600],
  [360, 560],
  [740, 260],
  [820, 1100],
  [300, 300],
  [2560, 500],
];

/** @param {import("../../web/js/layout.js").Rect} a */
function overlap(a, b) {
  const slack = 0.01;
  return (
    a.x + a.width > b.x + slack &&
    b.x + b.width > a.x + slack &&
    a.y + a.height > b.y + slack &&
    b.y + b.height > a.y + slack
  );
}

function assertTidy(rects, width, height) {
  for (const [index, rect] of rects.entries()) {
    assert.ok(rect.x >= -0.01 && rect.y >= -0.01, "starts inside");
    assert.ok(rect.x + rect.width <= width + 0.01 && rect.y + rect.height <= height + 0.01, "ends inside");
    for (const other of rects.slice(index + 1)) assert.ok(!overlap(rect, other), "tiles do not overlap");
  }
}

test("1 to 16 tiles fit into every window, apart and of one size", () => {
  for (const [width, height] of WINDOWS) {
    for (let count = 1; count <= 16; count++) {
      const rects = gridLayout({ count, width, height });
      assert.equal(rects.length, count);
      assertTidy(rects, width, height);
      assert.equal(new Set(rects.map((rect) => `${rect.width} ${rect.height}`)).size, 1);
    }
  }
});

test("tiles use most of an ordinary window", () => {
  for (const [width, height] of [
    [1280, 700],
    [1920, 980],
    [360, 560],
  ]) {
    for (let count = 1; count <= 16; count++) {
      const rects = gridLayout({ count, width, height });
      const used = rects.reduce((sum, rect) => sum + rect.width * rect.height, 0) / (width * height);
      assert.ok(used > 0.5, `${count} tiles use ${used} of ${width}x${height}`);
    }
  }
});

test("two stand side by side in a wide window and on top of each other on a phone", () => {
  const [left, right] = gridLayout({ count: 2, width: 1280, height: 700 });
  assert.equal(left.y, right.y);
  const [upper, lower] = gridLayout({ count: 2, width: 360, height: 560 });
  assert.equal(upper.x, lower.x);
});

test("the last row is centred", () => {
  const rects = gridLayout({ count: 5, width: 1280, height: 700 });
  const last = rects.filter((rect) => rect.y === rects[4].y);
  const left = last[0].x;
  const right = 1280 - (last.at(-1).x + last.at(-1).width);
  assert.ok(Math.abs(left - right) < 0.01);
});

test("nothing is placed in a window without room", () => {
  assert.deepEqual(gridLayout({ count: 3, width: 0, height: 500 }), []);
  assert.deepEqual(gridLayout({ count: 0, width: 500, height: 500 }), []);
});

test("a screen gets most of the window and everybody keeps a tile beside or below it", () => {
  for (const [width, height] of WINDOWS) {
    for (let count = 0; count <= 16; count++) {
      const { main, others } = focusLayout({ count, width, height });
      assert.equal(others.length, count);
      assertTidy([main, ...others], width, height);
      for (const other of others) assert.ok(main.width * main.height > other.width * other.height);
    }
  }
  const wide = focusLayout({ count: 3, width: 1280, height: 700 });
  assert.ok(
    wide.others.every((rect) => rect.x >= wide.main.width),
    "beside it in a wide window",
  );
  const tall = focusLayout({ count: 3, width: 360, height: 640 });
  assert.ok(
    tall.others.every((rect) => rect.y >= tall.main.height),
    "below it in an upright one",
  );
});

test("the corner picture stays inside", () => {
  for (const [width, height] of WINDOWS) assertTidy([cornerRect({ width, height })], width, height);
});

test("a tile asks for the smallest picture that looks sharp in it", () => {
  assert.equal(usefulHeight({ width: 320, height: 180 }, 1, "cover"), 180);
  assert.equal(usefulHeight({ width: 320, height: 180 }, 2, "cover"), 360);
  assert.equal(usefulHeight({ width: 320, height: 180 }, 3, "cover"), 360, "more than two pixels to one are not seen");
  assert.equal(usefulHeight({ width: 640, height: 180 }, 1, "cover"), 360, "a wide tile cuts off above and below");
  assert.equal(usefulHeight({ width: 640, height: 180 }, 1, "contain"), 180);
  assert.equal(usefulHeight({ width: 3840, height: 2160 }, 1, "cover"), 2160);
});

test("a small change of the window asks for nothing new", () => {
  const heights = new Set(
    [310, 320, 340, 360, 380].map((height) => usefulHeight({ width: height * 1.6, height }, 1, "cover")),
  );
  assert.equal(heights.size, 1);
});
