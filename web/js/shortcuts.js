/** Keyboard shortcuts: single keys, which can be switched off, and never while something is being typed. */

import { remember, remembered } from "./preferences.js";

/** What the help dialog lists. */
export const SHORTCUTS = [
  { keys: ["M"], action: "microphone", text: "Microphone on or off" },
  { keys: ["V"], action: "camera", text: "Camera on or off" },
  { keys: ["Space"], action: "talk", text: "Hold to talk while muted" },
  { keys: ["S"], action: "screen", text: "Share your screen, or stop" },
  { keys: ["H"], action: "hand", text: "Raise or lower your hand in a lecture; finish when you have the floor" },
  { keys: ["C"], action: "chat", text: "Chat" },
  { keys: ["P"], action: "people", text: "People" },
  { keys: ["I"], action: "invite", text: "Copy the invitation link" },
  { keys: ["?"], action: "help", text: "This list" },
  { keys: ["Shift", "L"], action: "leave", text: "Leave the meeting" },
];

/**
 * The action that a key asks for. Pure.
 *
 * @param {{key: string, shiftKey: boolean, ctrlKey: boolean, altKey: boolean, metaKey: boolean}} event
 * @returns {string | null}
 */
export function actionOf({ key, shiftKey, ctrlKey, altKey, metaKey }) {
  if (ctrlKey || altKey || metaKey) return null;
  if (key === "?") return "help"; // needs Shift on some keyboards and not on others
  const name = key === " " ? "Space" : key.toUpperCase();
  const keys = shiftKey ? ["Shift", name] : [name];
  const found = SHORTCUTS.find((shortcut) => shortcut.keys.join("+") === keys.join("+"));
  return found?.action ?? null;
}

export const shortcutsOff = () => remembered("shortcuts-off") === "yes";

/** @param {boolean} off */
export function switchShortcuts(off) {
  remember("shortcuts-off", off ? "yes" : "");
}

/**
 * Calls `act` for every shortcut, and `release` when the key of "talk" is let go.
 *
 * @param {(action: string) => void} act
 * @param {() => void} release
 * @returns {() => void} stops listening
 */
export function listenToKeys(act, release) {
  /** @param {KeyboardEvent} event */
  const down = (event) => {
    const action = actionOf(event);
    if (action === null || event.repeat || shortcutsOff() || isBusy(event)) return;
    event.preventDefault();
    act(action);
  };
  /** @param {KeyboardEvent} event */
  const up = (event) => {
    if (event.key === " ") release();
  };
  document.addEventListener("keydown", down);
  document.addEventListener("keyup", up);
  window.addEventListener("blur", release);
  return () => {
    document.removeEventListener("keydown", down);
    document.removeEventListener("keyup", up);
    window.removeEventListener("blur", release);
  };
}

/** @param {KeyboardEvent} event */
function isBusy(event) {
  if (document.querySelector("dialog[open]")) return true;
  if (!(event.target instanceof Element)) return false;
  if (event.target.closest("input, textarea, select, [contenteditable], [role=menu]")) return true;
  return event.key === " " && event.target.closest("button, a, summary") !== null;
}
