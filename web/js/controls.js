/** The buttons of the meeting. What they show is what the room says, not what was clicked. */

import { toast } from "./announce.js";
import { byId } from "./dom.js";
import { tellFailure } from "./failures.js";
import { setIcon } from "./icons.js";

/** @typedef {import("/sdk/roomcast.js").Room} Room */
/** @typedef {"microphone" | "camera"} Device */

/** What may change whether a button can be used. */
const MODERATIONS = /** @type {const} */ ([
  "hard-mute-room",
  "hard-unmute-room",
  "hardmute-user-audio",
  "hardmute-user-video",
  "hardunmute-user-audio",
  "hardunmute-user-video",
  "room-mode-switched",
  "floor-changed",
  "user-role-changed",
  "reconnected",
]);
const WITHHELD = {
  "hard-muted": "a moderator has turned it off",
  "floor-required": "this is a lecture, and you do not have the floor",
};

export const canShareScreen = typeof navigator.mediaDevices?.getDisplayMedia === "function";

export class Controls {
  #room;
  #devices = {
    microphone: byId("microphone-button", HTMLButtonElement),
    camera: byId("camera-button", HTMLButtonElement),
  };
  #screen = byId("screen-button", HTMLButtonElement);
  #sharing = byId("sharing", HTMLElement);
  /** What is being changed at the moment. @type {Set<string>} */
  #busy = new Set();
  /** Unmuted only for as long as a key is held. */
  #talking = false;
  #constraints;

  /**
   * @param {Room} room
   * @param {(device: Device) => MediaTrackConstraints} constraints with which a device is opened that was not before
   */
  constructor(room, constraints) {
    this.#room = room;
    this.#constraints = constraints;
    this.#devices.microphone.onclick = () => this.toggle("microphone");
    this.#devices.camera.onclick = () => this.toggle("camera");
    this.#screen.onclick = () => this.toggleScreen();
    byId("stop-sharing", HTMLButtonElement).onclick = () => this.toggleScreen();
    room.on("local-tracks-changed", (event) => this.#changed(event));
    for (const type of MODERATIONS) room.on(type, () => this.draw());
    byId("controls", HTMLElement).onkeydown = moveByArrows;
    this.draw();
  }

  /** @param {Device} device */
  toggle(device) {
    const track = this.#room.localTrack(device);
    return this.#do(device, async () => {
      if (track === null) await this.#room.publish(device, this.#constraints(device));
      else if (track.muted) await this.#room.unmute(device);
      else await this.#room.mute(device);
    });
  }

  toggleScreen() {
    if (!canShareScreen) return undefined;
    return this.#do("screen", async () => {
      if (this.#room.localTrack("screen") === null) await this.#room.shareScreen();
      else await this.#room.stopScreenShare();
    });
  }

  /** Unmutes for as long as `release` is not called. */
  talk() {
    if (this.#talking || this.#room.localTrack("microphone")?.muted !== true) return;
    this.#talking = true;
    this.#do("microphone", () => this.#room.unmute("microphone"));
  }

  release() {
    if (!this.#talking) return;
    this.#talking = false;
    this.#room.mute("microphone").catch(() => {}); // nothing is sent from now on, whatever the server answers
  }

  draw() {
    const denied = !this.#room.permissions.publish;
    for (const device of /** @type {const} */ (["microphone", "camera"])) {
      const track = this.#room.localTrack(device);
      const on = track !== null && !track.muted;
      const button = this.#devices[device];
      button.hidden = denied;
      button.classList.toggle("is-off", !on);
      button.classList.toggle("is-busy", this.#busy.has(device));
      setIcon(button, on ? device : /** @type {import("./icons.js").IconName} */ (`${device}-off`));
      this.#label(button, device, `Turn ${device} ${on ? "off" : "on"}`, device === "microphone" ? "M" : "V");
    }
    const sharing = this.#room.localTrack("screen") !== null;
    this.#screen.hidden = denied || !canShareScreen;
    this.#screen.classList.toggle("is-active", sharing);
    setIcon(this.#screen, sharing ? "screen-off" : "screen");
    this.#label(this.#screen, "screen", sharing ? "Stop sharing your screen" : "Share your screen", "S");
    this.#sharing.hidden = !sharing;
  }

  /**
   * Says what the button does, or why it does nothing.
   *
   * @param {HTMLButtonElement} button
   * @param {Device | "screen"} source
   * @param {string} label
   * @param {string} key
   */
  #label(button, source, label, key) {
    const withheld = this.#room.withheld(source);
    const shown = withheld === null ? label : `No ${source}: ${WITHHELD[withheld]}`;
    button.classList.toggle("is-withheld", withheld !== null);
    button.setAttribute("aria-disabled", String(withheld !== null));
    button.setAttribute("aria-label", shown);
    button.setAttribute("aria-keyshortcuts", key);
    button.title = `${shown} (${key})`;
  }

  /**
   * One change of a kind at a time; a second click meanwhile is not another change.
   *
   * @param {string} what
   * @param {() => Promise<void>} change
   */
  async #do(what, change) {
    if (this.#busy.has(what)) return;
    this.#busy.add(what);
    this.draw();
    try {
      await change();
    } catch (error) {
      this.#failed(what, error);
    } finally {
      this.#busy.delete(what);
      this.draw();
    }
  }

  /**
   * @param {string} what
   * @param {unknown} error
   */
  #failed(what, error) {
    const { reason } = /** @type {{reason?: string}} */ (error ?? {});
    if (what === "screen" && reason === "permission-denied") return; // the user closed the question
    tellFailure(error);
  }

  /** @param {import("/sdk/roomcast.js").RoomEvents["local-tracks-changed"]} event */
  #changed({ track, change }) {
    this.draw();
    if (change === "ended" && track.source !== "screen") {
      toast(`Your ${track.source} was taken away. Turn it on again to use another one.`, {
        iconName: "warning",
        tone: "trouble",
      });
    }
    if (change === "refused")
      toast(`You may not use your ${track.source} in this room.`, { iconName: "warning", tone: "trouble" });
  }
}

/**
 * The arrow keys go from button to button, as in every toolbar.
 *
 * @param {KeyboardEvent} event
 */
function moveByArrows(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined) return;
  const buttons = [...byId("controls", HTMLElement).querySelectorAll("button")].filter(
    (button) => button.offsetParent !== null,
  );
  const index = buttons.findIndex((button) => button === document.activeElement);
  buttons[(index + step + buttons.length) % buttons.length]?.focus();
  event.preventDefault();
}
