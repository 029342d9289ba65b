/** Asks before something that cannot be taken back. */

import { byId } from "./dom.js";

/**
 * @param {{title: string, text: string, action: string, danger?: boolean}} question `action` names the button
 * @returns {Promise<boolean>}
 */
export function confirmed({ title, text, action, danger = false }) {
  const dialog = byId("confirm-dialog", HTMLDialogElement);
  const button = byId("confirm-yes", HTMLButtonElement);
  byId("confirm-title", HTMLElement).textContent = title;
  byId("confirm-text", HTMLElement).textContent = text;
  button.textContent = action;
  button.className = `button ${danger ? "danger" : "primary"}`;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(dialog.returnValue === "yes");
  });
}

/** Takes the question away unanswered. */
export function stopAsking() {
  byId("confirm-dialog", HTMLDialogElement).close();
}
