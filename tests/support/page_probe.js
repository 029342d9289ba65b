// Runs in a page before its own scripts. Keeps what the tests judge by within reach: the peer connections and their
// statistics, what video elements show, and how long the longest pause between two frames was.
(() => {
  "use strict";
  if (globalThis.probe) return;

  const probe = {
    /** Every RTCPeerConnection of the page, in order of creation. */
    connections: [],
    /** Milliseconds (performance.now) at which each WebSocket of the page was opened. */
    socketsOpenedAt: [],
    /** Every WebSocket of the page. */
    sockets: [],
    /**
     * Set to (candidate) => candidate | null to change or drop the candidates of remote descriptions.
     * A candidate is {protocol, ip, port, line}; `line` is what stands after "a=".
     */
    candidates: null,
  };
  globalThis.probe = probe;

  const NativeConnection = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends NativeConnection {
    constructor(...args) {
      super(...args);
      probe.connections.push(this);
    }

    setRemoteDescription(description) {
      if (!probe.candidates || !description?.sdp) return super.setRemoteDescription(description);
      return super.setRemoteDescription({ type: description.type, sdp: probe.rewrite(description.sdp) });
    }
  };

  const NativeSocket = globalThis.WebSocket;
  globalThis.WebSocket = class extends NativeSocket {
    constructor(...args) {
      super(...args);
      probe.sockets.push(this);
      this.addEventListener("open", () => probe.socketsOpenedAt.push(performance.now()), { once: true });
    }
  };

  /** The description with its candidates passed through `probe.candidates`. */
  probe.rewrite = (sdp) =>
    sdp
      .split("\r\n")
      .flatMap((line) => {
        if (!line.startsWith("a=candidate:")) return [line];
        const words = line.slice(2).split(" ");
        const wanted = probe.candidates({ protocol: words[2].toLowerCase(), ip: words[4], port: Number(words[5]), line });
        if (!wanted) return [];
        words[4] = wanted.ip;
        words[5] = String(wanted.port);
        return [`a=${words.join(" ")}`];
      })
      .join("\r\n");

  probe.open = () => probe.connections.filter((connection) => connection.connectionState !== "closed");

  /** All statistics of the connections that are open, as plain objects. */
  probe.stats = async () => {
    const all = [];
    for (const connection of probe.open()) {
      for (const entry of (await connection.getStats()).values()) all.push({ ...entry });
    }
    return all;
  };

  /** What arrives, one entry for each stream that ever carried something. */
  probe.inbound = async () =>
    (await probe.stats()).filter((entry) => entry.type === "inbound-rtp" && entry.packetsReceived > 0);

  /** The candidate pair in use: {protocol, local, remote, state}, or null. */
  probe.path = async () => {
    const stats = await probe.stats();
    const transport = stats.find((entry) => entry.type === "transport" && entry.selectedCandidatePairId);
    const pair = transport
      ? stats.find((entry) => entry.id === transport.selectedCandidatePairId)
      : stats.find((entry) => entry.type === "candidate-pair" && entry.selected);
    if (!pair) return null;
    const remote = stats.find((entry) => entry.id === pair.remoteCandidateId);
    const local = stats.find((entry) => entry.id === pair.localCandidateId);
    return { state: pair.state, protocol: remote.protocol, remotePort: remote.port, localProtocol: local.protocol };
  };

  /** The mean colour [r, g, b] of the middle of what a video element shows now, or null when it shows nothing. */
  probe.colour = (video) => {
    if (!video || video.readyState < 2 || !video.videoWidth) return null;
    const canvas = (probe.canvas ??= new OffscreenCanvas(8, 8));
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const { videoWidth: width, videoHeight: height } = video;
    context.drawImage(video, width * 0.375, height * 0.375, width * 0.25, height * 0.25, 0, 0, 8, 8);
    const { data } = context.getImageData(0, 0, 8, 8);
    const sum = [0, 0, 0];
    for (let index = 0; index < data.length; index += 4) {
      for (let channel = 0; channel < 3; channel += 1) sum[channel] += data[index + channel];
    }
    return sum.map((value) => Math.round(value / 64));
  };

  /**
   * Watches the frames of a video element from now on: {first, frames, longestGap} in milliseconds (performance.now),
   * updated as frames are shown. The gap that is open now counts when `gap()` is asked.
   */
  probe.watch = (video) => {
    const seen = { first: null, last: null, frames: 0, longestGap: 0 };
    seen.gap = () => Math.max(seen.longestGap, seen.last === null ? 0 : performance.now() - seen.last);
    seen.restart = () => Object.assign(seen, { last: performance.now(), frames: 0, longestGap: 0 });
    const onFrame = (now) => {
      seen.first ??= now;
      if (seen.last !== null) seen.longestGap = Math.max(seen.longestGap, now - seen.last);
      seen.last = now;
      seen.frames += 1;
      video.requestVideoFrameCallback(onFrame);
    };
    video.requestVideoFrameCallback(onFrame);
    return seen;
  };

  /**
   * A camera of one colour: a track of its own with a little movement, so that every frame differs. `grain` adds that
   * many specks beside the middle, for frames that take several packets, as those of real cameras do.
   */
  probe.camera = (colour, { width = 640, height = 360, rate = 15, grain = 0 } = {}) => {
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d");
    let frame = 0;
    const draw = () => {
      context.fillStyle = colour;
      context.fillRect(0, 0, width, height);
      context.fillStyle = "white";
      context.fillRect((frame * 7) % width, 0, 24, height / 8);
      for (let speck = 0; speck < grain; speck += 1) {
        context.fillStyle = `hsl(${Math.random() * 360} 80% 50%)`;
        const x = Math.random() * width * 0.3 + (speck % 2) * width * 0.68;
        context.fillRect(x, Math.random() * height, 12, 12);
      }
      frame += 1;
    };
    draw();
    setInterval(draw, 1000 / rate);
    return canvas.captureStream(rate).getVideoTracks()[0];
  };

  /**
   * A microphone that is silent until `talk(true)`: {track, talk}. The tone comes from WebAudio where the machine lets
   * that run, else (Firefox without a sound card) from the browser's fake device.
   */
  probe.microphone = async (frequency = 440) => {
    const audio = new AudioContext();
    const running = await Promise.race([
      audio.resume().then(() => true),
      new Promise((resolve) => setTimeout(resolve, 500, false)),
    ]);
    if (!running) {
      const raw = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
      const [track] = (await navigator.mediaDevices.getUserMedia({ audio: raw })).getAudioTracks();
      track.enabled = false;
      return { track, talk: (loud) => (track.enabled = loud) };
    }
    const tone = new OscillatorNode(audio, { frequency });
    const volume = new GainNode(audio, { gain: 0 });
    const out = audio.createMediaStreamDestination();
    tone.connect(volume).connect(out);
    tone.start();
    return { track: out.stream.getAudioTracks()[0], talk: (loud) => (volume.gain.value = loud ? 0.5 : 0) };
  };
})();
