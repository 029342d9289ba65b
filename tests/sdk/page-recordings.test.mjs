import assert from "node:assert/strict";
import test from "node:test";

import { durationText, eventText, fileText, howLong, inOrder, sizeText } from "../../web/js/recording-texts.js";
import { ApiError, RecordingsApi } from "../../web/js/recordings-api.js";

const file = (kind, name, content_type = "video/x-matroska") => ({ file_id: name, kind, name, content_type, size: 1 });

test("sizes are told in the unit that fits", () => {
  assert.deepEqual(
    [0, 999, 1000, 9_949, 9_950, 999_499, 999_500, 2_500_000_000, 1e15].map(sizeText),
    ["0 bytes", "999 bytes", "1.0 kB", "9.9 kB", "10 kB", "999 kB", "1.0 MB", "2.5 GB", "1000 TB"],
  );
});

test("durations are told as people say them", () => {
  assert.deepEqual([-1, 59.4, 60, 2700, 3599, 3600, 5400].map(durationText), [
    "0 s",
    "59 s",
    "1 min",
    "45 min",
    "1 h",
    "1 h",
    "1 h 30 min",
  ]);
  assert.equal(howLong({ opened_at: "2027-01-15T08:00:00.000Z" }), "goes on");
});

test("a file is named by what it shows, and offers what a page can do with it", () => {
  const use = (...given) => fileText(file(...given)).use;
  assert.equal(use("transcoded", "s.mp4", "video/mp4"), "play");
  assert.equal(use("recording", "c1-1.mkv"), "play");
  assert.equal(use("chat", "chat.json", "application/json"), "read");
  assert.equal(use("metadata", "session-meta.json", "application/json"), "read");
  assert.equal(use("recording", "timeline.jsonl", "application/jsonl"), "download");
  assert.equal(fileText(file("recording", "c1-screen-1.mkv")).label, "A shared screen");
});

test("what people look for first stands first, whatever kinds there are", () => {
  const files = [file("metadata", "m"), file("new-kind", "n"), file("recording", "b"), file("transcoded", "z"), file("recording", "a")];
  assert.deepEqual(inOrder(files).map(({ name }) => name), ["z", "a", "b", "m", "n"]);
});

test("events are told with names, unknown ones by their own", () => {
  const names = new Map([["c1", "Ann"]]);
  const told = (name, client_id, details = {}) => eventText({ at: "", name, client_id, details }, names);
  assert.equal(told("room-locked", "c1"), "Ann: locked the room");
  assert.equal(told("track-muted", "c1", { source: "microphone" }), "Ann: muted the microphone");
  assert.equal(told("something-new", null), "The server: something new");
});

/** Answers each request with the next of these. */
function answering(t, ...answers) {
  const asked = [];
  t.mock.method(globalThis, "fetch", async (path, options) => {
    asked.push({ path, ...options });
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return new Response(JSON.stringify(answer.body ?? {}), { status: answer.status ?? 200 });
  });
  return asked;
}

test("the key goes into a header, and the browser is kept from asking for it", async (t) => {
  const asked = answering(t, { body: { sessions: [] } });
  await new RecordingsApi({ appId: "app", appKey: "schlüssel" }).list(20, "a b");
  assert.equal(asked[0].path, "/video/v2/recordings?limit=20&after=a+b");
  assert.equal(asked[0].credentials, "omit");
  assert.equal(atob(asked[0].headers.Authorization.slice(6)), "app:schl\u00c3\u00bcssel");
});

test("a link is followed on the page's own server, whatever address it has from behind a proxy", async (t) => {
  answering(t, { body: { url: "http://inside:8080/files/f1/a.mp4?expires=1&signature=s" } });
  const link = await new RecordingsApi({ appId: "a", appKey: "k" }).link("f1");
  assert.equal(link, "/files/f1/a.mp4?expires=1&signature=s");
});

test("errors have a reason that the page has words for", async (t) => {
  answering(
    t,
    { status: 401 },
    { status: 404, body: { error: "There is no such file." } },
    { status: 500, body: { error: "It failed." } },
    new TypeError(),
  );
  const api = new RecordingsApi({ appId: "a", appKey: "k" });
  for (const [reason, message] of [
    ["unauthorised", /401/],
    ["gone", /no such file/],
    ["refused", /It failed/],
    ["unreachable", /reached/],
  ]) {
    await assert.rejects(api.deleteFile("f1"), (error) => {
      assert.ok(error instanceof ApiError);
      assert.equal(error.reason, reason);
      assert.match(error.message, message);
      return true;
    });
  }
});
