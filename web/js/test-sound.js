/** A short chime, to hear which speaker it is. */

import { routeTo } from "./audio-output.js";
import { el } from "./dom.js";

const NOTES = [523.25, 659.25, 783.99];
const NOTE_SECONDS = 0.18;

/** @param {string} speaker device id, "" for the system's choice */
export async function playTestSound(speaker) {
  const context = new AudioContext();
  const output = context.createMediaStreamDestination();
  const element = el("audio", {});
  element.srcObject = output.stream;
  try {
    if (speaker !== "") await routeTo(element, speaker);
    await element.play();
    NOTES.forEach((frequency, index) =>
      chime(context, output, frequency, context.currentTime + 0.05 + index * NOTE_SECONDS),
    );
    await new Promise((resolve) => setTimeout(resolve, NOTES.length * NOTE_SECONDS * 1000 + 700));
  } finally {
    element.srcObject = null;
    await context.close();
  }
}

/**
 * @param {AudioContext} context
 * @param {AudioNode} output
 * @param {number} frequency
 * @param {number} start
 */
function chime(context, output, frequency, start) {
  const tone = new OscillatorNode(context, { frequency, type: "sine" });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setValueAtTime(0, start);
  gain.gain.linearRampToValueAtTime(0.22, start + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.001, start + 0.5);
  tone.connect(gain).connect(output);
  tone.start(start);
  tone.stop(start + 0.55);
}
