/** Lists of cameras, microphones and speakers to choose from. */

import { listDevices, watchDevices } from "/sdk/roomcast.js";
import { canChooseSpeaker } from "./audio-output.js";
import { el } from "./dom.js";
import { remember, remembered } from "./preferences.js";

/** @typedef {"camera" | "microphone" | "speaker"} DeviceKind */
/** @typedef {Record<DeviceKind, HTMLSelectElement>} Selects */

const NAMES = { camera: "Camera", microphone: "Microphone", speaker: "Speaker" };

export class DeviceChoice {
  #selects;
  #present;
  #stopWatching;

  /**
   * @param {Selects} selects
   * @param {(kind: DeviceKind, deviceId: string) => void} onChoice
   * @param {(kind: DeviceKind) => string | undefined} present the device that is in use, where it is known
   */
  constructor(selects, onChoice, present) {
    this.#selects = selects;
    this.#present = present;
    for (const kind of /** @type {const} */ (["camera", "microphone", "speaker"])) {
      selects[kind].onchange = () => {
        remember(kind, selects[kind].value);
        onChoice(kind, selects[kind].value);
      };
    }
    this.#stopWatching = watchDevices(() => this.refresh());
  }

  async refresh() {
    const { cameras, microphones, speakers } = await listDevices();
    this.#fill("camera", cameras);
    this.#fill("microphone", microphones);
    this.#fill("speaker", canChooseSpeaker ? speakers : []);
  }

  close() {
    this.#stopWatching();
  }

  /**
   * @param {DeviceKind} kind
   * @param {readonly MediaDeviceInfo[]} devices
   */
  #fill(kind, devices) {
    const select = this.#selects[kind];
    const options = devices.map((device, index) =>
      el("option", { value: device.deviceId, text: device.label || `${NAMES[kind]} ${index + 1}` }),
    );
    const field = select.closest(".field");
    // Where the browser does not let a page choose the speaker there is nothing to show.
    if (field instanceof HTMLElement && kind === "speaker") field.hidden = options.length === 0;
    select.disabled = options.length === 0;
    if (options.length === 0) options.push(el("option", { value: "", text: `No ${NAMES[kind].toLowerCase()} found` }));
    select.replaceChildren(...options);
    const wanted = this.#present(kind) ?? remembered(kind);
    if (devices.some((device) => device.deviceId === wanted)) select.value = wanted;
  }
}

/**
 * What to ask the browser for: the device that was chosen last, or any other where that is not there.
 *
 * @param {"camera" | "microphone"} kind
 * @returns {MediaTrackConstraints}
 */
export function chosenDevice(kind) {
  const deviceId = remembered(kind);
  return deviceId === "" ? {} : { deviceId: { ideal: deviceId } };
}
