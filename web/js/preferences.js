/** What this browser remembers between meetings. A browser that remembers nothing is no reason to fail. */

const PREFIX = "roomcast.";

/** @typedef {"name" | "camera" | "microphone" | "speaker"} Chosen */
/** @typedef {Chosen | "microphone-off" | "camera-off" | "shortcuts-off"} Preference */

/**
 * @param {Preference} key
 * @returns {string} "" when nothing is remembered
 */
export function remembered(key) {
  try {
    return localStorage.getItem(PREFIX + key) ?? "";
  } catch {
    return ""; // storage is switched off
  }
}

/**
 * @param {Preference} key
 * @param {string} value "" forgets
 */
export function remember(key, value) {
  try {
    if (value === "") localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, value);
  } catch {
    // storage is switched off, or full
  }
}
