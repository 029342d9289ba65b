import assert from "node:assert/strict";
import test from "node:test";

import { cameraEncodings, rescaledEncodings, ridsFor } from "../../sdk/simulcast.js";

test("a camera sends as many layers as the browser really sends for its size", () => {
  assert.deepEqual(ridsFor(1920, 1080), ["q", "h", "f"]);
  assert.deepEqual(ridsFor(1280, 720), ["q", "h", "f"]);
  assert.deepEqual(ridsFor(960, 540), ["q", "h", "f"]);
  assert.deepEqual(ridsFor(640, 480), ["q", "h"]);
  assert.deepEqual(ridsFor(640, 360), ["q", "h"]);
  assert.deepEqual(ridsFor(320, 240), []);
});

test("a phone held upright is a camera of the same size", () => {
  assert.deepEqual(ridsFor(720, 1280), ["q", "h", "f"]);
});

test("layers halve from one to the next and the best is the whole picture", () => {
  assert.deepEqual(
    cameraEncodings(1280, 720).map((encoding) => encoding.scaleResolutionDownBy),
    [4, 2, 1],
  );
  assert.deepEqual(
    cameraEncodings(640, 480).map((encoding) => encoding.scaleResolutionDownBy),
    [2, 1],
  );
});

test("a larger layer may use more bandwidth", () => {
  for (const [width, height] of [
    [1920, 1080],
    [1280, 720],
    [640, 480],
  ]) {
    const rates = cameraEncodings(width, height).map((encoding) => encoding.maxBitrate);
    assert.deepEqual(
      rates,
      [...rates].sort((a, b) => a - b),
    );
    assert.equal(new Set(rates).size, rates.length);
  }
});

test("without simulcast there is one encoding, without a rid", () => {
  const encodings = cameraEncodings(320, 240);
  assert.equal(encodings.length, 1);
  assert.equal(encodings[0].rid, undefined);
});

test("a smaller camera switches off the layers it cannot fill and keeps its whole picture", () => {
  const encodings = rescaledEncodings(cameraEncodings(1280, 720), 640, 480);
  assert.deepEqual(
    encodings.map((encoding) => encoding.rid),
    ["q", "h", "f"],
  );
  assert.deepEqual(
    encodings.map((encoding) => encoding.active),
    [true, true, false],
  );
  assert.deepEqual(
    encodings.slice(0, 2).map((encoding) => encoding.scaleResolutionDownBy),
    [2, 1],
  );
});

test("a larger camera fills the layers again", () => {
  const smaller = rescaledEncodings(cameraEncodings(1280, 720), 640, 480);
  const again = rescaledEncodings(smaller, 1280, 720);
  assert.deepEqual(
    again.map((encoding) => encoding.active),
    [true, true, true],
  );
  assert.deepEqual(
    again.map((encoding) => encoding.scaleResolutionDownBy),
    [4, 2, 1],
  );
});

test("a tiny camera still sends something", () => {
  const encodings = rescaledEncodings(cameraEncodings(1280, 720), 160, 120);
  assert.deepEqual(
    encodings.map((encoding) => encoding.active),
    [true, false, false],
  );
  assert.equal(encodings[0].scaleResolutionDownBy, 1);
});
