/** A viewer joins a videoroom of Janus by its WebSocket API: session, handle, subscription, answer. */
import { onFirstFrame } from "/sdk/first-frame.js";

/** @param {{url: string, room: number, feed: number}} access */
export async function join({ url, room, feed }) {
  const socket = new WebSocket(url, "janus-protocol");
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error("no WebSocket to Janus"));
  });
  const began = performance.now();
  const ask = asking(socket);
  const session = await ask({ janus: "create" });
  const addressed = { session_id: session.data.id };
  const handle = await ask({ ...addressed, janus: "attach", plugin: "janus.plugin.videoroom" });
  Object.assign(addressed, { handle_id: handle.data.id, janus: "message" });
  const body = { request: "join", ptype: "subscriber", room, streams: [{ feed }] };
  const offered = await ask({ ...addressed, body });
  const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  const decoded = new Promise((resolve) => {
    peer.ontrack = ({ track }) => track.kind === "video" && onFirstFrame(track, () => resolve(performance.now()));
  });
  await peer.setRemoteDescription(offered.jsep);
  const answer = await peer.createAnswer();
  const started = ask({ ...addressed, body: { request: "start" }, jsep: { type: "answer", sdp: answer.sdp } });
  await peer.setLocalDescription(answer);
  await started;
  const at = await decoded;
  peer.close();
  socket.close();
  return at - began;
}

/** Requests over the socket, each with its answer; an "ack" only says that the answer will follow. */
function asking(socket) {
  const waiting = new Map();
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.janus !== "ack") waiting.get(message.transaction)?.(message);
  };
  return async (request) => {
    const transaction = String(waiting.size + 1);
    const answered = new Promise((resolve) => waiting.set(transaction, resolve));
    socket.send(JSON.stringify({ ...request, transaction }));
    const answer = await answered;
    const error = answer.error?.reason ?? answer.plugindata?.data?.error;
    if (error) throw new Error(`Janus refuses ${request.janus}: ${error}`);
    return answer;
  };
}
