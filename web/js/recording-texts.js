/** What the operator's page says of sessions and files, in words. Pure. */

/** @typedef {import("./recordings-api.js").RecordedFile} RecordedFile */
/** @typedef {{at: string, name: string, client_id: string | null, details: Record<string, any>}} SessionEvent */

const UNITS = ["kB", "MB", "GB", "TB"];

/**
 * @param {number} bytes
 * @returns {string}
 */
export function sizeText(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

/**
 * @param {number} seconds
 * @returns {string}
 */
export function durationText(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest === 0 ? "" : ` ${rest} min`}`;
}

/**
 * @param {{opened_at: string, closed_at?: string}} session
 * @returns {string}
 */
export function howLong({ opened_at, closed_at }) {
  return closed_at === undefined ? "goes on" : durationText((Date.parse(closed_at) - Date.parse(opened_at)) / 1000);
}

/**
 * @param {string} instant ISO 8601
 * @returns {string} in the reader's own time and way of writing
 */
export function whenText(instant) {
  return new Date(instant).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}

/**
 * @param {string} instant ISO 8601
 * @returns {string}
 */
export function dayText(instant) {
  return new Date(instant).toLocaleDateString([], { dateStyle: "medium" });
}

/**
 * @param {string} instant ISO 8601
 * @returns {string}
 */
export function timeText(instant) {
  return new Date(instant).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

/**
 * @typedef {object} FileText
 * @property {string} label
 * @property {"play" | "read" | "download"} use what can be done with it on the page
 * @property {import("./icons.js").IconName} iconName
 */

/**
 * @param {RecordedFile} file
 * @returns {FileText}
 */
export function fileText({ kind, name, content_type }) {
  if (kind === "chat") return { label: "Chat", use: "read", iconName: "chat" };
  if (kind === "metadata") return { label: "Who was there, and what happened", use: "read", iconName: "people" };
  const use = /^(video|audio)\//.test(content_type) ? "play" : "download";
  if (kind === "transcoded") return { label: "The whole meeting", use, iconName: "film" };
  if (kind === "live") return { label: "Live recording", use, iconName: "live" };
  return name.includes("-screen-")
    ? { label: "A shared screen", use, iconName: "screen" }
    : { label: "One participant", use, iconName: "camera" };
}

/** Files in the order in which people look for them. */
const ORDER = ["transcoded", "live", "recording", "chat", "metadata"];

/**
 * @param {readonly RecordedFile[]} files
 * @returns {RecordedFile[]}
 */
export function inOrder(files) {
  const place = (/** @type {RecordedFile} */ { kind }) => (ORDER.indexOf(kind) + ORDER.length) % ORDER.length;
  return [...files].sort((one, other) => place(one) - place(other) || (one.name < other.name ? -1 : 1));
}

/** @type {Record<string, string>} */
const EVENTS = {
  "user-connected": "came",
  "user-disconnected": "left",
  "user-returned": "came back after a restart of the server",
  "track-muted": "muted",
  "track-unmuted": "unmuted",
  "hard-mute-room": "muted everybody",
  "hard-unmute-room": "let everybody speak again",
  "room-locked": "locked the room",
  "room-unlocked": "unlocked the room",
  "room-mode-switched": "switched the mode of the room",
  "floor-changed": "changed who has the floor",
  "user-role-changed": "handed on the role of moderator",
  "updated-pinned-users": "changed who is pinned",
  "spotlight-users": "changed who is in the spotlight",
  "conference-duration-extended": "extended the meeting",
  "room-disconnected": "sent somebody out",
  "room-record-on": "started the recording",
  "room-record-off": "stopped the recording",
  "room-record-failed": "recording failed",
  "room-live-recording-on": "started the live recording",
  "room-live-recording-off": "stopped the live recording",
  "room-live-recording-failed": "live recording failed",
};

/**
 * @param {SessionEvent} event
 * @param {ReadonlyMap<string, string>} names by client id
 * @returns {string}
 */
export function eventText({ name, client_id, details }, names) {
  const who = client_id === null ? "The server" : names.get(client_id) || "A guest";
  const what = EVENTS[name] ?? name.replaceAll("-", " ");
  const source = typeof details.source === "string" ? ` the ${details.source}` : "";
  return `${who}: ${what}${source}`;
}
