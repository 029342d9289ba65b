/** The operator's page: what is left of meetings. */

import { announce } from "./announce.js";
import { byId, showOnly } from "./dom.js";
import { explain } from "./error-texts.js";
import { drawIcons } from "./icons.js";
import { KeyedRows } from "./keyed-rows.js";
import { RecordingsApi } from "./recordings-api.js";
import { SessionCard, stopPlaying } from "./session-card.js";

/** @typedef {import("./recordings-api.js").Credentials} Credentials */
/** @typedef {import("./recordings-api.js").RecordedSession} RecordedSession */

const AT_ONCE = 20;
/** Milliseconds between two looks at composites that are being made. */
const LOOK_PERIOD = 5_000;
/** The key is forgotten with the tab. */
const REMEMBERED = "roomcast-operator";

class RecordingsPage {
  #views = { signIn: byId("sign-in", HTMLElement), recordings: byId("recordings", HTMLElement) };
  #signOut = byId("sign-out", HTMLButtonElement);
  #heading = byId("recordings-heading", HTMLElement);
  #problem = byId("recordings-problem", HTMLElement);
  #older = byId("older", HTMLButtonElement);
  /** @type {RecordingsApi | null} */
  #api = null;
  /** @type {RecordedSession[]} */
  #sessions = [];
  /** @type {string | undefined} */
  #next;
  #rows = new KeyedRows(
    byId("session-list", HTMLElement),
    (/** @type {RecordedSession} */ session) => session.conf_num,
    (session) => new SessionCard(session, /** @type {RecordingsApi} */ (this.#api), (...deleted) => this.#deleted(...deleted)),
    () => this.#heading,
  );

  start() {
    byId("sign-in-form", HTMLFormElement).onsubmit = (event) => this.#signIn(event);
    byId("refresh", HTMLButtonElement).onclick = () => this.#refresh();
    this.#signOut.onclick = () => this.#forget("");
    this.#older.onclick = () => this.#showOlder();
    setInterval(() => this.#look(), LOOK_PERIOD);
    const known = rememberedCredentials();
    if (known === null) this.#forget("");
    else this.#open(known);
  }

  /** @param {SubmitEvent} event */
  async #signIn(event) {
    event.preventDefault();
    const key = byId("app-key", HTMLInputElement);
    const credentials = { appId: byId("app-id", HTMLInputElement).value.trim(), appKey: key.value.trim() };
    const submit = byId("sign-in-button", HTMLButtonElement);
    submit.disabled = true;
    await this.#open(credentials);
    submit.disabled = false;
    if (this.#views.signIn.hidden) {
      key.value = "";
      sessionStorage.setItem(REMEMBERED, JSON.stringify(credentials));
      this.#heading.focus();
    } else key.focus();
  }

  /** @param {Credentials} credentials */
  async #open(credentials) {
    this.#api = new RecordingsApi(credentials);
    if (await this.#refresh()) {
      showOnly(Object.values(this.#views), this.#views.recordings);
      this.#signOut.hidden = false;
    }
  }

  /** @param {string} problem why one has to sign in again */
  #forget(problem) {
    sessionStorage.removeItem(REMEMBERED);
    stopPlaying();
    this.#api = null;
    this.#show([], undefined);
    this.#signOut.hidden = true;
    byId("sign-in-problem", HTMLElement).textContent = problem;
    showOnly(Object.values(this.#views), this.#views.signIn);
    byId("app-id", HTMLInputElement).focus();
  }

  /** @returns {Promise<boolean>} whether it worked */
  async #refresh() {
    return this.#attempt(async (api) => {
      const { sessions, next } = await api.list(AT_ONCE);
      stopPlaying();
      this.#show(sessions, next);
      announce(sessions.length === 0 ? "Nothing here yet." : `${sessions.length} meetings are shown.`);
    });
  }

  async #showOlder() {
    await this.#attempt(async (api) => {
      const { sessions, next } = await api.list(AT_ONCE, this.#next);
      const first = this.#sessions.length;
      this.#show([...this.#sessions, ...sessions], next);
      const card = byId("session-list", HTMLElement).children[first];
      card?.querySelector("button")?.focus();
    });
  }

  /** Brings what is being made up to date, without touching what is being watched. */
  async #look() {
    const going = (/** @type {RecordedSession} */ { progress }) => progress.some(({ failure }) => failure === undefined);
    if (document.hidden || !this.#sessions.some(going)) return;
    await this.#attempt(async (api) => {
      const latest = new Map((await api.list(AT_ONCE)).sessions.map((session) => [session.conf_num, session]));
      this.#show(
        this.#sessions.map((session) => latest.get(session.conf_num) ?? session),
        this.#next,
      );
    });
  }

  /**
   * @param {(api: RecordingsApi) => Promise<void>} act
   * @returns {Promise<boolean>} whether it worked
   */
  async #attempt(act) {
    const api = this.#api;
    if (api === null) return false;
    this.#problem.textContent = "";
    try {
      await act(api);
      return true;
    } catch (error) {
      const { title, advice } = explain(error);
      const { reason } = /** @type {{reason?: string}} */ (error);
      if (reason === "unauthorised" || this.#views.recordings.hidden) this.#forget(`${title}. ${advice}`);
      else this.#problem.textContent = `${title}. ${advice}`;
      return false;
    }
  }

  /**
   * @param {RecordedSession[]} sessions
   * @param {string | undefined} next
   */
  #show(sessions, next) {
    this.#sessions = sessions;
    this.#next = next;
    this.#rows.draw(sessions);
    this.#older.hidden = next === undefined;
    byId("recordings-empty", HTMLElement).hidden = sessions.length > 0 || next !== undefined;
  }

  /**
   * @param {string} confNum
   * @param {import("./recordings-api.js").RecordedFile[]} left of its files
   */
  #deleted(confNum, left) {
    const sessions = this.#sessions.map((session) => (session.conf_num === confNum ? { ...session, files: left } : session));
    this.#show(
      sessions.filter(({ files }) => files.length > 0),
      this.#next,
    );
  }
}

/** @returns {Credentials | null} */
function rememberedCredentials() {
  try {
    return JSON.parse(sessionStorage.getItem(REMEMBERED) ?? "null");
  } catch {
    return null; // somebody else's
  }
}

drawIcons();
new RecordingsPage().start();
