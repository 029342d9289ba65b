/**
 * roomcast: join a meeting from a browser.
 *
 *     const room = await Roomcast.join("https://meet.example.org", token, { audio: true, video: true });
 *
 * Everything public is exported here, and typed in `roomcast.d.ts`.
 */

import { MediaConnection } from "./media-connection.js";
import { Publishing } from "./publishing.js";
import { Room } from "./room.js";
import { Signalling, socketUrl } from "./signalling.js";
import { Slots } from "./slots.js";
import { Timings } from "./timings.js";

export { capture, captureBoth, captureScreen, listDevices, watchDevices } from "./devices.js";
export { ConnectionError, MediaError, RequestError, RoomClosedError, RoomcastError } from "./errors.js";

export const VERSION = "0.1.0";

/** @typedef {import("./roomcast.d.ts").JoinOptions} JoinOptions */

export const Roomcast = {
  /**
   * Joins a room. Resolves when the server let this participant in and the media connection is agreed; pictures
   * follow a moment later. Where one has to be let in first it resolves, too, with `room.state` "awaiting".
   *
   * @param {string | URL} url of the server
   * @param {string} token for this room, good for one join
   * @param {JoinOptions} [options]
   * @returns {Promise<Room>}
   * @throws {MediaError} the camera or the microphone could not be opened
   * @throws {ConnectionError} the server could not be reached
   * @throws {RequestError} the server refused: `token-used`, `token-expired`, `token-invalid`, `room-full`, …
   */
  async join(url, token, options = {}) {
    const timings = new Timings();
    const signalling = new Signalling(socketUrl(url), { WebSocketClass: options.WebSocketClass });
    signalling.opened().then(
      () => timings.mark("webSocketOpened"),
      () => {},
    );
    /** @type {import("./signalling.js").Signalling["request"]} */
    const request = (method, params) => signalling.request(method, params);
    /** @type {MediaConnection | null} */
    let media = null;
    /** @type {Room | null} */
    let room = null;
    // Who still waits has no tracks at the server: their first offer will tell what is muted.
    const publishing = new Publishing(async (method, params) => (room?.awaited ? {} : request(method, params)));
    try {
      // Camera, offer and socket at the same time: the join is as fast as the slowest of them.
      await publishing.capture(options);
      timings.mark("captured");
      /** @type {import("./room.js").RoomParts["participants"]} */
      const participants = new Map();
      const slots = new Slots((clientId) => participants.get(clientId));
      media = new MediaConnection({ request, publishing, slots, timings, options });
      const first = await media.firstOffer();
      timings.mark("offerReady");
      await signalling.opened();
      timings.mark("joinSent");
      const result = await signalling.join(joinParams(token, options, first));
      room = new Room({ signalling, media, publishing, slots, participants, timings }, result);
      const { answer, tracks = [], slots: infos = [], refused, ice_servers = [] } = result;
      // Without an answer there was no media node, or one has to wait: an event follows, and with it another attempt.
      if (answer) await media.start({ answer, tracks, slots: infos, refused }, ice_servers);
      if (options.adoptTracks) publishing.adopt();
      return room;
    } catch (error) {
      await room?.leave();
      signalling.close();
      media?.close();
      publishing.stop();
      throw error;
    }
  },
};

/**
 * @param {string} token
 * @param {JoinOptions} options
 * @param {{offer: string, media: import("./protocol.d.ts").MediaEntry[]}} first
 */
function joinParams(token, { name, data }, first) {
  return {
    token,
    ...(name === undefined ? {} : { name }),
    ...(data === undefined ? {} : { data }),
    ...first,
    agent: `roomcast-js/${VERSION} ${globalThis.navigator?.userAgent ?? ""}`.slice(0, 256),
  };
}
