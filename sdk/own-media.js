/** The part of a room that publishes: one's own microphone, camera and screen. */

import { captureScreen } from "./devices.js";
import { RoomClosedError, RoomcastError } from "./errors.js";
import { LocalTrack } from "./local-track.js";
import { RecordedRoom } from "./recording.js";

/** @typedef {import("./roomcast.d.ts").Source} Source */

/**
 * `Room` completes it.
 *
 * @abstract
 */
export class PublishingRoom extends RecordedRoom {
  #publishing;
  #media;
  /** Why the server did not take a track. @type {WeakMap<LocalTrack, string>} */
  #refusals = new WeakMap();

  /**
   * @param {(method: string, params: Record<string, unknown>) => Promise<any>} ask makes a request of the server
   * @param {Pick<import("./room.js").RoomParts, "publishing" | "media">} parts
   */
  constructor(ask, { publishing, media }) {
    super(ask);
    this.#publishing = publishing;
    this.#media = media;
    media.on("refused", ({ track, reason }) => this.#refused(track, reason));
    publishing.on("changed", (event) => {
      this.emit("local-tracks-changed", event);
      if (event.change === "ended" && event.track.source === "screen") this.unpublish("screen").catch(() => {});
    });
  }

  /** What is published, or about to be. */
  get localTracks() {
    return this.#publishing.all();
  }

  /** @param {Source} source */
  localTrack(source) {
    return this.#publishing.get(source);
  }

  /**
   * Publishes a microphone or a camera (that was not part of the join, or was unpublished).
   *
   * @param {"microphone" | "camera"} source
   * @param {true | MediaTrackConstraints | MediaStreamTrack} [request]
   */
  async publish(source, request = true) {
    this.#checkFree(source);
    const track = await this.#publishing.open(source, request);
    await this.#publish(track);
    return track;
  }

  /** @param {Source} source */
  async unpublish(source) {
    const track = this.#publishing.get(source);
    if (track === null) return;
    this.#publishing.remove(track);
    this.emit("local-tracks-changed", { track, change: "unpublished" });
    if (this.awaited === null) await this.#media.unpublish(track);
  }

  /**
   * Asks the user for a screen, a window or a tab, and shares it.
   *
   * @param {DisplayMediaStreamOptions | MediaStreamTrack} [request]
   */
  async shareScreen(request = {}) {
    this.#checkFree("screen");
    const own = request instanceof MediaStreamTrack;
    const mediaTrack = own ? request : await captureScreen(request);
    const track = new LocalTrack("screen", mediaTrack, { owned: !own });
    await this.#publish(track);
    return track;
  }

  async stopScreenShare() {
    await this.unpublish("screen");
  }

  /**
   * From this call on nothing of it is sent; the others are told.
   *
   * @param {Source} source
   */
  async mute(source) {
    await this.#publishing.mute(source);
  }

  /**
   * @param {Source} source
   * @throws {MediaError} the device, closed while muted, could not be opened again
   * @throws {RoomcastError} `hard-muted`, `floor-required`
   */
  async unmute(source) {
    this.checkAllowed(source);
    await this.#publishing.unmute(source);
  }

  /**
   * @param {"microphone" | "camera"} source
   * @param {string | MediaStreamTrack} device a device id, or a track of one's own
   */
  async switchDevice(source, device) {
    await this.#publishing.switchDevice(source, device);
  }

  /**
   * The server withholds layers of a track, or does not any more.
   *
   * @protected
   * @param {Record<string, any>} params of `track-limited`
   */
  limited({ track_id, layers }) {
    const track = this.localTracks.find(({ trackId }) => trackId === track_id);
    if (track === undefined) return; // unpublished meanwhile
    if (layers.length > 0) track.fitMeasured().catch(() => {}); // the connection was closed meanwhile
    this.emit("track-limited", { track, layers });
  }

  /** @param {Source} source */
  #checkFree(source) {
    const room = /** @type {import("./room.js").Room} */ (/** @type {unknown} */ (this));
    if (room.state === "disconnected") throw new RoomClosedError("disconnected");
    if (this.localTrack(source) !== null) throw new RoomcastError("already-published", `The ${source} is published.`);
    this.checkAllowed(source);
  }

  /** @param {LocalTrack} track */
  async #publish(track) {
    this.#publishing.add(track);
    try {
      if (this.awaited === null) await this.#media.publish(track); // otherwise it is part of the first offer
    } catch (error) {
      this.#publishing.remove(track);
      throw error;
    }
    const refusal = this.#refusals.get(track);
    if (refusal !== undefined) throw new RoomcastError(refusal, `You may not publish a ${track.source} in this room.`);
    this.emit("local-tracks-changed", { track, change: "published" });
  }

  /**
   * @param {LocalTrack} track
   * @param {string} reason
   */
  #refused(track, reason) {
    this.#refusals.set(track, reason);
    this.#publishing.remove(track);
    this.emit("local-tracks-changed", { track, change: "refused" });
  }
}
