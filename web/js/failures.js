/** Tells the user of something that did not work. */

import { toast } from "./announce.js";
import { explain } from "./error-texts.js";

/** Somebody else was faster, or whom it was about is gone: what the page shows says so. */
const OVERTAKEN = new Set(["unknown-participant", "no-floor-request", "no-floor", "disconnected", "already-recording", "not-recording"]);

/**
 * @param {unknown} error
 * @param {string} [before] what it was about, as a sentence
 */
export function tellFailure(error, before = "") {
  const { title, advice } = explain(error);
  toast(`${before === "" ? "" : `${before} `}${title}. ${advice}`, { iconName: "warning", tone: "trouble" });
}

/**
 * Tells of it when this fails.
 *
 * @param {Promise<unknown>} request
 */
export function tellIfFails(request) {
  request.catch((error) => {
    const { reason = "" } = /** @type {{reason?: string}} */ (error ?? {});
    if (!OVERTAKEN.has(reason)) tellFailure(error);
  });
}
