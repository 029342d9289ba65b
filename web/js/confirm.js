/** Asks before something that cannot be taken back. */

import { el } from "./dom.js";

/** The question that is being asked, if any. @type {HTMLDialogElement | null} */
let asked = null;

/**
 * @param {{title: string, text: string, action: string, danger?: boolean}} question `action` names the button
 * @returns {Promise<boolean>}
 */
export function confirmed({ title, text, action, danger = false }) {
  stopAsking();
  const dialog = el(
    "dialog",
    {
      class: "dialog small",
      id: "confirm-dialog",
      role: "alertdialog",
      "aria-labelledby": "confirm-title",
      "aria-describedby": "confirm-text",
    },
    el(
      "form",
      { method: "dialog", class: "dialog-body" },
      el("h2", { id: "confirm-title", text: title }),
      el("p", { id: "confirm-text", text }),
      el(
        "div",
        { class: "dialog-row" },
        el("button", { value: "", class: "button", autofocus: true, text: "Cancel" }),
        el("button", { value: "yes", class: `button ${danger ? "danger" : "primary"}`, text: action }),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  asked = dialog;
  return new Promise((resolve) => {
    dialog.onclose = () => {
      dialog.remove();
      if (asked === dialog) asked = null;
      resolve(dialog.returnValue === "yes");
    };
  });
}

/** Takes the question away unanswered. */
export function stopAsking() {
  asked?.close();
}
