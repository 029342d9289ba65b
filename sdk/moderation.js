/** The part of a room that moderates it: what moderators may ask for, and what they have made of the session. */

import { RoomcastError } from "./errors.js";
import { Emitter } from "./events.js";
import { ModerationState } from "./moderation-state.js";

/** @typedef {import("./roomcast.d.ts").RoomEvents} RoomEvents */
/** @typedef {import("./roomcast.d.ts").Source} Source */

const WITHHELD = {
  "hard-muted": "A moderator has muted it: only a moderator can lift that.",
  "floor-required": "In lecture mode only moderators publish, and who has the floor.",
};

/**
 * `Room` completes it.
 *
 * @abstract
 * @extends {Emitter<RoomEvents>}
 */
export class ModeratedRoom extends Emitter {
  #ask;
  /** @readonly */
  moderation = new ModerationState();
  /** What one waits for before one is let in; null when one is in. @type {"approval" | "moderator" | null} */
  awaited = null;

  /** @param {(method: string, params: Record<string, unknown>) => Promise<any>} ask makes a request of the server */
  constructor(ask) {
    super();
    this.#ask = ask;
  }

  /**
   * @protected
   * @param {string} method
   * @param {Record<string, unknown>} params
   */
  ask(method, params) {
    return this.#ask(method, params);
  }

  /** Whether the whole room is hard-muted. */
  get hardMuted() {
    return this.moderation.hardMuted;
  }

  get locked() {
    return this.moderation.locked;
  }

  get mode() {
    return this.moderation.mode;
  }

  get pinned() {
    return this.moderation.pinned;
  }

  get spotlighted() {
    return this.moderation.spotlighted;
  }

  get raisedHands() {
    return this.moderation.raisedHands;
  }

  get approvedHands() {
    return this.moderation.approvedHands;
  }

  get extendable() {
    return this.moderation.extendable;
  }

  get awaitedParticipants() {
    return this.moderation.awaitedParticipants;
  }

  /** Silences everybody but moderators, newcomers included. */
  async hardMute() {
    await this.ask("hard-mute", {});
  }

  async hardUnmute() {
    await this.ask("hard-unmute", {});
  }

  /** @param {string} clientId */
  async hardMuteUserAudio(clientId) {
    await this.ask("hard-mute-user-audio", { client_id: clientId });
  }

  /** @param {string} clientId */
  async hardMuteUserVideo(clientId) {
    await this.ask("hard-mute-user-video", { client_id: clientId });
  }

  /** @param {string} clientId */
  async hardUnmuteUserAudio(clientId) {
    await this.ask("hard-unmute-user-audio", { client_id: clientId });
  }

  /** @param {string} clientId */
  async hardUnmuteUserVideo(clientId) {
    await this.ask("hard-unmute-user-video", { client_id: clientId });
  }

  /** Nobody but moderators comes in any more. */
  async lock() {
    await this.ask("lock", {});
  }

  async unlock() {
    await this.ask("unlock", {});
  }

  /** @param {readonly string[]} clientIds nobody in it means everybody who is no moderator */
  async dropUser(clientIds) {
    await this.ask("drop-user", { client_ids: clientIds });
  }

  /** Ends the session for everybody. */
  async destroy() {
    await this.ask("destroy", {});
  }

  /**
   * @param {readonly string[]} clientIds
   * @returns {Promise<string[]>} all who are pinned now
   */
  async pinUsers(clientIds) {
    return (await this.ask("pin-users", { client_ids: clientIds })).clients;
  }

  /**
   * @param {readonly string[]} clientIds
   * @returns {Promise<string[]>} all who are pinned now
   */
  async unpinUsers(clientIds) {
    return (await this.ask("unpin-users", { client_ids: clientIds })).clients;
  }

  /**
   * @param {readonly string[]} clientIds
   * @returns {Promise<string[]>} all who are in the spotlight now
   */
  async addSpotlightUsers(clientIds) {
    return (await this.ask("add-spotlight-users", { client_ids: clientIds })).clients;
  }

  /**
   * @param {readonly string[]} clientIds
   * @returns {Promise<string[]>} all who are in the spotlight now
   */
  async removeSpotlightUsers(clientIds) {
    return (await this.ask("remove-spotlight-users", { client_ids: clientIds })).clients;
  }

  /** @param {string} clientId of somebody in `awaitedParticipants` */
  async approveAwaitedUser(clientId) {
    await this.ask("approve-awaited-user", { client_id: clientId });
  }

  /** @param {string} clientId of somebody in `awaitedParticipants` */
  async denyAwaitedUser(clientId) {
    await this.ask("deny-awaited-user", { client_id: clientId });
  }

  /** @param {"group" | "lecture"} mode */
  async switchRoomMode(mode) {
    await this.ask("switch-room-mode", { mode });
  }

  /**
   * Makes somebody moderator, and oneself a participant.
   *
   * @param {string} clientId
   */
  async switchUserRole(clientId) {
    await this.ask("switch-user-role", { client_id: clientId });
  }

  /** @returns {Promise<number>} by how many minutes the session goes on longer */
  async extendConferenceDuration() {
    return (await this.ask("extend-conference-duration", {})).extendedTime;
  }

  /** Asks for the floor, or accepts the invitation to it. */
  async requestFloor() {
    await this.ask("request-floor", {});
  }

  /** Takes the request back, or declines the invitation. */
  async cancelFloor() {
    await this.ask("cancel-floor", {});
  }

  async finishFloor() {
    await this.ask("finish-floor", {});
  }

  /** @param {string} clientId */
  async grantFloor(clientId) {
    await this.ask("grant-floor", { client_id: clientId });
  }

  /** @param {string} clientId */
  async denyFloor(clientId) {
    await this.ask("deny-floor", { client_id: clientId });
  }

  /** @param {string} clientId of somebody who has the floor */
  async releaseFloor(clientId) {
    await this.ask("release-floor", { client_id: clientId });
  }

  /** @param {string} clientId */
  async inviteToFloor(clientId) {
    await this.ask("invite-to-floor", { client_id: clientId });
  }

  /**
   * Why nothing may be sent from this source of one's own at the moment; null when it may.
   *
   * @param {Source} source
   */
  withheld(source) {
    return this.moderation.withheld(source, /** @type {any} */ (this));
  }

  /**
   * @protected
   * @param {Source} source
   * @throws {RoomcastError} `hard-muted`, `floor-required`
   */
  checkAllowed(source) {
    const reason = this.withheld(source);
    if (reason !== null) throw new RoomcastError(reason, WITHHELD[reason]);
  }

  /**
   * @protected
   * @param {string} method
   * @param {Record<string, any>} params
   * @returns {boolean} whether it was about moderation
   */
  moderated(method, params) {
    const room = /** @type {import("./room.js").Room} */ (/** @type {unknown} */ (this));
    const waited = room.localTracks.filter((track) => this.withheld(track.source) === "floor-required");
    const roster = /** @type {Map<string, import("./participants.js").Participant>} */ (room.participants);
    const happened = this.moderation.apply(method, params, room, roster);
    if (happened === null) return false;
    if (happened.type === "user-role-changed") {
      const record = room.role === "moderator";
      room.permissions = params.permissions?.[room.clientId] ?? { ...room.permissions, record };
    }
    for (const { source, trackId } of waited) {
      if (this.withheld(source) === "floor-required" || trackId === null) continue;
      this.ask("publish", { track_id: trackId }).catch(() => {}); // gone meanwhile, or withheld once more
    }
    this.obey();
    this.emit(happened.type, /** @type {any} */ (happened.event));
    return true;
  }

  /**
   * What is withheld is not sent from here either. It stays muted afterwards: only its owner opens a microphone.
   *
   * @protected
   */
  obey() {
    const room = /** @type {import("./room.js").Room} */ (/** @type {unknown} */ (this));
    if (room.awaited !== null) return;
    for (const { source, muted } of room.localTracks) {
      if (muted || this.withheld(source) === null) continue;
      const silenced = source === "screen" ? room.unpublish(source) : room.mute(source);
      silenced.catch(() => {}); // silent here all the same, and the server forwards nothing of it
    }
  }
}
