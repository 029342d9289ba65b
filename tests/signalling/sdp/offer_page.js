// Functions that the capture script and the browser test evaluate in a page: one peer connection, built as the SDK builds it.
window.startCall = async ({ camera = true, microphone = true, simulcast = true, slots = [5, 16, 2], lean = false }) => {
  const pc = (window.pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" }));
  window.streams = {};
  pc.ontrack = (event) => (window.streams[event.transceiver.mid] = event.streams.map((stream) => stream.id));
  if (microphone) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    pc.addTransceiver(stream.getAudioTracks()[0], { direction: "sendonly" });
  }
  if (camera) {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 1280, height: 720 } });
    const sendEncodings = simulcast
      ? [
          { rid: "q", scaleResolutionDownBy: 4 },
          { rid: "h", scaleResolutionDownBy: 2 },
          { rid: "f", scaleResolutionDownBy: 1 },
        ]
      : [{}];
    pc.addTransceiver(stream.getVideoTracks()[0], { direction: "sendonly", sendEncodings });
  }
  const [audio, video, screens] = slots;
  for (let i = 0; i < audio; i++) pc.addTransceiver("audio", { direction: "recvonly" });
  for (let i = 0; i < video + screens; i++) pc.addTransceiver("video", { direction: "recvonly" });
  if (lean) makeLean(pc);
};

window.makeLean = (pc) => {
  const wanted = { audio: ["audio/opus", "audio/red"], video: ["video/VP8", "video/rtx"] };
  const extensions = ["sdes:mid", "sdes:rtp-stream-id", "ssrc-audio-level", "transport-wide-cc"];
  for (const transceiver of pc.getTransceivers()) {
    const kind = transceiver.receiver.track.kind;
    const codecs = RTCRtpReceiver.getCapabilities(kind).codecs.filter((codec) => wanted[kind].includes(codec.mimeType));
    transceiver.setCodecPreferences(codecs);
    if (!transceiver.getHeaderExtensionsToNegotiate) continue;
    const offered = transceiver.getHeaderExtensionsToNegotiate();
    for (const extension of offered) {
      if (!extensions.some((name) => extension.uri.includes(name))) extension.direction = "stopped";
    }
    transceiver.setHeaderExtensionsToNegotiate(offered);
  }
};

window.addScreen = () => {
  const canvas = document.createElement("canvas");
  canvas.getContext("2d");
  window.screen1 = window.pc.addTransceiver(canvas.captureStream(5).getVideoTracks()[0], { direction: "sendonly" });
};

window.removeScreen = () => {
  window.screen1.stop();
};

window.offer = async (options = {}) => {
  await window.pc.setLocalDescription(await window.pc.createOffer(options));
  return window.pc.localDescription.sdp;
};

window.accept = async (sdp) => {
  await window.pc.setRemoteDescription({ type: "answer", sdp });
};

window.describe = () =>
  window.pc.getTransceivers().map((transceiver) => ({
    mid: transceiver.mid,
    kind: transceiver.receiver.track.kind,
    direction: transceiver.direction,
    currentDirection: transceiver.currentDirection,
    rids: transceiver.sender.getParameters().encodings.map((encoding) => encoding.rid ?? null),
  }));
