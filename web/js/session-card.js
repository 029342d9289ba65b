/** One session on the operator's page: when it was, its files, and what can be done with them. */

import { toast } from "./announce.js";
import { confirmed } from "./confirm.js";
import { el } from "./dom.js";
import { tellFailure } from "./failures.js";
import { FilePlayer } from "./file-player.js";
import { icon } from "./icons.js";
import { KeyedRows } from "./keyed-rows.js";
import { showDocument } from "./recording-documents.js";
import { dayText, fileText, howLong, inOrder, sizeText, whenText } from "./recording-texts.js";

/** @typedef {import("./recordings-api.js").RecordedFile} RecordedFile */
/** @typedef {import("./recordings-api.js").RecordedSession} RecordedSession */
/** @typedef {import("./recordings-api.js").RecordingsApi} RecordingsApi */

/** Only one file is played at a time. @type {FilePlayer | null} */
let playing = null;

/** Ends what is being played. */
export function stopPlaying() {
  playing?.close();
  playing = null;
}

export class SessionCard {
  #api;
  #onDeleted;
  /** @type {RecordedSession} */
  #session;
  #when = el("p", { class: "session-when" });
  #progress = el("ul", { class: "session-progress" });
  #files;
  element;

  /**
   * @param {RecordedSession} session
   * @param {RecordingsApi} api
   * @param {(confNum: string, left: RecordedFile[]) => void} onDeleted
   */
  constructor(session, api, onDeleted) {
    this.#session = session;
    this.#api = api;
    this.#onDeleted = onDeleted;
    const id = `title-${session.conf_num}`;
    const remove = el(
      "button",
      {
        type: "button",
        class: "icon-button",
        title: "Delete all files of this meeting",
        "aria-label": `Delete all files of ${session.room_name}, ${session.conf_num}`,
        on: { click: () => this.#deleteAll() },
      },
      icon("trash"),
    );
    const list = el("ul", { class: "session-files" });
    this.element = el(
      "article",
      { class: "session-card", "aria-labelledby": id },
      el("header", {}, el("div", {}, el("h2", { id, text: session.room_name }), this.#when), remove),
      this.#progress,
      list,
    );
    this.#files = new KeyedRows(
      list,
      (file) => file.file_id,
      (file) => this.#fileRow(file),
      () => remove,
    );
  }

  /** @param {RecordedSession} session as it is now */
  update(session) {
    this.#session = session;
    this.#when.textContent = `${whenText(session.opened_at)} · ${howLong(session)} · ${session.conf_num}`;
    this.#progress.replaceChildren(...session.progress.map(progressRow));
    this.#files.draw(inOrder(session.files));
  }

  /**
   * @param {RecordedFile} file
   * @returns {import("./keyed-rows.js").Row<RecordedFile>}
   */
  #fileRow(file) {
    const { label, use, iconName } = fileText(file);
    const place = el("div", { class: "file-player" });
    const until = file.expires_at === undefined ? "" : ` · until ${dayText(file.expires_at)}`;
    const actions = el("div", { class: "file-actions" });
    if (use === "play") actions.append(button("play", "Play", file, () => this.#play(file, label, place)));
    if (use === "read") actions.append(button("read", "Read", file, () => this.#read(file)));
    actions.append(
      button("download", "Download", file, () => this.#download(file)),
      button("trash", "Delete", file, () => this.#delete(file)),
    );
    const element = el(
      "li",
      { class: "file" },
      icon(iconName),
      el(
        "div",
        { class: "file-text" },
        el("span", { class: "file-label", text: label }),
        el("span", { class: "file-note", text: `${file.name} · ${sizeText(file.size)}${until}` }),
      ),
      actions,
      place,
    );
    return { element, update: () => {} };
  }

  /**
   * @param {RecordedFile} file
   * @param {string} label
   * @param {HTMLElement} place
   */
  async #play(file, label, place) {
    const open = place.hasChildNodes();
    stopPlaying();
    if (open) return;
    const title = `${label}, ${this.#session.room_name}`;
    playing = new FilePlayer(title, () => this.#api.link(file.file_id));
    place.append(playing.element);
    await playing.start();
  }

  /** @param {RecordedFile} file */
  async #read(file) {
    await this.#attempt(file, async () => {
      showDocument(file.kind, await this.#api.document(file.file_id), this.#session.room_name);
    });
  }

  /** @param {RecordedFile} file */
  async #download(file) {
    await this.#attempt(file, async () => {
      el("a", { href: await this.#api.link(file.file_id), download: file.name }).click();
    });
  }

  /** @param {RecordedFile} file */
  async #delete(file) {
    const text = `${file.name} of ${this.#session.room_name} is gone for good then.`;
    if (!(await confirmed({ title: "Delete this file?", text, action: "Delete", danger: true }))) return;
    await this.#attempt(file, async () => {
      await this.#api.deleteFile(file.file_id);
      toast(`${file.name} is deleted.`, { iconName: "trash" });
      this.#forget(file);
    });
  }

  async #deleteAll() {
    const { room_name, opened_at, conf_num, files } = this.#session;
    const count = files.length === 1 ? "one file" : `${files.length} files`;
    const text = `${room_name}, ${whenText(opened_at)}: ${count}, gone for good then.`;
    if (!(await confirmed({ title: "Delete everything of it?", text, action: "Delete all", danger: true }))) return;
    try {
      await this.#api.deleteSession(conf_num);
    } catch (error) {
      return tellFailure(error);
    }
    if (playing !== null && this.element.contains(playing.element)) stopPlaying();
    toast(`The files of ${conf_num} are deleted.`, { iconName: "trash" });
    this.#onDeleted(conf_num, []);
  }

  /**
   * @param {RecordedFile} file
   * @param {() => Promise<void>} act
   */
  async #attempt(file, act) {
    try {
      await act();
    } catch (error) {
      tellFailure(error);
      if (/** @type {{reason?: string}} */ (error).reason === "gone") this.#forget(file);
    }
  }

  /** @param {RecordedFile} file */
  #forget(file) {
    if (playing !== null && this.element.contains(playing.element)) stopPlaying();
    const { conf_num, files } = this.#session;
    this.#onDeleted(
      conf_num,
      files.filter(({ file_id }) => file_id !== file.file_id),
    );
  }
}

/**
 * @param {import("./icons.js").IconName} iconName
 * @param {string} action
 * @param {RecordedFile} file
 * @param {() => void} click
 */
function button(iconName, action, file, click) {
  const label = `${action} ${file.name}`;
  const main = action === "Play" || action === "Read";
  return el(
    "button",
    { type: "button", class: main ? "button small" : "icon-button small", title: action, "aria-label": label, on: { click } },
    icon(iconName),
    main ? el("span", { text: action }) : null,
  );
}

/** @param {import("./recordings-api.js").CompositeProgress} composite */
function progressRow({ segment, percent, failure }) {
  if (failure !== undefined) {
    return el("li", {}, icon("warning"), el("span", { text: `The whole meeting, part ${segment}, failed: ${failure}` }));
  }
  const label = `The whole meeting, part ${segment}, is being made`;
  return el(
    "li",
    {},
    el("span", { text: label }),
    el("progress", { max: 100, value: percent, "aria-label": label }),
    el("span", { class: "session-percent", text: `${Math.floor(percent)} %` }),
  );
}
