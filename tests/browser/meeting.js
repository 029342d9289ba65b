// A participant for the tests: joins by the SDK and plays every slot, as an application would, with a camera of one
// colour and a microphone that the test makes speak. Runs after page_probe.js, on any page of the server.
(() => {
  "use strict";

  const meeting = {
    room: null,
    /** Events of the room in order, as [type, detail]. */
    events: [],
    /** One <video> for each stream of the slots: "person 0" (video and audio slot 0), "screen 0". */
    players: new Map(),
  };
  globalThis.meeting = meeting;

  const EVENTS = [
    "user-connected", "user-disconnected", "user-reconnecting", "user-reconnected", "track-published",
    "track-unpublished", "track-muted", "track-unmuted", "message-received", "reconnecting", "reconnected",
    "room-interrupted", "room-disconnected", "room-allowed", "user-awaited", "floor-changed", "user-role-changed",
    "room-record-on", "room-record-off", "room-record-failed", "room-live-recording-on", "room-live-recording-off",
    "room-live-recording-failed", "room-live-recording-updated",
  ];

  const play = (name, stream) => {
    if (meeting.players.has(name)) return;
    const video = Object.assign(document.createElement("video"), { autoplay: true, playsInline: true });
    video.srcObject = stream;
    document.documentElement.append(video);
    meeting.players.set(name, { video, watched: probe.watch(video) });
    video.play().catch(() => {}); // a stream without any track yet plays as soon as it has one
  };

  /**
   * Joins with a camera of `colour`; `options` go to the SDK. `defiant`: goes on sending whatever it is told, and
   * tells the server nothing of a mute. Returns the client id.
   */
  meeting.join = async (token, { colour, talking = false, tone, camera, defiant = false, ...options }) => {
    const { Roomcast } = await import("/sdk/roomcast.js");
    meeting.microphone = await probe.microphone(tone);
    meeting.microphone.talk(talking);
    const audio = meeting.microphone.track;
    const video = probe.camera(colour, camera);
    const insist = defiant ? defiance({ audio, video }) : null;
    const WebSocketClass = insist?.WebSocketClass;
    const room = await Roomcast.join(location.origin, token, { audio, video, WebSocketClass, ...options });
    meeting.room = room;
    await insist?.send();
    for (const type of EVENTS) room.on(type, (event) => meeting.events.push([type, event]));
    const playAll = () => {
      for (const slot of [...room.videoSlots, ...room.audioSlots]) play(`person ${slot.index}`, slot.stream);
      for (const slot of room.screenSlots) play(`screen ${slot.index}`, slot.stream);
    };
    room.on("slots-renewed", playAll); // who had to wait has slots only later
    playAll();
    return room.clientId;
  };

  /** What a client does that does not obey: copies of its tracks are sent, which nobody turns off. */
  const defiance = (tracks) => {
    const { replaceTrack } = RTCRtpSender.prototype;
    RTCRtpSender.prototype.replaceTrack = async () => {};
    const WebSocketClass = class extends WebSocket {
      send(text) {
        if (JSON.parse(text).method !== "mute") super.send(text);
      }
    };
    const send = async () => {
      for (const { sender, receiver, direction } of probe.open()[0].getTransceivers()) {
        if (direction !== "sendonly") continue;
        const copy = tracks[receiver.track.kind].clone();
        copy.enabled = true;
        await replaceTrack.call(sender, copy);
      }
    };
    return { WebSocketClass, send };
  };

  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  /** What changes within half a second: the values of `measure()` after it less those before. */
  const changes = async (measure) => {
    const before = await measure();
    await pause(500);
    const after = await measure();
    return Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]));
  };

  const summed = (entries, name) => entries.reduce((total, entry) => total + (entry[name] ?? 0), 0);

  /** What is sent within half a second: {audioBytes, frames, energy} (of the sound that goes into the encoder). */
  meeting.sends = () =>
    changes(async () => {
      const stats = await probe.stats();
      const sent = (kind) => stats.filter((entry) => entry.type === "outbound-rtp" && entry.kind === kind);
      const heard = stats.filter((entry) => entry.type === "media-source" && entry.kind === "audio");
      return {
        audioBytes: summed(sent("audio"), "bytesSent"),
        frames: summed(sent("video"), "framesSent"),
        energy: summed(heard, "totalAudioEnergy"),
      };
    });

  /** The energy of all that is heard within half a second. */
  meeting.energy = async () => {
    const audio = async () => (await probe.inbound()).filter(({ kind }) => kind === "audio");
    return (await changes(async () => ({ energy: summed(await audio(), "totalAudioEnergy") }))).energy;
  };

  /** The colours [r, g, b] of the pictures that move, whatever the room says of them. */
  meeting.moving = async () => {
    const players = [...meeting.players];
    const moved = await changes(async () => Object.fromEntries(players.map(([name, one]) => [name, one.watched.frames])));
    return players.flatMap(([name, { video }]) => (moved[name] > 0 ? [probe.colour(video)] : []));
  };

  meeting.share = async (track) => void (await meeting.room.shareScreen(track));

  const shown = (slots, prefix) =>
    slots
      .filter((slot) => slot.participant)
      .map((slot) => {
        const { video, watched } = meeting.players.get(`${prefix} ${slot.index}`);
        const { frames, first } = watched;
        const size = [video.videoWidth, video.videoHeight];
        return { name: slot.participant.name, index: slot.index, colour: probe.colour(video), frames, first, size };
      });

  /** Who is to be seen: [{name, index, colour, frames, first, size}]. */
  meeting.people = () => shown(meeting.room.videoSlots, "person");
  meeting.screens = () => shown(meeting.room.screenSlots, "screen");

  /** The energy of what was heard so far in each audio slot that has somebody in it, by name. */
  meeting.heard = async () => {
    const inbound = await probe.inbound();
    const heard = {};
    for (const slot of meeting.room.audioSlots) {
      const entry = inbound.find(({ kind, trackIdentifier }) => kind === "audio" && trackIdentifier === slot.mediaTrack?.id);
      if (slot.participant && entry) heard[slot.participant.name] = entry.totalAudioEnergy ?? 0;
    }
    return heard;
  };

  /** The longest pause between two frames, in milliseconds, of everybody who is seen; `restart` forgets those before. */
  meeting.longestGap = () => Math.max(0, ...meeting.people().map(({ index }) => player(index).watched.gap()));
  meeting.restartGaps = () => meeting.people().forEach(({ index }) => player(index).watched.restart());
  const player = (index) => meeting.players.get(`person ${index}`);

  /** Sums over all incoming video: {decoded, freezes, frozen (seconds), lost, …}. */
  meeting.video = async () => {
    const entries = (await probe.inbound()).filter((entry) => entry.kind === "video");
    const sum = (name) => entries.reduce((total, entry) => total + (entry[name] ?? 0), 0);
    return {
      decoded: sum("framesDecoded"),
      freezes: sum("freezeCount"),
      frozen: sum("totalFreezesDuration"),
      lost: sum("packetsLost"),
      recovered: sum("retransmittedPacketsReceived"),
      nacks: sum("nackCount"),
      keyframeRequests: sum("pliCount"),
    };
  };
})();
