/** The events of a `Room` with the fields that the document of the EnableX API shows. */

/** @typedef {import("../roomcast.d.ts").Participant} Participant */
/** @typedef {import("../roomcast.d.ts").RoomEvents} RoomEvents */
/** @typedef {Record<string, unknown>} Fields */
/** @template Event @typedef {(event: Event, clientId: string) => Fields | null} Translation */

/** @param {Participant} participant */
const person = ({ clientId, name, userRef, role, data }) => ({ clientId, name, user_ref: userRef, role, data });

/** @param {object} event @returns {Fields} */
const same = (event) => ({ ...event });

/** Only for the one concerned. @type {Translation<{clientId: string, moderator: string}>} */
const mine = (event, clientId) => (event.clientId === clientId ? { moderator: event.moderator } : null);

/** @type {Translation<{participant: Participant}>} */
const about = ({ participant }) => person(participant);

/**
 * The fields of each event, or null when it does not reach the participant with this client id.
 *
 * @satisfies {{[Type in keyof RoomEvents]?: Translation<RoomEvents[Type]>}}
 */
export const EVENTS = {
  "room-record-on": same,
  "room-record-off": same,
  "room-record-failed": same,
  "room-live-recording-on": same,
  "room-live-recording-off": same,
  "room-live-recording-failed": same,
  "room-live-recording-updated": same,
  "hard-mute-room": same,
  "hard-unmute-room": same,
  "hardmute-user-audio": mine,
  "hardmute-user-video": mine,
  "hardunmute-user-audio": mine,
  "hardunmute-user-video": mine,
  "room-locked": same,
  "room-unlocked": same,
  "user-awaited": same,
  "awaited-user-gone": same,
  "room-allowed": () => ({}),
  "room-mode-switched": same,
  "floor-changed": same,
  "user-role-changed": same,
  "conference-remaining-duration": same,
  "conference-duration-extended": same,
  "updated-pinned-users": ({ moderator, clientIds }) => ({ moderator_id: moderator, clientIds }),
  "spotlight-users": ({ moderator, users }) => ({ moderator_id: moderator, users }),
  "user-connected": about,
  "user-disconnected": about,
  "message-received": ({ broadcast, from, clientId, text, at }) => ({
    broadcast,
    sender: from?.name ?? "",
    senderId: clientId,
    message: text,
    timestamp: at.getTime(),
  }),
  "user-data-received": ({ broadcast, clientId, data }) => ({ broadcast, senderId: clientId, msg: data }),
  "room-disconnected": ({ reason, message }) => ({ cause: { msg: reason, desc: message } }),
};
