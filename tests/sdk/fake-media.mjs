/** Tracks, streams and devices for tests, as far as the SDK looks at them. */

export class FakeTrack extends EventTarget {
  enabled = true;
  readyState = "live";
  contentHint = "";

  constructor(kind, settings = {}) {
    super();
    this.kind = kind;
    this.settings = { width: 1280, height: 720, deviceId: "d1", ...settings };
  }

  getSettings() {
    return this.settings;
  }

  stop() {
    this.readyState = "ended";
  }

  /** The device was unplugged. */
  end() {
    this.readyState = "ended";
    this.dispatchEvent(new Event("ended"));
  }
}

export class FakeStream {
  #tracks;

  constructor(tracks = []) {
    this.#tracks = new Set(tracks);
  }

  getTracks() {
    return [...this.#tracks];
  }

  getAudioTracks() {
    return this.getTracks().filter((track) => track.kind === "audio");
  }

  getVideoTracks() {
    return this.getTracks().filter((track) => track.kind === "video");
  }

  addTrack(track) {
    this.#tracks.add(track);
  }

  removeTrack(track) {
    this.#tracks.delete(track);
  }
}

/** Cameras and microphones that note what they were asked for. */
export const devices = {
  /** @type {any[]} */
  asked: [],
  /** @type {Error | null} */
  failure: null,
};

export function install() {
  devices.asked = [];
  devices.failure = null;
  globalThis.MediaStreamTrack = FakeTrack;
  globalThis.MediaStream = FakeStream;
  Object.defineProperty(globalThis, "navigator", {
    configurable: true,
    value: {
      mediaDevices: {
        async getUserMedia(constraints) {
          devices.asked.push(constraints);
          if (devices.failure) throw devices.failure;
          return new FakeStream([
            ...(constraints.audio ? [new FakeTrack("audio")] : []),
            ...(constraints.video ? [new FakeTrack("video")] : []),
          ]);
        },
      },
    },
  });
}

/** What a sender was given. */
export function fakeTransceiver() {
  const sent = [];
  return {
    sent,
    mid: "0",
    sender: {
      replaceTrack: async (track) => {
        sent.push(track);
      },
      getParameters: () => ({ encodings: [{ rid: "q" }, { rid: "h" }, { rid: "f" }] }),
      setParameters: async (parameters) => {
        sent.push(parameters.encodings.map((encoding) => encoding.active));
      },
    },
  };
}
