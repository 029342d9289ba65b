/** What one can do about a person in the room: the items of their menu. */

import { confirmed } from "./confirm.js";
import { tellIfFails } from "./failures.js";

/** @typedef {import("/sdk/roomcast.js").Room} Room */
/** @typedef {import("./menu.js").MenuItem} MenuItem */
/**
 * @typedef {object} Target
 * @property {string} id client id
 * @property {string} name
 * @property {boolean} own whether it is oneself
 * @property {string} role
 * @property {ReadonlySet<"audio" | "video">} hardMuted
 */

/**
 * What a moderator can do, in groups: media, the floor, the stage, and what has consequences.
 *
 * @param {Room} room
 * @param {Target} target
 * @returns {MenuItem[][]}
 */
export function moderatorActions(room, target) {
  return [mediaActions, floorActions, stageActions, lastActions].map((actions) => actions(room, target));
}

/**
 * @param {Room} room
 * @param {Target} target
 * @returns {MenuItem[]}
 */
function mediaActions(room, { id, own, role, hardMuted }) {
  if (own || role !== "participant") return [];
  return [
    hardMuted.has("audio")
      ? item("Allow microphone", "microphone", () => room.hardUnmuteUserAudio(id))
      : item("Mute microphone", "microphone-off", () => room.hardMuteUserAudio(id)),
    hardMuted.has("video")
      ? item("Allow camera", "camera", () => room.hardUnmuteUserVideo(id))
      : item("Turn camera off", "camera-off", () => room.hardMuteUserVideo(id)),
  ];
}

/**
 * @param {Room} room
 * @param {Target} target
 * @returns {MenuItem[]}
 */
function floorActions(room, { id, own, role }) {
  if (own || role !== "participant" || room.mode !== "lecture") return [];
  if (room.approvedHands.includes(id)) return [item("Take the floor back", "hand", () => room.releaseFloor(id))];
  if (!room.raisedHands.includes(id)) return [item("Invite to speak", "floor", () => room.inviteToFloor(id))];
  return [
    item("Give the floor", "floor", () => room.grantFloor(id)),
    item("Decline the raised hand", "hand", () => room.denyFloor(id)),
  ];
}

/**
 * @param {Room} room
 * @param {Target} target
 * @returns {MenuItem[]}
 */
function stageActions(room, { id }) {
  return [
    room.pinned.includes(id)
      ? item("Unpin for everybody", "pin", () => room.unpinUsers([id]))
      : item("Pin for everybody", "pin", () => room.pinUsers([id])),
    room.spotlighted.includes(id)
      ? item("Take out of the spotlight", "spotlight", () => room.removeSpotlightUsers([id]))
      : item("Put in the spotlight", "spotlight", () => room.addSpotlightUsers([id])),
  ];
}

/**
 * @param {Room} room
 * @param {Target} target
 * @returns {MenuItem[]}
 */
function lastActions(room, { id, name, own, role }) {
  if (own) return [];
  const promote = async () => {
    const text = "You become a participant like the others. Only a moderator can make you moderator again.";
    if (await confirmed({ title: `Make ${name} moderator?`, text, action: "Make moderator" })) {
      await room.switchUserRole(id);
    }
  };
  const remove = async () => {
    const text = "They can come back, unless you lock the room.";
    if (await confirmed({ title: `Remove ${name}?`, text, action: "Remove", danger: true })) await room.dropUser([id]);
  };
  return [
    ...(role === "participant" ? [item("Make moderator…", "moderator", promote)] : []),
    { ...item("Remove from the meeting…", "remove", remove), danger: true },
  ];
}

/**
 * @param {string} label
 * @param {import("./icons.js").IconName} iconName
 * @param {() => Promise<unknown>} act
 * @returns {MenuItem}
 */
function item(label, iconName, act) {
  return { label, iconName, run: () => tellIfFails(act()) };
}
