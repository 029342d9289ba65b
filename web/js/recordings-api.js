/** What the operator's page asks of the REST API. The key goes nowhere but into the headers of these requests. */

const API = "/video/v2/recordings";

/**
 * @typedef {object} RecordedFile
 * @property {string} file_id
 * @property {string} kind
 * @property {string} name
 * @property {string} content_type
 * @property {number} size bytes
 * @property {string} [expires_at]
 */
/**
 * @typedef {object} RecordedSession
 * @property {string} conf_num
 * @property {string} room_name
 * @property {string} opened_at
 * @property {string} [closed_at]
 * @property {RecordedFile[]} files
 * @property {CompositeProgress[]} progress of the composites that are being made
 */
/** @typedef {{segment: number, percent: number, failure?: string}} CompositeProgress */
/** @typedef {{sessions: RecordedSession[], next?: string}} RecordedPage */
/** @typedef {{appId: string, appKey: string}} Credentials */

export class ApiError extends Error {
  /**
   * @param {"unreachable" | "unauthorised" | "gone" | "refused"} reason
   * @param {string} message
   */
  constructor(reason, message) {
    super(message);
    this.name = "ApiError";
    this.reason = reason;
  }
}

/** @type {Record<number, "unauthorised" | "gone">} */
const REASONS = { 401: "unauthorised", 404: "gone" };

export class RecordingsApi {
  #authorization;

  /** @param {Credentials} credentials */
  constructor({ appId, appKey }) {
    const bytes = new TextEncoder().encode(`${appId}:${appKey}`);
    this.#authorization = `Basic ${btoa(String.fromCharCode(...bytes))}`;
  }

  /**
   * The sessions that have files, latest first.
   *
   * @param {number} limit
   * @param {string} [after] `next` of the page before
   * @returns {Promise<RecordedPage>}
   * @throws {ApiError}
   */
  async list(limit, after) {
    const query = new URLSearchParams({ limit: String(limit), ...(after === undefined ? {} : { after }) });
    return this.#call("GET", `${API}?${query}`);
  }

  /** @param {string} confNum */
  async deleteSession(confNum) {
    await this.#call("DELETE", `${API}/${encodeURIComponent(confNum)}`);
  }

  /** @param {string} fileId */
  async deleteFile(fileId) {
    await this.#call("DELETE", `${API}/files/${encodeURIComponent(fileId)}`);
  }

  /**
   * A link that a player can follow, which cannot send credentials. It is good for an hour.
   *
   * @param {string} fileId
   * @returns {Promise<string>}
   */
  async link(fileId) {
    const { url } = await this.#call("POST", `${API}/files/${encodeURIComponent(fileId)}/link`);
    // A proxy that the server was not told of makes it take another address for its own.
    const { pathname, search } = new URL(url);
    return pathname + search;
  }

  /**
   * The content of a JSON file.
   *
   * @param {string} fileId
   * @returns {Promise<any>}
   */
  async document(fileId) {
    return this.#call("GET", await this.link(fileId));
  }

  /**
   * @param {string} method
   * @param {string} path
   * @returns {Promise<any>}
   */
  async #call(method, path) {
    /** @type {Response} */
    let response;
    try {
      response = await fetch(path, {
        method,
        headers: { Authorization: this.#authorization },
        cache: "no-store",
        // So that the browser does not ask for the key by a dialog of its own.
        credentials: "omit",
      });
    } catch {
      throw new ApiError("unreachable", "The server could not be reached.");
    }
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) {
      throw new ApiError(REASONS[response.status] ?? "refused", answer.error ?? `The server said ${response.status}.`);
    }
    return answer;
  }
}
