/**
 * The names of the EnableX Web SDK, for pages that were written to it:
 *
 *     <script type="module" src="https://meet.example.org/sdk/enx.js"></script>
 *
 * makes `EnxRtc` a global, as that SDK does. What moves over as it is, and what differs, is in docs/sdk.md.
 */

import { listDevices } from "./devices.js";
import { EnxRoom as Room, joinError } from "./enx/room.js";
import { EnxLocalStream } from "./enx/streams.js";

export const EnxRtc = {
  /** The server to join at: the one that this file came from, unless the page says otherwise. */
  server: new URL("../ws", import.meta.url).href,

  /**
   * Joins, and publishes what `config` asks for.
   *
   * @param {string} token
   * @param {import("./enx.d.ts").StreamSpec} config
   * @param {import("./enx.d.ts").JoinCallback} callback
   * @returns {EnxLocalStream} one's own stream, which can be played at once
   */
  joinRoom(token, config, callback) {
    const stream = new EnxLocalStream(config);
    const room = new Room({ token }, EnxRtc.server);
    room.join(stream).then(
      () => {
        setTimeout(() => room.announce()); // after the callback, and what awaits it, have added their handlers
        const { confNum: conf_num, roomId: room_id, name, settings } = room.session;
        const roomData = { conf_num, room_id, name, settings };
        callback({ room: /** @type {any} */ (room), streams: room.streams, publishId: stream.getID(), roomData }, null);
      },
      (error) => callback(null, joinError(error)),
    );
    return stream;
  },

  /**
   * A stream of one's own, with or without `new`.
   *
   * @param {import("./enx.d.ts").StreamSpec} [spec]
   */
  EnxStream: function (spec) {
    return new EnxLocalStream(spec);
  },

  /**
   * A room to `connect()` to, with or without `new`.
   *
   * @param {{token: string}} options
   */
  EnxRoom: function (options) {
    return new Room(options, EnxRtc.server);
  },

  /** @param {(response: {result: number, devices: import("./enx.d.ts").Devices}) => void} callback */
  async getDevices(callback) {
    const { cameras: cam, microphones: mic, speakers: speaker } = await listDevices();
    callback({ result: 0, devices: { cam, mic, speaker } });
  },
};

export const { EnxRoom, EnxStream } = EnxRtc;

/** @type {any} */ (globalThis).EnxRtc = EnxRtc;
