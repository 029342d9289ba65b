/** What moderators, or they themselves, have made of one person, as small signs beside the name. Pure. */

/** @typedef {import("/sdk/roomcast.js").Room} Room */
/** @typedef {{iconName: import("./icons.js").IconName, text: string}} Badge */

const TAKEN = { audio: "muted", video: "camera off" };

/**
 * @param {Pick<Room, "spotlighted" | "pinned" | "raisedHands" | "approvedHands">} room
 * @param {string} clientId
 * @param {ReadonlySet<"audio" | "video">} hardMuted what a moderator took from this person alone
 * @returns {Badge[]}
 */
export function badgesOf(room, clientId, hardMuted) {
  /** @type {Badge[]} */
  const badges = [];
  if (room.raisedHands.includes(clientId)) badges.push({ iconName: "hand", text: "raises a hand" });
  if (room.approvedHands.includes(clientId)) badges.push({ iconName: "floor", text: "has the floor" });
  if (room.spotlighted.includes(clientId)) badges.push({ iconName: "spotlight", text: "in the spotlight" });
  if (room.pinned.includes(clientId)) badges.push({ iconName: "pin", text: "pinned for everybody" });
  const taken = /** @type {const} */ (["audio", "video"]).filter((kind) => hardMuted.has(kind));
  if (taken.length > 0) {
    badges.push({ iconName: "shield", text: `${taken.map((kind) => TAKEN[kind]).join(", ")} by a moderator` });
  }
  return badges;
}

/**
 * What a moderator took from oneself alone. What holds for the whole room is no sign of one person.
 *
 * @param {Pick<Room, "withheld" | "hardMuted">} room
 * @returns {Set<"audio" | "video">}
 */
export function takenFromOneself(room) {
  /** @type {Set<"audio" | "video">} */
  const taken = new Set();
  if (room.withheld("microphone") === "hard-muted" && !room.hardMuted) taken.add("audio");
  if (room.withheld("camera") === "hard-muted") taken.add("video");
  return taken;
}
