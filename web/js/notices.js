/** Tells people what moderators did to them or to the room, in the moment in which it happens. */

import { announce, toast } from "./announce.js";
import { tellIfFails } from "./failures.js";

/** @typedef {import("/sdk/roomcast.js").Room} Room */
/** @typedef {import("/sdk/roomcast.js").RoomEvents} RoomEvents */
/** @typedef {import("./icons.js").IconName} IconName */

const FLOOR = {
  granted: "You have the floor: turn your microphone on.",
  denied: "A moderator cannot give you the floor now.",
  released: "A moderator took the floor back.",
};
const PIN = { iconName: /** @type {const} */ ("pin") };
const SPOTLIGHT = { iconName: /** @type {const} */ ("spotlight") };

export class Notices {
  #room;
  /** Who was pinned, and in the spotlight, when it was last told. */
  #pinned;
  #spotlighted;

  /** @param {Room} room */
  constructor(room) {
    this.#room = room;
    this.#pinned = room.pinned.includes(room.clientId);
    this.#spotlighted = room.spotlighted.includes(room.clientId);
    this.#tellOfMutes();
    this.#tellOfRoom();
    this.#tellOfStage();
    room.on("floor-changed", (event) => this.#floorChanged(event));
    room.on("user-role-changed", ({ moderator }) => this.#roleChanged(moderator));
    room.on("conference-remaining-duration", ({ timeLeft }) => this.#timeRunsOut(timeLeft));
    room.on("conference-duration-extended", ({ extendedTime }) => {
      toast(`The meeting goes on ${extendedTime} minutes longer.`, { iconName: "clock" });
    });
  }

  #tellOfMutes() {
    const room = this.#room;
    for (const [kind, source] of /** @type {const} */ ([
      ["audio", "microphone"],
      ["video", "camera"],
    ])) {
      room.on(`hardmute-user-${kind}`, ({ clientId }) => {
        if (clientId !== room.clientId) return;
        toast(`A moderator has turned your ${source} off.`, { iconName: `${source}-off`, tone: "trouble" });
      });
      room.on(`hardunmute-user-${kind}`, ({ clientId }) => {
        if (clientId === room.clientId) this.#offer(source);
      });
    }
    room.on("hard-mute-room", () => {
      const exempt = room.role === "moderator";
      toast(exempt ? "Everybody but moderators is muted." : "A moderator has muted everybody.", {
        iconName: "microphone-off",
      });
    });
    room.on("hard-unmute-room", () => {
      if (room.role === "moderator") announce("Everybody may turn the microphone on again.");
      else this.#offer("microphone");
    });
  }

  #tellOfRoom() {
    const room = this.#room;
    room.on("room-locked", () => toast("The room is locked: nobody else comes in.", { iconName: "lock" }));
    room.on("room-unlocked", () => toast("The room is open again.", { iconName: "lock" }));
    room.on("room-mode-switched", ({ mode }) => {
      const moderates = room.role === "moderator";
      const lecture = moderates
        ? "Lecture: only moderators are seen and heard, and those to whom they give the floor."
        : "Lecture: you listen. Raise your hand to speak.";
      const group = moderates ? "Everybody may speak again." : "Everybody may speak again: turn your microphone on.";
      toast(mode === "lecture" ? lecture : group, { iconName: "lecture" });
    });
  }

  #tellOfStage() {
    const room = this.#room;
    room.on("updated-pinned-users", ({ clientIds }) => {
      const now = clientIds.includes(room.clientId);
      if (now !== this.#pinned) toast(now ? "You are pinned: everybody sees you." : "You are pinned no more.", PIN);
      this.#pinned = now;
    });
    room.on("spotlight-users", ({ users }) => {
      const now = users.includes(room.clientId);
      if (now !== this.#spotlighted) {
        toast(now ? "You are in the spotlight: everybody sees you first." : "You left the spotlight.", SPOTLIGHT);
      }
      this.#spotlighted = now;
    });
  }

  /**
   * What was withheld may be used again. Nobody's device is turned on but by themselves.
   *
   * @param {"microphone" | "camera"} source
   */
  #offer(source) {
    if (this.#room.withheld(source) !== null) return; // for another reason
    const text = `You may use your ${source} again.`;
    if (this.#room.localTrack(source)?.muted !== true) toast(text, { iconName: source });
    else {
      const onclick = () => tellIfFails(this.#room.unmute(source));
      toast(`${text} Click here to turn it on.`, { iconName: source, onclick });
    }
  }

  /** @param {RoomEvents["floor-changed"]} event */
  #floorChanged({ clientId, action }) {
    const name = this.#room.participants.get(clientId)?.name || "A guest";
    if (clientId === this.#room.clientId) {
      if (action === "invited") announce("A moderator invites you to speak.");
      const text = FLOOR[/** @type {keyof typeof FLOOR} */ (action)];
      if (text !== undefined) toast(text, { iconName: "floor" });
    } else if (action === "granted") {
      toast(`${name} has the floor.`, { iconName: "floor" });
    } else if (this.#room.role === "moderator" && action === "requested") {
      announce(`${name} raises a hand.`);
    } else if (this.#room.role === "moderator" && action === "invited") {
      toast(`${name} is invited to speak.`, { iconName: "floor" });
    }
  }

  /** @param {{new: string, old: string}} moderator */
  #roleChanged(moderator) {
    const { clientId, participants } = this.#room;
    const name = participants.get(moderator.new)?.name || "A guest";
    const text =
      moderator.new === clientId
        ? "You are a moderator now: open the list of people to see what you can do."
        : moderator.old === clientId
          ? `${name} is the moderator now, and you are a participant.`
          : `${name} is a moderator now.`;
    toast(text, { iconName: "moderator" });
  }

  /** @param {number} minutes */
  #timeRunsOut(minutes) {
    const text = `The meeting ends in ${minutes} minute${minutes === 1 ? "" : "s"}.`;
    if (!this.#room.permissions.controlhandlers) toast(text, { iconName: "clock", tone: "trouble" });
    else {
      const onclick = () => tellIfFails(this.#room.extendConferenceDuration());
      toast(`${text} Click here to extend it.`, { iconName: "clock", tone: "trouble", onclick });
    }
  }
}
