import assert from "node:assert/strict";
import test from "node:test";

import { mediaError } from "../../sdk/errors.js";
import { Emitter } from "../../sdk/events.js";
import { hueOf, initials } from "../../web/js/avatar.js";
import { explain, explainEnd } from "../../web/js/error-texts.js";
import { destinationOf, roomIdOf, roomPath } from "../../web/js/invitation.js";
import { loudness } from "../../web/js/level-meter.js";
import { linksInText } from "../../web/js/links-in-text.js";
import { actionOf, SHORTCUTS } from "../../web/js/shortcuts.js";

const texts = (pieces) => pieces.map(({ text, href }) => (href === null ? text : `[${text}]`)).join("");

test("web addresses in a message become links, without the end of the sentence", () => {
  assert.equal(
    texts(linksInText("See https://example.org/a?b=1, please.")),
    "See [https://example.org/a?b=1], please.",
  );
  assert.equal(texts(linksInText("(https://example.org)")), "([https://example.org])");
  assert.equal(texts(linksInText("http://a.b http://c.d")), "[http://a.b] [http://c.d]");
});

test("nothing else becomes a link", () => {
  for (const text of [
    "",
    "plain",
    "javascript:alert(1)",
    "ftp://example.org",
    "<b>bold</b>",
    "https://",
    "data:text/html,x",
  ]) {
    assert.ok(
      linksInText(text).every(({ href }) => href === null),
      text,
    );
    assert.equal(texts(linksInText(text)), text);
  }
});

test("whatever is written is shown unchanged", () => {
  let seed = 7;
  const random = (limit) => (seed = (seed * 1103515245 + 12345) % 2147483648) % limit;
  const parts = ["https://", "a", ".", "/", " ", "\n", "<", ">", '"', "😀", "javascript:", ")", "%", "\\"];
  for (let round = 0; round < 2000; round++) {
    const text = Array.from({ length: random(12) }, () => parts[random(parts.length)]).join("");
    assert.equal(
      linksInText(text)
        .map((piece) => piece.text)
        .join(""),
      text,
    );
  }
});

test("initials are one or two letters of any script", () => {
  assert.equal(initials("Ada Lovelace"), "AL");
  assert.equal(initials("  ada  "), "A");
  assert.equal(initials("Émile de la Tour"), "ÉT");
  assert.equal(initials("(Bob) [guest]"), "BG");
  assert.equal(initials("😀"), "😀");
  assert.equal(initials(""), "?");
  assert.equal(hueOf("Ada"), hueOf("Ada"));
});

test("every error says what to do", () => {
  for (const reason of ["unreachable", "timeout", "token-used", "token-expired", "room-full", "never-heard-of"]) {
    const { title, advice } = explain({ reason, message: "" });
    assert.ok(title.length > 0 && advice.length > 0, reason);
  }
  for (const name of ["NotAllowedError", "NotFoundError", "NotReadableError", "OverconstrainedError", "TypeError"]) {
    const { title, advice } = explain(mediaError(new DOMException("", name), "camera"));
    assert.match(title + advice, /camera|one/i);
  }
  assert.ok(explain(undefined).title.length > 0);
  assert.equal(explainEnd("something-new", "Because.").advice, "Because.");
});

test("a link or an id leads to its room on this server, and nowhere else", () => {
  const here = "https://meet.example.org";
  assert.equal(destinationOf("https://meet.example.org/room/abc123#token=x", here), "/room/abc123#token=x");
  assert.equal(destinationOf(" meet.example.org/room/abc123 ", here), "/room/abc123");
  assert.equal(destinationOf("abc123", here), "/room/abc123");
  for (const text of [
    "",
    "https://evil.example/room/abc",
    "https://meet.example.org/other",
    "javascript:alert(1)",
    "a b c",
    "//evil.example/room/x",
  ]) {
    assert.equal(destinationOf(text, here), null, text);
  }
});

test("a room's path holds its id, whatever the id is made of", () => {
  for (const roomId of ["abc", "a/b", "ä ö", "100%"]) assert.equal(roomIdOf(roomPath(roomId)), roomId);
  assert.equal(roomIdOf("/room/%"), "");
  assert.equal(roomIdOf("/"), "");
});

test("keys lead to their actions, and combinations of the browser do not", () => {
  const press = (key, held = {}) =>
    actionOf({ key, shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, ...held });
  assert.equal(press("m"), "microphone");
  assert.equal(press(" "), "talk");
  assert.equal(press("?", { shiftKey: true }), "help");
  assert.equal(press("L", { shiftKey: true }), "leave");
  assert.equal(press("l"), null);
  assert.equal(press("c", { ctrlKey: true }), null);
  assert.equal(press("v", { metaKey: true }), null);
  assert.equal(new Set(SHORTCUTS.map(({ keys }) => keys.join())).size, SHORTCUTS.length);
});

test("the level goes from silence to loud speech", () => {
  assert.equal(loudness(new Float32Array(512)), 0);
  assert.equal(loudness(new Float32Array(512).fill(0.9)), 1);
  const speech = loudness(new Float32Array(512).fill(0.05));
  assert.ok(speech > 0.4 && speech < 0.9);
});

test("a listener that fails keeps nobody else from hearing", () => {
  const reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  const emitter = new Emitter();
  const heard = [];
  emitter.on("x", () => {
    throw new Error("mine");
  });
  const off = emitter.on("x", (value) => heard.push(value));
  emitter.once("x", (value) => heard.push(`once ${value}`));
  emitter.emit("x", 1);
  off();
  emitter.emit("x", 2);
  delete globalThis.reportError;
  assert.deepEqual(heard, [1, "once 1"]);
  assert.deepEqual(reported, ["mine", "mine"]);
});
