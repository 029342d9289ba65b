/** An RTCPeerConnection for tests: it negotiates with nobody, and the test says how it is connected. */

export class FakePeerConnection extends EventTarget {
  /** @type {FakePeerConnection[]} */
  static made = [];
  /** The state that an applied answer leads to. */
  static connects = "connected";

  connectionState = "new";
  signalingState = "stable";
  restarts = 0;
  rollbacks = 0;
  #transceivers = [];
  #refused = new Set();

  constructor() {
    super();
    FakePeerConnection.made.push(this);
  }

  static reset() {
    FakePeerConnection.made = [];
    FakePeerConnection.connects = "connected";
  }

  static get last() {
    return FakePeerConnection.made.at(-1);
  }

  addTransceiver(trackOrKind, { direction, sendEncodings }) {
    const kind = typeof trackOrKind === "string" ? trackOrKind : trackOrKind.kind;
    const transceiver = {
      kind,
      direction,
      sendEncodings,
      mid: null,
      currentDirection: null,
      stopped: false,
      receiver: { track: { kind, of: this } },
      sender: fakeSender(sendEncodings ?? []),
      setCodecPreferences() {},
      stop() {
        this.stopped = true;
      },
    };
    this.#transceivers.push(transceiver);
    return transceiver;
  }

  getTransceivers() {
    return this.#transceivers;
  }

  async createOffer() {
    return { type: "offer", sdp: `offer ${this.restarts}` };
  }

  async setLocalDescription({ type }) {
    if (type === "rollback") {
      this.rollbacks++;
      this.signalingState = "stable";
      return;
    }
    this.signalingState = "have-local-offer";
    this.#transceivers.forEach((transceiver, index) => (transceiver.mid ??= String(index)));
  }

  /** The next answer gives these mids port 0. */
  refuse(...mids) {
    for (const mid of mids) this.#refused.add(mid);
  }

  async setRemoteDescription() {
    this.signalingState = "stable";
    for (const transceiver of this.#transceivers) {
      transceiver.currentDirection = this.#refused.has(transceiver.mid) ? "stopped" : transceiver.direction;
      if (this.#refused.has(transceiver.mid)) transceiver.mid = null;
    }
    setTimeout(() => this.become(FakePeerConnection.connects), 2);
  }

  restartIce() {
    this.restarts++;
  }

  setConfiguration() {}

  close() {
    this.connectionState = "closed";
  }

  become(state) {
    if (this.connectionState === "closed") return;
    this.connectionState = state;
    this.dispatchEvent(new Event("connectionstatechange"));
  }
}

/** Counts how often it was given parameters. `measured` is the size of the picture that it finds. */
function fakeSender(encodings) {
  return {
    parameters: { encodings },
    changes: 0,
    measured: null,
    getParameters() {
      return structuredClone(this.parameters);
    },
    async setParameters(parameters) {
      this.parameters = parameters;
      this.changes++;
    },
    async getStats() {
      return new Map(this.measured === null ? [] : [["source", { type: "media-source", ...this.measured }]]);
    },
    async replaceTrack() {},
  };
}

export function installPeers() {
  FakePeerConnection.reset();
  globalThis.RTCPeerConnection = FakePeerConnection;
  globalThis.RTCRtpSender = class RTCRtpSender {};
  globalThis.RTCRtpReceiver = class RTCRtpReceiver {};
}
