/** Who is in the room. */

/** @typedef {import("./protocol.d.ts").ParticipantInfo} ParticipantInfo */
/** @typedef {import("./protocol.d.ts").TrackInfo} TrackInfo */
/** @typedef {import("./roomcast.d.ts").RemoteTrack} RemoteTrack */

/**
 * @param {TrackInfo} info
 * @returns {RemoteTrack}
 */
export function remoteTrack(info) {
  return { trackId: info.track_id, source: info.source, kind: info.kind, muted: info.muted };
}

export class Participant {
  /** @readonly @type {string} */
  clientId;
  name = "";
  role = "";
  /** The application's own name for this person. @type {string | null} */
  userRef = null;
  /** Custom data, as the participant or their token set it. @type {Record<string, unknown>} */
  data = {};
  /** What they publish, by track id. @type {Map<string, RemoteTrack>} */
  tracks = new Map();
  /** Whether their voice is heard at the moment. */
  speaking = false;
  /** Their connection was lost, and they may be back in a moment. */
  reconnecting = false;
  /** What a moderator took from them. @type {Set<"audio" | "video">} */
  hardMuted = new Set();

  /** @param {ParticipantInfo} info */
  constructor(info) {
    this.clientId = info.client_id;
    this.update(info);
  }

  /** @param {ParticipantInfo} info */
  update(info) {
    this.name = info.name;
    this.role = info.role;
    this.userRef = info.user_ref ?? null;
    this.data = info.data ?? {};
    this.reconnecting = info.reconnecting ?? false;
    this.hardMuted = new Set(info.hard_muted ?? []);
    this.tracks = new Map(info.tracks.map((track) => [track.track_id, remoteTrack(track)]));
  }

  /**
   * What they publish from this source.
   *
   * @param {import("./protocol.d.ts").Source} source
   * @returns {RemoteTrack | null}
   */
  track(source) {
    return [...this.tracks.values()].find((track) => track.source === source) ?? null;
  }

  /**
   * Whether something of theirs can be seen or heard from this source now.
   *
   * @param {import("./protocol.d.ts").Source} source
   */
  sends(source) {
    const track = this.track(source);
    return track !== null && !track.muted;
  }
}
