/** Errors in words that say what to do. */

/** @typedef {{title: string, advice: string}} Explanation */

/** @type {Record<string, Explanation>} */
const CONNECTION = {
  unreachable: { title: "The server cannot be reached", advice: "Check your internet connection, then try again." },
  timeout: { title: "The server does not answer", advice: "It may be busy. Wait a moment, then try again." },
  "connection-lost": { title: "The connection was lost", advice: "Check your internet connection, then try again." },
  "token-used": {
    title: "This invitation was used already",
    advice: "Every invitation lets one person in, once. Ask whoever invited you for a new link.",
  },
  "token-expired": {
    title: "This invitation has expired",
    advice: "Invitations are good for 15 minutes. Ask whoever invited you for a new link.",
  },
  "token-invalid": {
    title: "This invitation is not valid",
    advice: "Check that the link was copied completely, or ask for a new one.",
  },
  "token-wrong-room": {
    title: "This invitation is for another room",
    advice: "Ask whoever invited you for the right link.",
  },
  "not-local": {
    title: "An invitation is missing",
    advice: "Open the complete link that you were sent, or ask for one.",
  },
  "unknown-room": {
    title: "There is no such room",
    advice: "It may have been closed. Check the link, or start a room of your own.",
  },
  "room-full": { title: "The room is full", advice: "Try again when somebody has left." },
  "room-locked": { title: "The room is locked", advice: "A moderator lets nobody in any more. Ask them to unlock it." },
  "room-not-open": { title: "The room is not open yet", advice: "It opens 15 minutes before its planned start." },
  "room-over": { title: "The meeting is over", advice: "The room's planned time has passed." },
  "hard-muted": { title: "A moderator has muted you", advice: "Only a moderator can lift that." },
  "floor-required": {
    title: "This is a lecture",
    advice: "Only moderators are seen and heard, and those to whom they give the floor.",
  },
  "role-forbidden": {
    title: "You may not do this here",
    advice: "Your invitation does not allow it. Ask the moderator.",
  },
  "audio-only": { title: "This room has no video", advice: "You are heard, and nobody's camera is shown." },
  "screen-share-disabled": { title: "Screens are not shared in this room", advice: "The room does not allow it." },
  "too-many-tracks": { title: "You publish too much at once", advice: "Stop something else first." },
  "no-media-node": {
    title: "No media server is available",
    advice: "The operator has to look after it. Try again in a moment.",
  },
  "too-many-pinned": { title: "No more people can be pinned", advice: "Unpin somebody first." },
  "too-many-spotlighted": { title: "The spotlight is full", advice: "Take somebody out of it first." },
  "extension-closed": {
    title: "The meeting cannot be extended now",
    advice: "It can be in its last 10 minutes, once.",
  },
  "no-recorder": {
    title: "Nothing can be recorded now",
    advice: "No recorder is running on the server. Ask its operator to start one, then try again.",
  },
  unauthorised: {
    title: "That is not the id and the key of this server",
    advice: "Copy both from the file credentials.json in the server’s data folder.",
  },
  gone: { title: "This is not there any more", advice: "Somebody deleted it, or its time was over." },
  "rate-limited": { title: "Too many requests", advice: "Wait a few seconds, then try again." },
};

/** @type {Record<string, Explanation>} */
const ENDED = {
  left: { title: "You left the meeting", advice: "You can come back at any time while it goes on." },
  "session-ended": { title: "The meeting has ended", advice: "Thank you for taking part." },
  // Whether it ended for one or for all is in the server's sentence.
  "disconnected-by-moderator": { title: "The meeting is over for you", advice: "" },
  "denied-by-moderator": { title: "You were not let in", advice: "A moderator has declined." },
  "awaited-too-long": { title: "Nobody has let you in", advice: "Try again later, or ask whoever invited you." },
  "room-deleted": { title: "The room was closed", advice: "It does not exist any more." },
  replaced: { title: "You joined from somewhere else", advice: "This meeting goes on in your other window." },
  expired: { title: "The time is up", advice: "The room's planned end has come." },
  "connection-lost": {
    title: "The connection was lost",
    advice: "It could not be restored. Check your network and join again.",
  },
};

/** @type {Record<string, string>} */
const RECORDING_FAILURES = {
  "recorder-gone": "The recorder is gone, and there is no other.",
  "storage-full": "There is no room left where recordings are kept: the operator has to make some.",
  "layout-failed": "The page that lays out the picture could not be shown: check its address.",
  "recorder-failed": "The recorder could not go on.",
};

const DEVICE = { microphone: "microphone", camera: "camera", screen: "screen", canvas: "canvas" };

/**
 * @param {unknown} error of the SDK or of the server
 * @returns {Explanation}
 */
export function explain(error) {
  const { reason, source, message } = /** @type {{reason?: string, source?: keyof typeof DEVICE, message?: string}} */ (
    error ?? {}
  );
  if (source !== undefined) return explainDevice(reason ?? "", DEVICE[source]);
  return CONNECTION[reason ?? ""] ?? { title: "That did not work", advice: message || "Try again." };
}

/**
 * @param {string} reason of `room-disconnected`
 * @param {string} message
 * @returns {Explanation}
 */
export function explainEnd(reason, message) {
  const known = ENDED[reason];
  if (known !== undefined) return known.advice === "" ? { ...known, advice: message } : known;
  return { title: "The meeting is over for you", advice: message || "You can try to join again." };
}

/**
 * @param {string} reason of `room-record-failed` or `room-live-recording-failed`
 * @param {string} message
 * @param {boolean} may whether one may start it again
 * @returns {Explanation}
 */
export function explainRecordingFailure(reason, message, may) {
  const why = RECORDING_FAILURES[reason] ?? message;
  const next = may ? "What was recorded until now is kept. Start it again, or go on without." : "The meeting goes on.";
  return { title: "Recording has stopped", advice: why === "" ? next : `${why} ${next}` };
}

/**
 * @param {string} reason
 * @param {string} device
 * @returns {Explanation}
 */
function explainDevice(reason, device) {
  switch (reason) {
    case "permission-denied":
      return device === "screen"
        ? { title: "Nothing was shared", advice: "Choose a screen, a window or a tab, and allow it." }
        : {
            title: `The ${device} is blocked`,
            advice: `Allow the ${device} in the browser's address bar, then try again.`,
          };
    case "device-not-found":
      return { title: `No ${device} was found`, advice: "Plug one in, then try again. You can join without." };
    case "device-in-use":
      return { title: `The ${device} is busy`, advice: "Close other programs that use it, then try again." };
    case "insecure-context":
      return {
        title: "Camera and microphone need a secure address",
        advice: "Open this page over https://, or on the server's own machine as http://localhost.",
      };
    case "not-supported":
      return {
        title: `This browser cannot use a ${device} here`,
        advice: "Try a current Chrome, Edge, Firefox or Safari.",
      };
    default:
      return {
        title: `The ${device} could not be started`,
        advice: "Choose another one, or unplug it and plug it in again.",
      };
  }
}
