/** `addEventListener` of rooms and streams, whose handlers may get more than the event. */

import { Emitter } from "../events.js";

/** @typedef {(...args: any[]) => void} Handler */

export class EnxEmitter {
  /** @type {Emitter<Record<string, any[]>>} */
  #emitter = new Emitter();
  /** What takes a handler off. @type {Map<string, Map<Handler, () => void>>} */
  #handlers = new Map();

  /**
   * @param {string} type
   * @param {Handler} handler
   */
  addEventListener(type, handler) {
    const handlers = this.#handlers.get(type) ?? new Map();
    if (handlers.has(handler)) return;
    handlers.set(
      handler,
      this.#emitter.on(type, (args) => handler(...args)),
    );
    this.#handlers.set(type, handlers);
  }

  /**
   * @param {string} type
   * @param {Handler} handler
   */
  removeEventListener(type, handler) {
    this.#handlers.get(type)?.get(handler)?.();
    this.#handlers.get(type)?.delete(handler);
  }

  /**
   * Tells the handlers. The fields are found in the event, in its `message`, and are the second argument: the
   * document's examples look for them in each of these places.
   *
   * @protected
   * @param {string} type
   * @param {Record<string, unknown>} fields
   */
  dispatch(type, fields) {
    this.#emitter.emit(type, [{ data: fields, ...fields, type, message: fields }, fields]);
  }
}
