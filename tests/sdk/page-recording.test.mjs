import assert from "node:assert/strict";
import test from "node:test";

import { explain, explainRecordingFailure } from "../../web/js/error-texts.js";
import { doerOf, recordingTitle } from "../../web/js/recording.js";

const ROOM = {
  clientId: "me",
  participants: new Map([
    ["ben", { name: "Ben" }],
    ["guest", { name: "" }],
  ]),
};

test("who started a recording is named, where that is known", () => {
  assert.equal(doerOf(ROOM, "me"), "You");
  assert.equal(doerOf(ROOM, "ben"), "Ben");
  assert.equal(doerOf(ROOM, "guest"), "A guest");
  assert.equal(doerOf(ROOM, "gone"), null);
  assert.equal(doerOf(ROOM, null), null);
});

test("the red dot says what is recorded, and by whom", () => {
  assert.equal(recordingTitle({ recording: false, liveRecording: false }, null), "");
  assert.match(recordingTitle({ recording: false, liveRecording: true }, null), /recorded\.$/);
  assert.match(recordingTitle({ recording: true, liveRecording: false }, "Ben"), /Ben started it\.$/);
});

test("a recording that cannot begin, or breaks off, says what to do", () => {
  assert.match(explain({ reason: "no-recorder" }).advice, /operator/);
  for (const reason of ["recorder-gone", "storage-full", "layout-failed", "recorder-failed"]) {
    assert.match(explainRecordingFailure(reason, "", true).advice, /\. .*Start it again/s, reason);
    assert.match(explainRecordingFailure(reason, "", false).advice, /The meeting goes on\.$/, reason);
  }
  assert.match(explainRecordingFailure("something-new", "Because.", true).advice, /^Because\. /);
});
