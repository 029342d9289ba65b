/** What stands for someone without a picture: their initials on a colour of their own. */

import { el } from "./dom.js";

/**
 * @param {string} name
 * @returns {string} one or two letters
 */
export function initials(name) {
  const words = name
    .trim()
    .split(/\s+/)
    .filter((word) => word !== "");
  const chosen = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  const letters = chosen.map((word) => firstLetter(/** @type {string} */ (word)));
  return letters.join("").toLocaleUpperCase() || "?";
}

/** @param {string} word */
function firstLetter(word) {
  const letter = /[\p{L}\p{N}]/u.exec(word);
  return letter ? letter[0] : (Array.from(word)[0] ?? "");
}

/**
 * @param {string} text
 * @returns {number} a hue in degrees, always the same for the same text
 */
export function hueOf(text) {
  let hash = 7;
  for (const character of text) hash = (hash * 31 + /** @type {number} */ (character.codePointAt(0))) % 9973;
  // Twelve hues that can be told from each other.
  return (hash % 12) * 30 + 15;
}

/**
 * @param {string} name
 * @returns {HTMLElement}
 */
export function avatar(name) {
  const element = el("span", { class: "avatar", "aria-hidden": "true" });
  renameAvatar(element, name);
  return element;
}

/**
 * @param {HTMLElement} element
 * @param {string} name
 */
export function renameAvatar(element, name) {
  element.textContent = initials(name);
  element.style.setProperty("--hue", String(hueOf(name)));
}
