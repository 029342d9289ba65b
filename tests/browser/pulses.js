// A camera and a microphone that can be judged picture by picture: the camera shows the time as bars of black and white,
// and flashes with each beep of the microphone, both told to by the same line. Runs after page_probe.js; what joins
// then has these.
(() => {
  "use strict";

  const BITS = 20; // of milliseconds since 1970: 17 minutes until they begin anew
  // No multiples of a film's 40 ms, so that pictures and flashes fall anywhere between two of its pictures.
  const RATE = 22;
  const PERIOD = 1030;
  const FLASH = 206;

  let begin = () => {};
  let loudness = () => {};

  probe.camera = (colour, { width = 640, height = 360, grain = 20 } = {}) => {
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d");
    const track = canvas.captureStream(0).getVideoTracks()[0];
    let dueAt = performance.now() + PERIOD;
    let flashing = false;
    const draw = () => {
      const now = performance.now();
      const lit = now >= dueAt && now < dueAt + FLASH;
      if (now >= dueAt + FLASH) dueAt += PERIOD * Math.ceil((now - dueAt - FLASH) / PERIOD);
      context.fillStyle = colour;
      context.fillRect(0, 0, width, height);
      for (let speck = 0; speck < grain; speck += 1) {
        context.fillStyle = `hsl(${Math.random() * 360} 80% 50%)`;
        context.fillRect(Math.random() * width * 0.3, height * (0.5 + Math.random() * 0.5), 12, 12);
      }
      context.fillStyle = lit ? "white" : "black";
      context.fillRect(0, height * 0.15, width, height * 0.2);
      const clock = Math.round(Date.now()) % 2 ** BITS;
      for (let bit = 0; bit < BITS; bit += 1) {
        context.fillStyle = Math.floor(clock / 2 ** bit) % 2 ? "white" : "black";
        context.fillRect((width * bit) / BITS, 0, width / BITS, height * 0.15);
      }
      if (lit !== flashing) (lit ? begin : loudness)(lit);
      flashing = lit;
      track.requestFrame();
    };
    draw();
    setInterval(draw, 1000 / RATE);
    return track;
  };

  probe.microphone = async (frequency) => {
    const audio = new AudioContext();
    await audio.resume();
    const out = audio.createMediaStreamDestination();
    const voice = (pitch, gain) => {
      const volume = new GainNode(audio, { gain });
      const tone = new OscillatorNode(audio, { frequency: pitch });
      tone.connect(volume).connect(out);
      tone.start();
      return volume.gain;
    };
    voice(frequency, 0.1);
    const beep = voice(frequency * 4, 0);
    begin = loudness = (lit) => beep.setValueAtTime(lit ? 0.4 : 0, audio.currentTime);
    probe.pulseAudio = audio;
    return { track: out.stream.getAudioTracks()[0], talk: () => {} };
  };

  // Notes every frame that is handed to the network. A transform that is set later than this would get none.
  const NOTE = `
    const sent = [];
    onrtctransform = ({ transformer: { readable, writable, options } }) => {
      const note = (frame, next) => {
        const { rtpTimestamp, synchronizationSource, width } = frame.getMetadata();
        sent.push([options.kind, synchronizationSource, rtpTimestamp, width ?? 0]);
        next.enqueue(frame);
      };
      readable.pipeThrough(new TransformStream({ transform: note })).pipeTo(writable);
    };
    onmessage = () => postMessage(sent);`;
  const notes = new Worker(URL.createObjectURL(new Blob([NOTE], { type: "text/javascript" })));
  const { addTransceiver } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.addTransceiver = function (track, options) {
    const transceiver = addTransceiver.call(this, track, options);
    if (track.kind) transceiver.sender.transform = new RTCRtpScriptTransform(notes, { kind: track.kind });
    return transceiver;
  };

  /** What was sent so far: [kind, SSRC, RTP timestamp, width] of each frame. */
  probe.sent = () =>
    new Promise((resolve) => {
      notes.onmessage = ({ data }) => resolve(data);
      notes.postMessage(null);
    });
})();
