/** What the pages ask of the server beside the SDK: rooms and tokens in local mode. */

export class ServerError extends Error {
  /**
   * @param {"unreachable" | "not-local" | "unknown-room" | "refused"} reason
   * @param {string} message
   */
  constructor(reason, message) {
    super(message);
    this.name = "ServerError";
    this.reason = reason;
  }
}

/** @returns {Promise<{local_mode: boolean}>} */
export async function serverConfig() {
  return (await call("/web/config.json")).json();
}

/**
 * Starts a room.
 *
 * @returns {Promise<{room_id: string, token: string}>}
 * @throws {ServerError}
 */
export async function startRoom() {
  const response = await call("/local/rooms", {});
  if (response.status === 404 || response.status === 403) throw notLocal();
  if (!response.ok) throw refused(response);
  return response.json();
}

/**
 * A token for a room of a server in local mode.
 *
 * @param {string} roomId
 * @param {string} name of the participant
 * @returns {Promise<string>}
 * @throws {ServerError}
 */
export async function localToken(roomId, name) {
  const response = await call(`/local/rooms/${encodeURIComponent(roomId)}/tokens`, { name });
  if (response.status === 404) {
    if ((await serverConfig()).local_mode) throw new ServerError("unknown-room", "There is no such room.");
    throw notLocal();
  }
  if (!response.ok) throw refused(response);
  return (await response.json()).token;
}

/**
 * @param {string} path
 * @param {object} [body] makes it a POST
 * @returns {Promise<Response>}
 */
async function call(path, body) {
  const options =
    body === undefined
      ? {}
      : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  try {
    return await fetch(path, { ...options, cache: "no-store" });
  } catch {
    throw new ServerError("unreachable", "The server could not be reached.");
  }
}

function notLocal() {
  return new ServerError("not-local", "This server does not give out invitations by itself.");
}

/** @param {Response} response */
function refused(response) {
  return new ServerError("refused", `The server refused (${response.status}).`);
}
