/** The dialogs of the meeting: devices, and the list of shortcuts. */

import { DeviceChoice } from "./device-choice.js";
import { byId, el } from "./dom.js";
import { LevelMeter } from "./level-meter.js";
import { SHORTCUTS, shortcutsOff, switchShortcuts } from "./shortcuts.js";

/** @typedef {import("/sdk/roomcast.js").Room} Room */

/**
 * Makes a dialog close by its button and by a click beside it.
 *
 * @param {HTMLDialogElement} dialog
 */
function closable(dialog) {
  dialog.onclick = (event) => {
    const target = event.target;
    if (target === dialog || (target instanceof Element && target.closest("[data-close]"))) dialog.close();
  };
}

export class SettingsDialog {
  #dialog = byId("settings-dialog", HTMLDialogElement);
  #room;
  #meter = new LevelMeter(byId("settings-level", HTMLElement));
  #devices;

  /**
   * @param {Room} room
   * @param {(kind: import("./device-choice.js").DeviceKind, deviceId: string) => void} onChoice
   */
  constructor(room, onChoice) {
    this.#room = room;
    this.#devices = new DeviceChoice(
      {
        camera: byId("settings-camera", HTMLSelectElement),
        microphone: byId("settings-microphone", HTMLSelectElement),
        speaker: byId("settings-speaker", HTMLSelectElement),
      },
      onChoice,
      (kind) => (kind === "speaker" ? undefined : room.localTrack(kind)?.mediaTrack.getSettings().deviceId),
    );
    closable(this.#dialog);
    this.#dialog.onclose = () => this.#meter.stop();
  }

  async open() {
    this.#dialog.showModal();
    await this.#devices.refresh();
    this.showLevel();
  }

  /** Shows the level of the microphone in use. */
  showLevel() {
    const microphone = this.#room.localTrack("microphone");
    if (this.#dialog.open) this.#meter.show(microphone?.mediaTrack ?? null);
  }

  close() {
    this.#dialog.close();
    this.#meter.close();
    this.#devices.close();
  }
}

export class HelpDialog {
  #dialog = byId("help-dialog", HTMLDialogElement);

  constructor() {
    closable(this.#dialog);
    const rows = SHORTCUTS.flatMap(({ keys, text }) => [
      el("dt", {}, ...keys.map((key) => el("kbd", { text: key }))),
      el("dd", { text }),
    ]);
    byId("shortcut-list", HTMLElement).replaceChildren(...rows);
    const toggle = byId("shortcuts-on", HTMLInputElement);
    toggle.checked = !shortcutsOff();
    toggle.onchange = () => switchShortcuts(!toggle.checked);
  }

  open() {
    this.#dialog.showModal();
  }

  close() {
    this.#dialog.close();
  }
}
