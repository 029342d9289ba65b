/** How long a session goes on before it ends by itself. Times are in seconds, by any clock that only goes forward. */

export class TimeLeft {
  /** When it ends; null when it has no end of its own. @type {number | null} */
  #endsAt = null;

  /**
   * @param {number | null} seconds
   * @param {number} now
   */
  replace(seconds, now) {
    this.#endsAt = seconds === null ? null : now + seconds;
  }

  /**
   * The session was extended. After a resumption the end is known already when the events before it are told again:
   * then the time that is left agrees with what was left, which the server rounds up to whole minutes.
   *
   * @param {number} extension minutes
   * @param {number} left minutes that are left now
   * @param {number} now
   */
  extended(extension, left, now) {
    if (this.#endsAt === null) return;
    const endsAt = this.#endsAt + extension * 60;
    if (endsAt - now <= (left + 1) * 60) this.#endsAt = endsAt;
  }

  /**
   * @param {number} now
   * @returns {number | null} seconds
   */
  at(now) {
    return this.#endsAt === null ? null : Math.max(0, this.#endsAt - now);
  }
}
