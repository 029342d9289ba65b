/** Plays a file of the archive by a link that expires, and gets another one when it has. */

import { announce } from "./announce.js";
import { el } from "./dom.js";
import { explain } from "./error-texts.js";
import { icon } from "./icons.js";

const UNPLAYABLE =
  "This browser cannot play this file. Download it, and open it with a player such as VLC.";

export class FilePlayer {
  #newLink;
  /** Whether the present link has brought anything. */
  #works = false;
  /** Where the last link but the first took over, in seconds. */
  #resumedAt = -1;
  #video;
  #problem = el("p", { class: "player-problem notice trouble", role: "alert", hidden: true });
  element;

  /**
   * @param {string} label says what is played
   * @param {() => Promise<string>} newLink
   */
  constructor(label, newLink) {
    this.#newLink = newLink;
    this.#video = el("video", {
      controls: true,
      playsinline: true,
      preload: "metadata",
      "aria-label": label,
      on: { loadeddata: () => (this.#works = true), error: () => this.#failed() },
    });
    this.element = el("div", { class: "player" }, this.#video, this.#problem);
  }

  async start() {
    await this.#load(0);
    // Where the browser wants a click first, the player shows its button.
    await this.#video.play().catch(() => {});
  }

  /** Lets go of the file and of the connection. */
  close() {
    this.#video.removeAttribute("src");
    this.#video.load();
    this.element.remove();
  }

  /** @param {number} position seconds */
  async #load(position) {
    try {
      const url = await this.#newLink();
      this.#works = false;
      this.#video.src = url;
      if (position > 0) this.#video.currentTime = position;
    } catch (error) {
      const { title, advice } = explain(error);
      this.#tell(`${title}. ${advice}`);
    }
  }

  /** What has worked until now has expired; what never works, or breaks at the same place again, is no film. */
  async #failed() {
    if (!this.#video.hasAttribute("src")) return;
    const position = this.#video.currentTime;
    if (!this.#works || position === this.#resumedAt) return this.#tell(UNPLAYABLE);
    this.#resumedAt = position;
    await this.#load(position);
    await this.#video.play().catch(() => {});
  }

  /** @param {string} text */
  #tell(text) {
    this.#video.hidden = true;
    this.#problem.replaceChildren(icon("warning"), el("span", { text }));
    this.#problem.hidden = false;
    announce(text);
  }
}
