/**
 * How this page gets its token: from the link (`/room/ID#token=…`), or from a server in local mode, which gives one
 * to everybody who knows the room's id. Tokens ride in the fragment, which browsers send to nobody.
 */

import { localToken } from "./server.js";

/** @param {string} pathname */
export function roomIdOf(pathname) {
  const match = /^\/room\/([^/]+)\/?$/.exec(pathname);
  try {
    return match ? decodeURIComponent(/** @type {string} */ (match[1])) : "";
  } catch {
    return ""; // a percent sign that encodes nothing
  }
}

/** @param {string} roomId */
export function roomPath(roomId) {
  return `/room/${encodeURIComponent(roomId)}`;
}

/**
 * Where a link, or the id of a room, leads to on this server.
 *
 * @param {string} text as someone typed or pasted it
 * @param {string} origin of this server
 * @returns {string | null} null when it leads to no room here
 */
export function destinationOf(text, origin) {
  const trimmed = text.trim();
  if (/^[A-Za-z0-9_-]{3,128}$/.test(trimmed)) return roomPath(trimmed);
  try {
    const url = new URL(trimmed.includes("://") ? trimmed : `https://${trimmed}`);
    if (url.host !== new URL(origin).host || roomIdOf(url.pathname) === "") return null;
    return url.pathname + url.hash;
  } catch {
    return null; // no address at all
  }
}

export class Invitation {
  /** @readonly */
  roomId = roomIdOf(location.pathname);
  /** @type {string | null} */
  #token = new URLSearchParams(location.hash.slice(1)).get("token");

  constructor() {
    // Out of the address bar: whoever copies the address should not hand on a token that works once.
    if (this.#token !== null) history.replaceState(null, "", location.pathname + location.search);
  }

  /**
   * A token for the next join.
   *
   * @param {string} name
   * @returns {Promise<string>}
   * @throws {import("./server.js").ServerError} `not-local`, `unknown-room`, `unreachable`
   */
  async token(name) {
    return this.#token ?? localToken(this.roomId, name);
  }

  /** The token was used, or is of no use. */
  spend() {
    this.#token = null;
  }
}
