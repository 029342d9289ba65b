/** A meeting as one participant has it. `Roomcast.join` makes it. */

import { acceptCallbacks } from "./callbacks.js";
import { RoomClosedError } from "./errors.js";
import { HeightLimits } from "./height-limits.js";
import { PublishingRoom } from "./own-media.js";
import { applyNotification, replaceRoster } from "./room-events.js";
import { TimeLeft } from "./time-left.js";

/** @typedef {import("./participants.js").Participant} Participant */
/** @typedef {import("./protocol.d.ts").JoinResult} JoinResult */
/** @typedef {import("./protocol.d.ts").RoomInfo} RoomInfo */
/** @typedef {import("./protocol.d.ts").SessionInfo} SessionInfo */
/** @typedef {import("./slots.js").Slot} Slot */
/**
 * @typedef {object} RoomParts what a room is put together from
 * @property {import("./signalling.js").Signalling} signalling
 * @property {import("./media-connection.js").MediaConnection} media
 * @property {import("./publishing.js").Publishing} publishing
 * @property {import("./slots.js").Slots} slots
 * @property {Map<string, Participant>} participants
 * @property {import("./timings.js").Timings} timings
 */

export class Room extends PublishingRoom {
  #parts;
  #limits;
  /** What is broken at the moment. @type {Set<"signalling" | "media">} */
  #broken = new Set();
  #timeLeft = new TimeLeft();
  /** @type {"connected" | "disconnected"} */
  #life = "connected";
  #unloaded = () => this.#end("left", "The page was closed.", true);

  /** @type {string} */
  clientId;
  /** @type {string} */
  roomId;
  /** @type {string} */
  name;
  /** The room's settings. @type {Record<string, unknown>} */
  settings;
  /** The application's own data of the room. @type {Record<string, unknown>} */
  data;
  /** The number of this session of the room. @type {string} */
  confNum;
  /** @type {string} */
  role;
  /** @type {import("./protocol.d.ts").Permissions} */
  permissions;
  /** The stage, first place first. @type {Participant[]} */
  activeTalkers = [];
  /** Whether one's own voice is heard at the moment. */
  speaking = false;

  /**
   * @param {RoomParts} parts
   * @param {JoinResult} result
   */
  constructor(parts, result) {
    super((method, params) => this.#request(method, params), parts);
    this.#parts = parts;
    this.#limits = new HeightLimits((max_heights) => this.#request("limit-slots", { max_heights }));
    this.#listen();
    this.#roomKnown(result.room);
    this.#sessionKnown(result, result.time_left);
    globalThis.addEventListener?.("pagehide", this.#unloaded);
  }

  /** Everybody else in the room, by client id. @returns {ReadonlyMap<string, Participant>} */
  get participants() {
    return this.#parts.participants;
  }

  /** @returns {"awaiting" | "connected" | "reconnecting" | "disconnected"} */
  get state() {
    if (this.#life === "disconnected") return "disconnected";
    if (this.#broken.size > 0) return "reconnecting";
    return this.awaited === null ? "connected" : "awaiting";
  }

  /** @returns {"connecting" | "connected" | "reconnecting"} of the peer connection alone */
  get mediaState() {
    return this.#parts.media.state;
  }

  /** Seconds until the session ends by itself; null when it goes on as long as somebody is in. */
  get timeLeft() {
    return this.#timeLeft.at(seconds());
  }

  get timings() {
    return this.#parts.timings;
  }

  get audioSlots() {
    return this.#parts.slots.of("audio");
  }

  get videoSlots() {
    return this.#parts.slots.of("video");
  }

  get screenSlots() {
    return this.#parts.slots.of("screen");
  }

  /**
   * The largest picture of this slot that is of use; the server sends the layer that fits.
   *
   * @param {Slot} slot
   * @param {number | null} height pixels; null for the best there is, 0 for no picture at all
   */
  setMaxHeight(slot, height) {
    this.#limits.set(slot, height);
  }

  /**
   * @param {string} text
   * @param {{to?: readonly string[]}} [options] client ids; everybody without
   */
  async sendMessage(text, { to } = {}) {
    await this.#request("send-message", to === undefined ? { text } : { text, to });
  }

  /**
   * Sends any JSON value to everybody, or to some. Nothing of it is kept.
   *
   * @param {unknown} data
   * @param {{to?: readonly string[]}} [options] client ids
   */
  async sendUserData(data, { to } = {}) {
    await this.#request("send-user-data", to === undefined ? { data } : { data, to });
  }

  /**
   * Replaces one's own custom data, which everybody sees as `participant.data`.
   *
   * @param {Record<string, unknown>} data
   */
  async setData(data) {
    await this.#request("set-data", { data });
  }

  /** The statistics of the peer connection. */
  getStats() {
    return this.#parts.media.getStats();
  }

  /** Leaves. The devices that the SDK opened are closed at once. */
  async leave() {
    if (this.#life === "disconnected") return;
    this.#end("left", "You left the meeting.", true);
  }

  #listen() {
    const { signalling, media } = this.#parts;
    signalling.on("notification", (notification) => this.#notified(notification));
    signalling.on("lost", () => this.#broke("signalling"));
    signalling.on("resumed", (result) => this.#resumed(result));
    signalling.on("gone", () => this.#end("connection-lost", "The connection to the server was lost.", false));
    media.on("state", () => this.#connectionChanged());
    media.on("lost", () => this.#broke("media"));
    media.on("restored", () => this.#mended("media"));
    media.on("renewed", () => {
      this.#limits.repeat();
      this.emit("slots-renewed", null);
    });
    media.on("assigned", (slots) => this.#slotsChanged(slots));
  }

  /**
   * @param {string} method
   * @param {Record<string, unknown>} params
   */
  async #request(method, params) {
    if (this.#life === "disconnected") throw new RoomClosedError("disconnected");
    return this.#parts.signalling.request(method, params);
  }

  /** @param {import("./json-rpc.js").Notification} notification */
  #notified({ method, params }) {
    const { participants, slots, publishing, media } = this.#parts;
    if (method === "conference-duration-extended") {
      this.#timeLeft.extended(params.extendedTime, params.timeLeft, seconds());
    }
    if (this.moderated(method, params) || this.recorded(method, params)) return;
    if (method === "room-disconnected") {
      this.#end(String(params.reason), String(params.message ?? ""), false);
    } else if (method === "room-interrupted") {
      this.emit(method, { reason: String(params.reason), message: String(params.message ?? "") });
    } else if (method === "room-allowed") {
      this.#allowed(params.session, params.time_left, params.room);
    } else if (method === "media-disconnected") {
      media.renew();
    } else if (method === "active-talkers-updated") {
      const changed = slots.update(params.slots ?? []);
      this.#talkersKnown(params.active ?? []);
      this.#slotsChanged(changed);
      this.emit("active-talkers-updated", { active: this.activeTalkers });
    } else if (method === "track-limited") {
      this.limited(params);
    } else if (params.client_id === this.clientId) {
      if (method === "track-muted") publishing.told(params.source, true);
    } else {
      const event = applyNotification(participants, method, params);
      if (event?.type === "user-disconnected") this.#slotsChanged(slots.vacate(event.event.participant.clientId));
      if (event !== null) this.emit(event.type, /** @type {any} */ (event.event));
    }
  }

  /** @param {readonly import("./protocol.d.ts").ActiveTalker[]} active */
  #talkersKnown(active) {
    const { participants } = this.#parts;
    const speaking = new Set(active.filter((talker) => talker.speaking).map((talker) => talker.client_id));
    this.speaking = speaking.has(this.clientId);
    for (const participant of participants.values()) participant.speaking = speaking.has(participant.clientId);
    this.activeTalkers = active.flatMap((talker) => participants.get(talker.client_id) ?? []);
  }

  /** @param {readonly Slot[]} slots */
  #slotsChanged(slots) {
    for (const slot of slots) {
      slot.emit("changed", slot);
      this.emit("slot-changed", { slot });
    }
    if (slots.length > 0) this.#parts.media.watchFirstFrame();
  }

  /** @param {RoomInfo} room */
  #roomKnown(room) {
    this.roomId = room.room_id;
    this.name = room.name;
    this.settings = room.settings;
    this.data = room.data ?? {};
    this.#parts.publishing.limit(room.settings.quality);
  }

  /**
   * Takes over the present state of the session.
   *
   * @param {SessionInfo} session
   * @param {number | null | undefined} timeLeft seconds
   * @returns {ReturnType<typeof replaceRoster>}
   */
  #sessionKnown(session, timeLeft) {
    this.clientId = session.client_id;
    this.confNum = session.conf_num;
    this.role = session.role;
    this.permissions = session.permissions;
    this.awaited = session.awaited ?? null;
    this.moderation.replace(session);
    this.recordings.replace(session);
    this.#timeLeft.replace(timeLeft ?? null, seconds());
    const changes = replaceRoster(this.#parts.participants, session.participants);
    this.#talkersKnown(session.active_talkers ?? []);
    this.obey();
    return changes;
  }

  /**
   * @param {SessionInfo} session the one that the door was opened to
   * @param {number | null | undefined} timeLeft seconds
   * @param {RoomInfo | undefined} room as the session has it, which may have begun only now
   */
  #allowed(session, timeLeft, room) {
    if (this.awaited === null) return; // a resumption told it already
    if (room !== undefined) this.#roomKnown(room);
    this.#sessionKnown(session, timeLeft);
    this.#parts.media.renew();
    this.emit("room-allowed", null);
    this.#connectionChanged();
  }

  /**
   * The state of the room after a resumption. Missed events follow, and change nothing that is known by then.
   *
   * @param {JoinResult} result
   */
  #resumed(result) {
    const { slots, publishing, media } = this.#parts;
    if (this.awaited !== null && !result.awaited) {
      this.#allowed(result, result.time_left, result.room);
      return this.#mended("signalling");
    }
    const { come, gone } = this.#sessionKnown(result, result.time_left);
    const changed = slots.update(result.slots ?? []);
    for (const participant of gone) this.emit("user-disconnected", { participant, reason: "connection-lost" });
    for (const participant of come) this.emit("user-connected", { participant });
    this.#slotsChanged(changed);
    publishing.correct(result.tracks ?? []);
    this.#limits.repeat();
    media.settle();
    this.#mended("signalling");
  }

  /** @param {"signalling" | "media"} part */
  #broke(part) {
    const before = this.state;
    this.#broken.add(part);
    if (before === "connected" || before === "awaiting") this.emit("reconnecting", { part });
    this.#connectionChanged();
  }

  /** @param {"signalling" | "media"} part */
  #mended(part) {
    const before = this.state;
    this.#broken.delete(part);
    if (before === "reconnecting" && this.state !== "reconnecting") this.emit("reconnected", null);
    this.#connectionChanged();
  }

  #connectionChanged() {
    this.emit("connection-changed", { state: this.state, mediaState: this.mediaState });
  }

  /**
   * @param {string} reason
   * @param {string} message
   * @param {boolean} tell whether the server is to be told
   */
  #end(reason, message, tell) {
    if (this.#life === "disconnected") return;
    this.#life = "disconnected";
    const { signalling, media, publishing } = this.#parts;
    globalThis.removeEventListener?.("pagehide", this.#unloaded);
    this.#limits.stop();
    if (tell) signalling.leaveNow();
    else signalling.close();
    media.close();
    publishing.stop();
    this.emit("room-disconnected", { reason, message });
  }
}

acceptCallbacks(Room.prototype);

/** By a clock that is never set. */
function seconds() {
  return performance.now() / 1000;
}
