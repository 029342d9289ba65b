/** JSON-RPC 2.0 over one WebSocket: requests with answers, and notifications from the server. */

import { ConnectionError, RequestError } from "./errors.js";

/** @typedef {{method: string, params: Record<string, any>}} Notification */
/** @typedef {{id: number, result: any}} Success */
/** @typedef {{id: number | null, error: {code: number, message: string, data?: {reason?: string}}}} Failure */

const OPEN_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 15_000;

/**
 * One text message as what it is, or null for anything that is no JSON-RPC 2.0 message.
 *
 * @param {unknown} text
 * @returns {Notification | Success | Failure | null}
 */
export function parseMessage(text) {
  if (typeof text !== "string") return null;
  let message;
  try {
    message = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof message !== "object" || message === null || message.jsonrpc !== "2.0") return null;
  if (typeof message.method === "string") {
    const params = message.params ?? {};
    return isObject(params) ? { method: message.method, params } : null;
  }
  if (isObject(message.error) && typeof message.error.code === "number" && isId(message.id)) {
    return { id: message.id, error: { ...message.error, message: String(message.error.message ?? "") } };
  }
  return "result" in message && typeof message.id === "number" ? { id: message.id, result: message.result } : null;
}

/** @param {unknown} value */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @param {unknown} value */
function isId(value) {
  return value === null || typeof value === "number";
}

export class JsonRpcSocket {
  /** @type {WebSocket} */
  #socket;
  /** @type {Map<number, {resolve: (result: any) => void, reject: (error: Error) => void, timer: any}>} */
  #pending = new Map();
  #nextId = 1;
  #closed = false;
  /** @type {Promise<void>} */
  #opened;

  /** @type {(notification: Notification) => void} */
  onnotification = () => {};
  /** Called once, when an open socket closes for whatever reason other than `close()`.
   * @type {(error: ConnectionError) => void} */
  onclose = () => {};

  /**
   * Starts to connect.
   *
   * @param {string} url
   * @param {{WebSocketClass?: typeof WebSocket, openTimeout?: number}} [options] `openTimeout` in milliseconds
   */
  constructor(url, { WebSocketClass = globalThis.WebSocket, openTimeout = OPEN_TIMEOUT_MS } = {}) {
    this.#socket = new WebSocketClass(url);
    this.#socket.onmessage = (event) => this.#received(event.data);
    this.#opened = this.#open(openTimeout);
    this.#opened.catch(() => {}); // whoever calls opened() hears of it
  }

  /** Resolves when the socket is open. @throws {ConnectionError} `unreachable` */
  opened() {
    return this.#opened;
  }

  /**
   * @param {string} method
   * @param {Record<string, unknown>} [params]
   * @param {{timeout?: number}} [options] milliseconds
   * @returns {Promise<any>} the result
   * @throws {RequestError} the server's error
   * @throws {ConnectionError} `connection-lost`, `timeout`
   */
  request(method, params = {}, { timeout = REQUEST_TIMEOUT_MS } = {}) {
    if (!this.usable) return Promise.reject(lost());
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new ConnectionError("timeout", `The server did not answer "${method}" in time.`));
      }, timeout);
      this.#pending.set(id, { resolve, reject, timer });
      this.#socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    });
  }

  /** Whether requests can be made. */
  get usable() {
    return !this.#closed && this.#socket.readyState === 1;
  }

  /** Closes the socket; requests still waiting are rejected, `onclose` is not called. */
  close() {
    this.onclose = () => {};
    this.#end();
    this.#socket.close();
  }

  /**
   * Gives the socket up: `onclose` is called now. A connection whose network is gone takes minutes to close by itself.
   */
  abandon() {
    this.#end();
    this.#socket.close();
  }

  /** @param {number} timeout milliseconds */
  #open(timeout) {
    return /** @type {Promise<void>} */ (
      new Promise((resolve, reject) => {
        const fail = () => {
          clearTimeout(timer);
          this.#closed = true;
          reject(new ConnectionError("unreachable", "The server could not be reached."));
        };
        const timer = setTimeout(() => {
          fail();
          this.#socket.close();
        }, timeout);
        this.#socket.onclose = fail;
        this.#socket.onopen = () => {
          clearTimeout(timer);
          this.#socket.onclose = () => this.#end();
          resolve();
        };
      })
    );
  }

  #end() {
    if (this.#closed) return;
    this.#closed = true;
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(lost());
    }
    this.#pending.clear();
    this.onclose(lost());
  }

  /** @param {unknown} data */
  #received(data) {
    if (this.#closed) return;
    const message = parseMessage(data);
    if (message === null) return;
    if ("method" in message) {
      this.onnotification(message);
      return;
    }
    const pending = message.id === null ? undefined : this.#pending.get(message.id);
    if (pending === undefined || message.id === null) return;
    this.#pending.delete(message.id);
    clearTimeout(pending.timer);
    if ("result" in message) pending.resolve(message.result);
    else pending.reject(requestError(message.error));
  }
}

/** @param {Failure["error"]} error */
function requestError(error) {
  const reason = typeof error.data?.reason === "string" ? error.data.reason : "error";
  return new RequestError(reason, error.message, error.code);
}

function lost() {
  return new ConnectionError("connection-lost", "The connection to the server was lost.");
}
