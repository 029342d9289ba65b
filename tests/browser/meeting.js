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
    "room-disconnected", "room-allowed", "user-awaited",
  ];

  const play = (name, stream) => {
    if (meeting.players.has(name)) return;
    const video = Object.assign(document.createElement("video"), { autoplay: true, playsInline: true });
    video.srcObject = stream;
    document.documentElement.append(video);
    meeting.players.set(name, { video, watched: probe.watch(video) });
    video.play().catch(() => {}); // a stream without any track yet plays as soon as it has one
  };

  /** Joins with a camera of `colour`; `options` go to the SDK. Returns the client id. */
  meeting.join = async (token, { colour, talking = false, camera, ...options }) => {
    const { Roomcast } = await import("/sdk/roomcast.js");
    meeting.microphone = await probe.microphone();
    meeting.microphone.talk(talking);
    const audio = meeting.microphone.track;
    const room = await Roomcast.join(location.origin, token, { audio, video: probe.camera(colour, camera), ...options });
    meeting.room = room;
    for (const type of EVENTS) room.on(type, (event) => meeting.events.push([type, event]));
    const playAll = () => {
      for (const slot of [...room.videoSlots, ...room.audioSlots]) play(`person ${slot.index}`, slot.stream);
      for (const slot of room.screenSlots) play(`screen ${slot.index}`, slot.stream);
    };
    room.on("slots-renewed", playAll); // who had to wait has slots only later
    playAll();
    return room.clientId;
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
