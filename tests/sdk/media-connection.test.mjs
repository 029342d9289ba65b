import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";

import { LocalTrack } from "../../sdk/local-track.js";
import { MediaConnection } from "../../sdk/media-connection.js";
import { Publishing } from "../../sdk/publishing.js";
import { Slots } from "../../sdk/slots.js";
import { Timings } from "../../sdk/timings.js";
import { FakeTrack, install } from "./fake-media.mjs";
import { FakePeerConnection, installPeers } from "./fake-peer.mjs";
import { soon } from "./fake-socket.mjs";

beforeEach(() => {
  install();
  installPeers();
});

const happened = async (check) => {
  for (let turn = 0; turn < 400 && !check(); turn++) await soon(5);
  assert.ok(check(), "it happened");
};

/** A connected media connection of someone who sends a camera; `server` answers every negotiation. */
async function connected() {
  const server = { offers: [], failures: [], refused: [], during: null };
  const request = async (method, { offer, media }) => {
    server.offers.push({ offer, uses: media.map((entry) => entry.use), peer: FakePeerConnection.last });
    server.during?.();
    const failure = server.failures.shift();
    if (failure) throw failure;
    return { answer: "answer", tracks: [], slots: slotInfos(media), refused: server.refused };
  };
  const publishing = new Publishing(request);
  publishing.add(new LocalTrack("camera", new FakeTrack("video"), {}));
  const slots = new Slots(() => undefined);
  const options = { slots: { audio: 1, video: 2, screen: 1 } };
  const media = new MediaConnection({ request, publishing, slots, timings: new Timings(), options });
  const events = [];
  for (const type of ["lost", "restored", "renewed"]) media.on(type, () => events.push(type));
  const first = await media.firstOffer();
  await media.start({ answer: "answer", tracks: [], slots: slotInfos(first.media) }, []);
  await happened(() => media.state === "connected");
  return { media, server, publishing, slots, events, first };
}

const slotInfos = (media) =>
  media
    .filter((entry) => entry.use.endsWith("-slot"))
    .map(({ mid, use }, index) => ({
      slot_id: mid,
      mid,
      use: use.replace("-slot", ""),
      index: use === "video-slot" ? index - 1 : 0,
      client_id: null,
      track_id: null,
    }));

test("the first offer brings what is published and every slot, cameras in layers", async () => {
  const { media, first, slots } = await connected();
  assert.deepEqual(
    first.media.map((entry) => entry.use),
    ["camera", "audio-slot", "video-slot", "video-slot", "screen-slot"],
  );
  const [camera] = FakePeerConnection.last.getTransceivers();
  assert.deepEqual(
    camera.sendEncodings.map((encoding) => encoding.rid),
    ["q", "h", "f"],
  );
  assert.equal(slots.of("video")[1].mediaTrack.kind, "video");
  media.close();
});

test("a connection that fails is restarted, and keeps its peer connection", async () => {
  const { media, events } = await connected();
  FakePeerConnection.last.become("failed");
  await happened(() => events.includes("restored"));
  assert.deepEqual(events, ["lost", "restored"]);
  assert.equal(FakePeerConnection.made.length, 1);
  assert.equal(FakePeerConnection.last.restarts, 1);
  media.close();
});

test("when a restart does not help, a new peer connection takes over, with everything published and the same slots", async () => {
  const { media, events, server, slots } = await connected();
  const { stream } = slots.of("video")[0];
  FakePeerConnection.connects = "failed";
  server.during = () => {
    if (server.offers.length === 2) FakePeerConnection.connects = "connected";
  };
  FakePeerConnection.last.become("failed");
  await happened(() => events.includes("restored"));
  assert.deepEqual(events, ["lost", "renewed", "restored"]);
  assert.equal(FakePeerConnection.made[0].connectionState, "closed");
  assert.deepEqual(server.offers.at(-1).uses, ["camera", "audio-slot", "video-slot", "video-slot", "screen-slot"]);
  assert.equal(slots.of("video")[0].stream, stream);
  assert.equal(slots.of("video")[0].mediaTrack.of, FakePeerConnection.last);
  media.close();
});

test("a connection that the server has lost is replaced at once", async () => {
  const { media, events } = await connected();
  media.renew();
  await happened(() => events.includes("restored"));
  assert.deepEqual(events, ["lost", "renewed", "restored"]);
  assert.equal(FakePeerConnection.made.length, 2);
  assert.equal(FakePeerConnection.made[0].restarts, 0);
  media.close();
});

test("closing the old peer connection, which the server tells as a loss, does not cost the new one", async () => {
  const { media, events, server } = await connected();
  server.during = () => media.renew(); // before the answer to the new offer: news of the old connection
  media.renew();
  await happened(() => events.includes("restored"));
  assert.equal(FakePeerConnection.made.length, 2);
  media.close();
});

test("without a media node the attempts go on until there is one", async () => {
  const { media, events, server } = await connected();
  server.failures.push(new Error("no-media-node"), new Error("no-media-node"));
  media.renew();
  await happened(() => events.includes("restored"));
  assert.equal(server.offers.length, 3);
  media.close();
});

test("a short gap is left to ICE", async () => {
  const { media, events } = await connected();
  FakePeerConnection.last.become("disconnected");
  await soon(50);
  FakePeerConnection.last.become("connected");
  await soon(50);
  assert.deepEqual(events, []);
  media.close();
});

test("a negotiation that fails is taken back, and made good after the resumption", async () => {
  const { media, server } = await connected();
  server.failures.push(new Error("connection-lost"));
  const screen = new LocalTrack("screen", new FakeTrack("video"), {});
  await assert.rejects(media.publish(screen), /connection-lost/);
  assert.equal(FakePeerConnection.last.rollbacks, 1);
  media.settle();
  await happened(() => server.offers.length === 2);
  media.settle();
  await soon(20);
  assert.equal(server.offers.length, 2, "settled once is settled");
  media.close();
});

test("negotiations go one after the other", async () => {
  const { media, server } = await connected();
  const screen = new LocalTrack("screen", new FakeTrack("video"), {});
  await Promise.all([media.publish(screen), media.unpublish(screen)]);
  assert.deepEqual(
    server.offers.map(({ uses }) => uses.includes("screen")),
    [true, false],
  );
  media.close();
});

test("what the server refuses is told with its reason", async () => {
  const { media, server } = await connected();
  const refusals = [];
  media.on("refused", ({ track, reason }) => refusals.push([track.source, reason]));
  FakePeerConnection.last.refuse("5");
  server.refused = [{ mid: "5", reason: "screen-share-disabled" }];
  await media.publish(new LocalTrack("screen", new FakeTrack("video"), {}));
  assert.deepEqual(refusals, [["screen", "screen-share-disabled"]]);
  media.close();
});

test("nothing is repaired after leaving", async () => {
  const { media, server, events } = await connected();
  media.close();
  media.renew();
  await soon(20);
  assert.deepEqual([events, server.offers.length], [[], 0]);
});
