/** The meeting page: before, during and after the meeting. */

import { RequestError, Roomcast } from "/sdk/roomcast.js";
import { announce } from "./announce.js";
import { byId, showOnly } from "./dom.js";
import { explain, explainEnd } from "./error-texts.js";
import { drawIcons } from "./icons.js";
import { Invitation, roomPath } from "./invitation.js";
import { Meeting } from "./meeting.js";
import { Prejoin } from "./prejoin.js";
import { serverConfig } from "./server.js";

/** @typedef {import("/sdk/roomcast.js").Room} Room */

/** A phone decodes fewer pictures at once, and shows no more of them in a useful size. */
const SLOTS = matchMedia("(max-width: 700px), (max-height: 480px)").matches ? { video: 9 } : { video: 16 };
const FIRST_HEIGHT = 360;
/** Ends after which another attempt is not offered. */
const FINAL = new Set(["room-deleted", "disconnected-by-moderator", "denied-by-moderator"]);

class RoomPage {
  #views = {
    prejoin: byId("prejoin", HTMLElement),
    waiting: byId("waiting", HTMLElement),
    meeting: byId("meeting", HTMLElement),
    ended: byId("ended", HTMLElement),
  };
  #invitation = new Invitation();
  #prejoin = new Prejoin((choice) => this.#join(choice));
  /** Whether anybody with the address can join. */
  #open = false;

  async start() {
    byId("rejoin-button", HTMLButtonElement).onclick = () => this.#showPrejoin();
    this.#showPrejoin();
    try {
      this.#open = (await serverConfig()).local_mode;
    } catch (error) {
      this.#prejoin.showFailure(explain(error));
    }
  }

  #showPrejoin() {
    document.title = "Join · roomcast";
    this.#show("prejoin");
    this.#prejoin.open();
  }

  /** @param {import("./prejoin.js").Choice} choice */
  async #join(choice) {
    const room = await this.#joined(choice);
    this.#invitation.spend();
    this.#prejoin.handOver();
    // For whoever looks for a problem from the browser's console.
    Object.assign(globalThis, { roomcastRoom: room });
    if (room.awaited !== null && !(await this.#letIn(room))) return;
    this.#show("meeting");
    document.title = `${room.name || "Meeting"} · roomcast`;
    const invitationLink = this.#open ? location.origin + roomPath(this.#invitation.roomId) : null;
    const meeting = new Meeting(room, { name: choice.name, invitationLink });
    room.on("room-disconnected", ({ reason, message }) => {
      meeting.close();
      this.#showEnd(reason, message);
    });
    if (room.state === "disconnected") {
      meeting.close();
      this.#showEnd("connection-lost", "");
    }
    byId("microphone-button", HTMLButtonElement).focus({ preventScroll: true });
  }

  /**
   * Joins; where the server gives tokens to everybody, a token of no use is followed by a fresh one.
   *
   * @param {import("./prejoin.js").Choice} choice
   * @returns {Promise<Room>}
   */
  async #joined(choice) {
    const { name, microphone, camera, microphoneOff } = choice;
    const attempt = async () =>
      Roomcast.join(location.origin, await this.#invitation.token(name), {
        name,
        audio: microphone ?? false,
        video: camera ?? false,
        adoptTracks: true,
        muted: microphoneOff ? ["microphone"] : [],
        slots: SLOTS,
        maxHeight: FIRST_HEIGHT,
      });
    try {
      return await attempt();
    } catch (error) {
      if (!this.#open || !isAboutToken(error)) throw error;
      this.#invitation.spend();
      return attempt();
    }
  }

  /**
   * Shows that one waits for as long as one does.
   *
   * @param {Room} room
   * @returns {Promise<boolean>} whether one came in
   */
  #letIn(room) {
    const why = room.awaited === "moderator" ? "The meeting begins when a moderator comes." : "A moderator was told.";
    byId("waiting-advice", HTMLElement).textContent = `${why} You come in by yourself, stay on this page.`;
    byId("stop-waiting", HTMLButtonElement).onclick = () => room.leave();
    const connection = byId("waiting-connection", HTMLElement);
    const drawConnection = () => (connection.textContent = room.state === "reconnecting" ? "Reconnecting…" : "");
    drawConnection();
    document.title = "Waiting to be let in · roomcast";
    this.#show("waiting");
    byId("waiting-title", HTMLElement).focus();
    return new Promise((resolve) => {
      const listeners = [
        room.on("connection-changed", drawConnection),
        room.on("room-allowed", () => {
          announce("You were let in.");
          finish(true);
        }),
        room.on("room-disconnected", ({ reason, message }) => {
          this.#showEnd(reason, message);
          finish(false);
        }),
      ];
      const finish = (/** @type {boolean} */ cameIn) => {
        for (const off of listeners) off();
        resolve(cameIn);
      };
    });
  }

  /**
   * @param {string} reason
   * @param {string} message
   */
  #showEnd(reason, message) {
    const { title, advice } = explainEnd(reason, message);
    byId("ended-title", HTMLElement).textContent = title;
    byId("ended-advice", HTMLElement).textContent = advice;
    const comesBack = this.#open && !FINAL.has(reason);
    byId("rejoin-button", HTMLElement).hidden = !comesBack;
    document.title = "roomcast";
    this.#show("ended");
    announce(`${title}. ${advice}`);
    byId("ended-title", HTMLElement).focus();
  }

  /** @param {"prejoin" | "waiting" | "meeting" | "ended"} name */
  #show(name) {
    showOnly(Object.values(this.#views), this.#views[name]);
    document.body.dataset.view = name;
  }
}

/** @param {unknown} error */
function isAboutToken(error) {
  return error instanceof RequestError && error.reason.startsWith("token-");
}

drawIcons();
new RoomPage().start();
