/**
 * The signalling connection of one participant: a JSON-RPC socket that is opened again and resumed when it is lost.
 * Requests made meanwhile wait for the resumption.
 */

import { ConnectionError, RequestError } from "./errors.js";
import { Emitter } from "./events.js";
import { JsonRpcSocket } from "./json-rpc.js";

/** @typedef {import("./protocol.d.ts").JoinResult} JoinResult */
/**
 * @typedef {object} SignallingEvents
 * @property {import("./json-rpc.js").Notification} notification in the server's order, each once
 * @property {ConnectionError} lost
 * @property {JoinResult} resumed
 * @property {Error} gone it will not come back
 */

const PING_EVERY_MS = 10_000;
const PING_TIMEOUT_MS = 6_000;
const RETRY_DELAYS_MS = [0, 300, 700, 1500, 2500];
const REPEATABLE = new Set(["mute", "unmute", "limit-slots", "set-data"]);
/**
 * How long to try to get back. A server that is there says itself when the grace time is over; one that was restarted
 * lets its participants come back for five minutes after its return.
 */
const RETURN_TIME_MS = 300_000;

/**
 * How long to wait before the attempt with this number (from 0), in milliseconds.
 *
 * @param {number} attempt
 */
export function retryDelay(attempt) {
  return /** @type {number} */ (RETRY_DELAYS_MS[Math.min(attempt, RETRY_DELAYS_MS.length - 1)]);
}

/**
 * The WebSocket's address: `https://host` becomes `wss://host/ws`; an address that has a path keeps it.
 *
 * @param {string | URL} url
 * @param {string} [base] what a relative address is relative to
 */
export function socketUrl(url, base = globalThis.location?.href) {
  const parsed = new URL(url, base);
  parsed.protocol = parsed.protocol === "https:" || parsed.protocol === "wss:" ? "wss:" : "ws:";
  if (parsed.pathname === "/") parsed.pathname = "/ws";
  parsed.hash = "";
  return parsed.href;
}

/** @extends {Emitter<SignallingEvents>} */
export class Signalling extends Emitter {
  #url;
  #options;
  /** @type {JsonRpcSocket} */
  #socket;
  /** @type {Promise<void>} resolves while there is a usable socket */
  #usable;
  #resumeToken = "";
  #lastSeq = 0;
  #closed = false;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #pings;
  /** @type {() => void} ends the wait before the next attempt */
  #hurry = () => {};
  #online = () => this.#hurry();

  /**
   * Starts to connect.
   *
   * @param {string} url of the WebSocket
   * @param {{WebSocketClass?: typeof WebSocket}} [options]
   */
  constructor(url, options = {}) {
    super();
    this.#url = url;
    this.#options = options;
    this.#socket = new JsonRpcSocket(url, options);
    this.#usable = this.#socket.opened();
    this.#usable.catch(() => {});
  }

  /** Resolves when the first socket is open. @throws {ConnectionError} `unreachable` */
  opened() {
    return this.#socket.opened();
  }

  /**
   * The first request of all.
   *
   * @param {Record<string, unknown>} params
   * @returns {Promise<JoinResult>}
   */
  async join(params) {
    await this.opened();
    this.#listen();
    const result = await this.#socket.request("join", params);
    this.#remember(result);
    this.#pings = setInterval(() => this.#ping(), PING_EVERY_MS);
    globalThis.addEventListener?.("online", this.#online);
    return result;
  }

  /**
   * Waits while the connection is being resumed. A request that was on its way when the connection broke is made again
   * where doing it twice does no harm.
   *
   * @param {string} method
   * @param {Record<string, unknown>} [params]
   * @returns {Promise<any>}
   * @throws {RequestError | ConnectionError}
   */
  async request(method, params) {
    for (;;) {
      await this.#usable;
      // A socket that is closing has not told yet: the resumption can begin all the same.
      if (!this.#closed && !this.#socket.usable) this.#socket.abandon();
      await this.#usable;
      try {
        return await this.#socket.request(method, params);
      } catch (error) {
        const lost = error instanceof ConnectionError && error.reason === "connection-lost";
        if (!lost || this.#closed || !REPEATABLE.has(method)) throw error;
      }
    }
  }

  /** Says goodbye without waiting, for a page that is being unloaded. */
  leaveNow() {
    this.#socket.request("leave").catch(() => {});
    this.close();
  }

  close() {
    this.#closed = true;
    clearInterval(this.#pings);
    globalThis.removeEventListener?.("online", this.#online);
    this.#hurry();
    this.#socket.close();
  }

  #listen() {
    this.#socket.onnotification = (notification) => this.#notified(notification);
    this.#socket.onclose = (error) => this.#lost(error);
  }

  /** @param {JoinResult} result */
  #remember(result) {
    this.#resumeToken = result.resume_token ?? this.#resumeToken;
  }

  /** @param {import("./json-rpc.js").Notification} notification */
  #notified(notification) {
    const seq = notification.params.seq;
    if (typeof seq === "number") {
      if (seq <= this.#lastSeq) return; // sent again after a resumption
      this.#lastSeq = seq;
    }
    this.emit("notification", notification);
  }

  #ping() {
    const socket = this.#socket;
    socket.request("ping", {}, { timeout: PING_TIMEOUT_MS }).catch((error) => {
      if (error instanceof ConnectionError && error.reason === "timeout") socket.abandon();
    });
  }

  /** @param {ConnectionError} error */
  #lost(error) {
    if (this.#closed) return;
    this.#usable = this.#resume();
    this.#usable.catch((reason) => {
      if (this.#closed) return;
      this.close();
      this.emit("gone", reason);
    });
    this.emit("lost", error);
  }

  /** @throws {ConnectionError | RequestError} when the participant cannot be had back */
  async #resume() {
    const deadline = performance.now() + RETURN_TIME_MS;
    for (let attempt = 0; ; attempt++) {
      await this.#pause(retryDelay(attempt));
      if (this.#closed) throw new ConnectionError("closed", "The connection was closed.");
      const socket = new JsonRpcSocket(this.#url, this.#options);
      this.#socket = socket;
      try {
        await socket.opened();
        this.#listen();
        socket.onclose = () => {}; // until it is resumed, the request below is what fails
        const result = await socket.request("resume", { resume_token: this.#resumeToken, last_seq: this.#lastSeq });
        this.#listen();
        this.#remember(result);
        this.emit("resumed", result);
        return;
      } catch (error) {
        socket.close();
        if (error instanceof RequestError && error.reason !== "rate-limited") throw error;
        if (performance.now() > deadline) throw error;
      }
    }
  }

  /** @param {number} delay milliseconds */
  #pause(delay) {
    return /** @type {Promise<void>} */ (
      new Promise((resolve) => {
        const timer = setTimeout(resolve, delay);
        this.#hurry = () => {
          clearTimeout(timer);
          resolve();
        };
      })
    );
  }
}
