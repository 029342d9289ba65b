/**
 * Calls back when the first frame of a received video track is decoded.
 *
 * @param {MediaStreamTrack} track
 * @param {() => void} decoded
 * @returns {() => void} gives up
 */
export function onFirstFrame(track, decoded) {
  if (typeof document === "undefined") return () => {};
  const video = document.createElement("video");
  const stop = () => {
    video.onloadeddata = null;
    video.srcObject = null;
  };
  video.muted = true;
  video.playsInline = true;
  video.onloadeddata = () => {
    stop();
    decoded();
  };
  video.srcObject = new MediaStream([track]);
  video.play().catch(() => {}); // given up before it started to play
  return stop;
}
