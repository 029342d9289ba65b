/** What the server's notifications about others do to the roster, and the events that they become. */

import { Participant, remoteTrack } from "./participants.js";

/** @typedef {import("./roomcast.d.ts").RoomEvents} RoomEvents */
/** @typedef {{[Type in keyof RoomEvents]: {type: Type, event: RoomEvents[Type]}}[keyof RoomEvents]} RoomEvent */
/** @typedef {Map<string, Participant>} Roster */

/**
 * @param {Roster} roster is changed
 * @param {string} method
 * @param {Record<string, any>} params
 * @returns {RoomEvent | null} null for news of what is known already, or that this version knows nothing of
 */
export function applyNotification(roster, method, params) {
  if (method === "user-connected") return connected(roster, params.participant);
  if (method === "message-received" || method === "user-data-received") return sent(roster, method, params);
  const participant = roster.get(params.client_id);
  if (participant === undefined) return null;
  switch (method) {
    case "user-disconnected":
      roster.delete(participant.clientId);
      return { type: method, event: { participant, reason: params.reason } };
    case "user-reconnecting":
    case "user-reconnected":
      participant.reconnecting = method === "user-reconnecting";
      return { type: method, event: { participant } };
    case "user-data-changed":
      participant.data = params.data;
      return { type: method, event: { participant, data: params.data } };
    default:
      return trackChanged(participant, method, params);
  }
}

/**
 * Makes the roster what the server says it is.
 *
 * @param {Roster} roster is changed
 * @param {readonly import("./protocol.d.ts").ParticipantInfo[]} infos everybody but oneself
 * @returns {{come: Participant[], gone: Participant[]}}
 */
export function replaceRoster(roster, infos) {
  const present = new Set(infos.map((info) => info.client_id));
  const gone = [...roster.values()].filter((participant) => !present.has(participant.clientId));
  for (const participant of gone) roster.delete(participant.clientId);
  /** @type {Participant[]} */
  const come = [];
  for (const info of infos) {
    if (connected(roster, info) !== null) come.push(/** @type {Participant} */ (roster.get(info.client_id)));
  }
  return { come, gone };
}

/**
 * @param {Roster} roster
 * @param {import("./protocol.d.ts").ParticipantInfo} info
 * @returns {RoomEvent | null}
 */
function connected(roster, info) {
  const known = roster.get(info.client_id);
  if (known !== undefined) {
    known.update(info);
    return null;
  }
  const participant = new Participant(info);
  roster.set(info.client_id, participant);
  return { type: "user-connected", event: { participant } };
}

/**
 * @param {Roster} roster
 * @param {"message-received" | "user-data-received"} method
 * @param {Record<string, any>} params
 * @returns {RoomEvent}
 */
function sent(roster, method, params) {
  const common = { clientId: params.from, from: roster.get(params.from) ?? null, broadcast: params.broadcast };
  if (method === "user-data-received") return { type: method, event: { ...common, data: params.data } };
  return { type: method, event: { ...common, text: params.text, at: new Date(params.at) } };
}

/**
 * @param {Participant} participant
 * @param {string} method
 * @param {Record<string, any>} params
 * @returns {RoomEvent | null}
 */
function trackChanged(participant, method, params) {
  if (method === "track-published") {
    const known = participant.tracks.has(params.track.track_id);
    const track = remoteTrack(params.track);
    participant.tracks.set(track.trackId, track);
    return known ? null : { type: method, event: { participant, track } };
  }
  const track = participant.tracks.get(params.track_id);
  if (track === undefined) return null;
  switch (method) {
    case "track-unpublished":
      participant.tracks.delete(track.trackId);
      return { type: method, event: { participant, track } };
    case "track-muted":
    case "track-unmuted":
      track.muted = method === "track-muted";
      return { type: method, event: { participant, track } };
    default:
      return null;
  }
}
