/** What moderators have made of the session, as the server tells it. */

/** @typedef {import("./roomcast.d.ts").ModerationEvents} ModerationEvents */
/** @typedef {import("./roomcast.d.ts").Source} Source */
/** @typedef {import("./protocol.d.ts").SessionInfo} SessionInfo */
/** @typedef {{clientId: string, role: string}} Self */
/** @typedef {Map<string, import("./participants.js").Participant>} Roster */
/** @template {keyof ModerationEvents} Type @typedef {{type: Type, event: ModerationEvents[Type]}} EventOf */
/** @typedef {{[Type in keyof ModerationEvents]: EventOf<Type>}[keyof ModerationEvents]} ModerationEvent */

const USER_MUTES = new Map([
  ["hardmute-user-audio", /** @type {const} */ (["audio", true])],
  ["hardmute-user-video", /** @type {const} */ (["video", true])],
  ["hardunmute-user-audio", /** @type {const} */ (["audio", false])],
  ["hardunmute-user-video", /** @type {const} */ (["video", false])],
]);

export class ModerationState {
  /** The whole room is hard-muted; moderators are exempt. */
  hardMuted = false;
  locked = false;
  /** Client ids. @type {readonly string[]} */
  pinned = [];
  /** Client ids. @type {readonly string[]} */
  spotlighted = [];
  /** @type {"group" | "lecture"} */
  mode = "group";
  /** Client ids of those who request the floor. @type {readonly string[]} */
  raisedHands = [];
  /** Client ids of those who have the floor. @type {readonly string[]} */
  approvedHands = [];
  extendable = false;
  /** Those who wait for approval; moderators only. @type {readonly {clientId: string, name: string}[]} */
  awaitedParticipants = [];
  /** What a moderator took from oneself. @type {Set<"audio" | "video">} */
  ownHardMuted = new Set();

  /** @param {SessionInfo} session is the whole truth */
  replace(session) {
    const state = session.room_state;
    this.hardMuted = state?.hard_muted ?? false;
    this.locked = state?.locked ?? false;
    this.pinned = state?.pinned ?? [];
    this.spotlighted = state?.spotlighted ?? [];
    this.mode = state?.mode ?? "group";
    this.raisedHands = state?.raisedHands ?? [];
    this.approvedHands = state?.approvedHands ?? [];
    this.extendable = state?.extendable ?? false;
    this.awaitedParticipants = session.awaitedParticipants ?? [];
    this.ownHardMuted = new Set(session.hard_muted ?? []);
  }

  /**
   * Why nothing may be sent from this source of one's own at the moment; null when it may.
   *
   * @param {Source} source
   * @param {Self} self
   * @returns {"hard-muted" | "floor-required" | null}
   */
  withheld(source, self) {
    if (self.role === "moderator") return null;
    const kind = source === "microphone" ? "audio" : "video";
    if (this.ownHardMuted.has(kind) || (this.hardMuted && kind === "audio")) return "hard-muted";
    return this.mode === "lecture" && !this.approvedHands.includes(self.clientId) ? "floor-required" : null;
  }

  /**
   * @param {string} method of a notification
   * @param {Record<string, any>} params
   * @param {Self} self `role` is changed when it is handed on
   * @param {Roster} roster is changed
   * @returns {ModerationEvent | null} null for what is no moderation, or known already
   */
  apply(method, params, self, roster) {
    const { moderator } = params;
    switch (method) {
      case "user-disconnected":
        this.#forget(params.client_id);
        return null;
      case "hard-mute-room":
      case "hard-unmute-room":
        this.hardMuted = method === "hard-mute-room";
        return { type: method, event: { moderator } };
      case "room-locked":
      case "room-unlocked":
        this.locked = method === "room-locked";
        return { type: method, event: { moderator } };
      case "updated-pinned-users":
        this.pinned = params.clientIds;
        return { type: method, event: { moderator: params.moderator_id, clientIds: params.clientIds } };
      case "spotlight-users":
        this.spotlighted = params.users;
        return { type: method, event: { moderator: params.moderator_id, users: params.users } };
      case "room-mode-switched":
        this.#modeSwitched(params.mode);
        return { type: method, event: { moderator: params.moderator_id, mode: params.mode } };
      case "conference-remaining-duration":
        this.extendable = true;
        return { type: method, event: { timeLeft: params.timeLeft } };
      case "conference-duration-extended": {
        this.extendable = false;
        const { client_id: clientId, extendedTime, timeLeft } = params;
        return { type: method, event: { clientId, extendedTime, timeLeft } };
      }
      default:
        return USER_MUTES.has(method)
          ? this.#userMuted(/** @type {any} */ (method), params, self, roster)
          : this.#applyToPeople(method, params, self, roster);
    }
  }

  /**
   * @param {string} method
   * @param {Record<string, any>} params
   * @param {Self} self
   * @param {Roster} roster
   * @returns {ModerationEvent | null}
   */
  #applyToPeople(method, params, self, roster) {
    const { clientId } = params;
    const waits = this.awaitedParticipants.some((one) => one.clientId === clientId);
    switch (method) {
      case "user-awaited":
        if (waits) return null; // told again after a resumption
        this.awaitedParticipants = [...this.awaitedParticipants, { clientId, name: params.name }];
        return { type: method, event: { clientId, name: params.name } };
      case "awaited-user-gone":
        if (!waits) return null;
        this.awaitedParticipants = this.awaitedParticipants.filter((one) => one.clientId !== clientId);
        return { type: method, event: { clientId, reason: params.reason } };
      case "floor-changed": {
        const hands = this.#hands(params);
        return { type: method, event: { clientId: params.client_id, action: params.action, ...hands } };
      }
      case "user-role-changed":
        this.#roleChanged(params.moderator, self, roster);
        return { type: method, event: { moderator: params.moderator, ...this.#hands(params) } };
      default:
        return null;
    }
  }

  /** @param {Record<string, any>} params */
  #hands({ raisedHands, approvedHands }) {
    this.raisedHands = raisedHands;
    this.approvedHands = approvedHands;
    return { raisedHands, approvedHands };
  }

  /** @param {"group" | "lecture"} mode */
  #modeSwitched(mode) {
    this.mode = mode;
    this.raisedHands = [];
    this.approvedHands = [];
  }

  /**
   * @param {{new: string, old: string}} moderator
   * @param {Self} self
   * @param {Roster} roster
   */
  #roleChanged(moderator, self, roster) {
    for (const [clientId, role] of [
      [moderator.new, "moderator"],
      [moderator.old, "participant"],
    ]) {
      const changed = clientId === self.clientId ? self : roster.get(/** @type {string} */ (clientId));
      if (changed !== undefined) changed.role = /** @type {string} */ (role);
    }
    // A new moderator is hard-muted no more, and only moderators know of those who wait.
    if (moderator.new === self.clientId) this.ownHardMuted.clear();
    roster.get(moderator.new)?.hardMuted.clear();
    if (moderator.old === self.clientId) this.awaitedParticipants = [];
  }

  /**
   * @param {"hardmute-user-audio" | "hardmute-user-video" | "hardunmute-user-audio" | "hardunmute-user-video"} method
   * @param {Record<string, any>} params
   * @param {Self} self
   * @param {Roster} roster
   * @returns {ModerationEvent}
   */
  #userMuted(method, { client_id: clientId, moderator }, self, roster) {
    const [kind, muted] = /** @type {readonly ["audio" | "video", boolean]} */ (USER_MUTES.get(method));
    const kinds = clientId === self.clientId ? this.ownHardMuted : roster.get(clientId)?.hardMuted;
    if (muted) kinds?.add(kind);
    else kinds?.delete(kind);
    return { type: method, event: { clientId, moderator } };
  }

  /** @param {string} clientId left, and with that everything that was given to them */
  #forget(clientId) {
    const without = (/** @type {readonly string[]} */ ids) => ids.filter((id) => id !== clientId);
    this.pinned = without(this.pinned);
    this.spotlighted = without(this.spotlighted);
    this.raisedHands = without(this.raisedHands);
    this.approvedHands = without(this.approvedHands);
  }
}
