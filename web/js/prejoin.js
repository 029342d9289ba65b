/** Before the meeting: one's name, and whether camera, microphone and speaker work. */

import { capture, captureBoth, MediaError } from "/sdk/roomcast.js";
import { renameAvatar } from "./avatar.js";
import { DeviceChoice, chosenDevice } from "./device-choice.js";
import { byId, el } from "./dom.js";
import { explain } from "./error-texts.js";
import { icon, setIcon } from "./icons.js";
import { LevelMeter } from "./level-meter.js";
import { remember, remembered } from "./preferences.js";
import { playTestSound } from "./test-sound.js";

/** @typedef {"microphone" | "camera"} Device */
/**
 * @typedef {object} Choice
 * @property {string} name
 * @property {MediaStreamTrack | null} microphone
 * @property {MediaStreamTrack | null} camera
 * @property {boolean} microphoneOff
 */

export class Prejoin {
  #video = byId("preview-video", HTMLVideoElement);
  #cover = byId("preview-cover", HTMLElement);
  #coverText = byId("preview-cover-text", HTMLElement);
  #avatar = byId("preview-avatar", HTMLElement);
  #form = byId("join-form", HTMLFormElement);
  #name = byId("join-name", HTMLInputElement);
  #join = byId("join-button", HTMLButtonElement);
  #problems = byId("join-problems", HTMLElement);
  #buttons = {
    microphone: byId("preview-microphone", HTMLButtonElement),
    camera: byId("preview-camera", HTMLButtonElement),
  };
  #meter = new LevelMeter(byId("preview-level", HTMLElement));
  #devices;
  #onJoin;
  /** @type {Record<Device, MediaStreamTrack | null>} */
  #tracks = { microphone: null, camera: null };
  /** @type {Record<Device, boolean>} */
  #off = { microphone: remembered("microphone-off") === "yes", camera: remembered("camera-off") === "yes" };
  /** @type {Map<string, import("./error-texts.js").Explanation>} */
  #trouble = new Map();
  #opening = false;

  /** @param {(choice: Choice) => Promise<void>} onJoin rejects with what went wrong */
  constructor(onJoin) {
    this.#onJoin = onJoin;
    this.#devices = new DeviceChoice(
      {
        camera: byId("join-camera", HTMLSelectElement),
        microphone: byId("join-microphone", HTMLSelectElement),
        speaker: byId("join-speaker", HTMLSelectElement),
      },
      (kind) => {
        if (kind !== "speaker") this.#reopen(kind);
      },
      (kind) => (kind === "speaker" ? undefined : this.#tracks[kind]?.getSettings().deviceId),
    );
    this.#name.value = remembered("name");
    this.#name.oninput = () => this.#draw();
    this.#form.onsubmit = (event) => {
      event.preventDefault();
      this.#submit();
    };
    this.#buttons.microphone.onclick = () => this.#toggle("microphone");
    this.#buttons.camera.onclick = () => this.#toggle("camera");
    const test = byId("test-speaker", HTMLButtonElement);
    test.onclick = () => this.#testSpeaker(test);
    document.addEventListener("pointerdown", () => this.#meter.wake());
  }

  /** Opens the devices and shows what they bring. */
  async open() {
    this.#draw();
    if (this.#name.value === "") this.#name.focus();
    this.#opening = true;
    this.#draw();
    await this.#openBoth();
    this.#opening = false;
    this.#showTracks();
    await this.#devices.refresh();
  }

  /** @param {import("./error-texts.js").Explanation | null} explanation why the join failed */
  showFailure(explanation) {
    if (explanation === null) this.#trouble.delete("join");
    else this.#trouble.set("join", explanation);
    this.#draw();
  }

  /** Leaves the devices to the meeting. */
  handOver() {
    this.#meter.stop();
    this.#video.srcObject = null;
    this.#tracks = { microphone: null, camera: null };
  }

  async #openBoth() {
    const camera = this.#off.camera ? undefined : chosenDevice("camera");
    try {
      Object.assign(
        this.#tracks,
        await captureBoth({ microphone: chosenDevice("microphone"), ...(camera ? { camera } : {}) }),
      );
    } catch (error) {
      // One of the two may still work; and each has its own thing to say.
      if (camera === undefined || isHopeless(error)) this.#troubleWith("microphone", error);
      else await Promise.all([this.#openOne("microphone"), this.#openOne("camera")]);
    }
  }

  /** @param {Device} device */
  async #openOne(device) {
    try {
      this.#tracks[device] = await capture(device, chosenDevice(device));
      this.#trouble.delete(device);
    } catch (error) {
      this.#troubleWith(device, error);
    }
  }

  /**
   * @param {Device} device
   * @param {unknown} error
   */
  #troubleWith(device, error) {
    this.#trouble.set(isHopeless(error) ? "context" : device, explain(error));
  }

  /** @param {Device} device */
  async #reopen(device) {
    this.#tracks[device]?.stop();
    this.#tracks[device] = null;
    if (device === "camera" && this.#off.camera) return;
    await this.#openOne(device);
    this.#showTracks();
  }

  /** @param {Device} device */
  async #toggle(device) {
    const off = !this.#off[device] && this.#tracks[device] !== null;
    this.#off[device] = off;
    remember(`${device}-off`, off ? "yes" : "");
    if (off && device === "camera") {
      this.#tracks.camera?.stop(); // its light goes out
      this.#tracks.camera = null;
    }
    if (!off && this.#tracks[device] === null) {
      this.#draw();
      await this.#openOne(device);
      await this.#devices.refresh();
    }
    this.#showTracks();
  }

  #showTracks() {
    const { camera, microphone } = this.#tracks;
    if (microphone !== null) microphone.enabled = !this.#off.microphone;
    this.#video.srcObject = camera === null ? null : new MediaStream([camera]);
    if (camera !== null) this.#video.play().catch(() => {}); // switched off again meanwhile
    this.#meter.show(microphone);
    this.#draw();
  }

  #draw() {
    const { camera, microphone } = this.#tracks;
    const name = this.#name.value.trim();
    this.#cover.hidden = camera !== null;
    this.#coverText.textContent = this.#opening ? "Starting your camera…" : "Your camera is off";
    renameAvatar(this.#avatar, name || "You");
    this.#drawButton("microphone", microphone !== null && !this.#off.microphone);
    this.#drawButton("camera", camera !== null);
    const parts = [...this.#trouble.values()].map(({ title, advice }) =>
      el(
        "div",
        { class: "notice trouble" },
        icon("warning"),
        el("p", {}, el("strong", { text: `${title}. ` }), advice),
      ),
    );
    this.#problems.replaceChildren(...parts);
  }

  /**
   * @param {Device} device
   * @param {boolean} on
   */
  #drawButton(device, on) {
    const button = this.#buttons[device];
    button.classList.toggle("is-off", !on);
    const label = `Turn ${device} ${on ? "off" : "on"}`;
    button.setAttribute("aria-label", label);
    button.title = label;
    setIcon(button, on ? device : /** @type {import("./icons.js").IconName} */ (`${device}-off`));
  }

  async #submit() {
    const name = this.#name.value.trim();
    if (name === "") {
      this.#name.focus();
      return;
    }
    remember("name", name);
    this.#trouble.delete("join");
    this.#join.disabled = true;
    this.#join.classList.add("is-busy");
    try {
      const { microphone, camera } = this.#tracks;
      await this.#onJoin({ name, microphone, camera, microphoneOff: this.#off.microphone });
    } catch (error) {
      this.showFailure(explain(error));
    } finally {
      this.#join.disabled = false;
      this.#join.classList.remove("is-busy");
    }
  }

  /** @param {HTMLButtonElement} button */
  async #testSpeaker(button) {
    button.disabled = true;
    try {
      await playTestSound(remembered("speaker"));
      this.#trouble.delete("speaker");
    } catch {
      this.#trouble.set("speaker", { title: "No sound could be played", advice: "Choose another speaker." });
    }
    button.disabled = false;
    this.#draw();
  }
}

/** @param {unknown} error */
function isHopeless(error) {
  return error instanceof MediaError && (error.reason === "insecure-context" || error.reason === "not-supported");
}
