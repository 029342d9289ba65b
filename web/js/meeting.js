/** The meeting itself: puts its parts together and passes on what concerns more than one of them. */

import { announce, toast } from "./announce.js";
import { AudioOutput } from "./audio-output.js";
import { Chat } from "./chat.js";
import { stopAsking } from "./confirm.js";
import { Controls } from "./controls.js";
import { chosenDevice } from "./device-choice.js";
import { HelpDialog, SettingsDialog } from "./dialogs.js";
import { byId } from "./dom.js";
import { tellFailure } from "./failures.js";
import { Floor } from "./floor.js";
import { closeMenu } from "./menu.js";
import { Notices } from "./notices.js";
import { People } from "./people.js";
import { remember, remembered } from "./preferences.js";
import { Recording } from "./recording.js";
import { Requests } from "./requests.js";
import { RoomControls } from "./room-controls.js";
import { RoomStates } from "./room-states.js";
import { listenToKeys } from "./shortcuts.js";
import { SidePanel } from "./side-panel.js";
import { Stage } from "./stage.js";
import { WakeLock } from "./wake-lock.js";

/** @typedef {import("/sdk/roomcast.js").Room} Room */

const CONNECTION_TEXTS = {
  awaiting: "Waiting to be let in",
  connecting: "Connecting…",
  connected: "Connected",
  reconnecting: "Reconnecting…",
  disconnected: "Disconnected",
};

/** More comings and goings than this within a second are told as a number. */
const NAMED_AT_ONCE = 2;

export class Meeting {
  #room;
  #stage;
  #audio;
  #chat;
  #people;
  #requests;
  #states;
  #floor;
  #panel;
  #controls;
  #settings;
  #help = new HelpDialog();
  #invitationLink;
  #stopKeys;
  #wakeLock = new WakeLock();
  #unread = 0;

  /**
   * @param {Room} room
   * @param {{name: string, invitationLink: string | null}} options
   */
  constructor(room, { name, invitationLink }) {
    this.#room = room;
    this.#invitationLink = invitationLink;
    this.#stage = new Stage(byId("stage", HTMLElement), room, name);
    this.#audio = new AudioOutput(room, () =>
      toast("Your browser holds the sound back. Click here to hear the others.", {
        iconName: "speaker",
        onclick: () => this.#audio.play(),
      }),
    );
    if (remembered("speaker") !== "") this.#audio.choose(remembered("speaker")).catch(() => remember("speaker", ""));
    this.#chat = new Chat(room, (message) => this.#messageCame(message));
    this.#people = new People(room, name, (clientId) => {
      this.#panel.show("chat");
      this.#chat.focus(clientId);
    });
    this.#requests = new Requests(room, () => this.#panel.show("people"));
    this.#states = new RoomStates(room);
    this.#floor = new Floor(room);
    new RoomControls(room);
    new Notices(room);
    new Recording(room);
    this.#panel = new SidePanel((panel) => this.#panelShown(panel));
    this.#controls = new Controls(room, chosenDevice);
    this.#settings = new SettingsDialog(room, (kind, deviceId) => this.#chooseDevice(kind, deviceId));
    this.#stopKeys = listenToKeys(
      (action) => this.#act(action),
      () => this.#controls.release(),
    );
    this.#connectButtons();
    this.#listen();
    this.#drawConnection();
    this.#drawCount();
    byId("room-name", HTMLElement).textContent = room.name || "Meeting";
  }

  close() {
    this.#stopKeys();
    this.#wakeLock.release();
    this.#stage.close();
    this.#people.close();
    this.#requests.close();
    this.#states.close();
    this.#chat.close();
    this.#audio.close();
    this.#settings.close();
    this.#help.close();
    stopAsking();
    closeMenu();
    this.#panel.hide();
  }

  #connectButtons() {
    byId("leave-button", HTMLButtonElement).onclick = () => this.#act("leave");
    byId("settings-button", HTMLButtonElement).onclick = () => this.#settings.open();
    byId("help-button", HTMLButtonElement).onclick = () => this.#act("help");
    for (const id of ["invite-button", "alone-copy"]) {
      const button = byId(id, HTMLButtonElement);
      button.hidden = this.#invitationLink === null;
      button.onclick = () => this.#act("invite");
    }
    byId("alone-link", HTMLElement).textContent = this.#invitationLink ?? "";
  }

  #listen() {
    const room = this.#room;
    const gather = new Gathering();
    room.on("user-connected", ({ participant }) => {
      gather.add("joined", participant.name || "A guest");
      this.#drawCount();
    });
    room.on("user-disconnected", ({ participant }) => {
      gather.add("left", participant.name || "A guest");
      this.#drawCount();
    });
    room.on("connection-changed", () => this.#drawConnection());
    room.on("reconnected", () => announce("You are connected again."));
    room.on("local-tracks-changed", () => this.#settings.showLevel());
    room.on("track-published", ({ participant, track }) => {
      if (track.source === "screen") toast(`${participant.name || "A guest"} shares a screen`, { iconName: "screen" });
    });
  }

  /** @param {string} action of a shortcut or a button */
  #act(action) {
    if (action === "microphone" || action === "camera") this.#controls.toggle(action);
    else if (action === "talk") this.#controls.talk();
    else if (action === "screen") this.#controls.toggleScreen();
    else if (action === "chat" || action === "people") this.#panel.toggle(action);
    else if (action === "hand") this.#floor.act();
    else if (action === "invite") this.#copyInvitation();
    else if (action === "help") this.#help.open();
    else if (action === "leave") this.#room.leave();
  }

  async #copyInvitation() {
    if (this.#invitationLink === null) return;
    try {
      await navigator.clipboard.writeText(this.#invitationLink);
      toast("The invitation link is copied. Send it to whoever should join.", { iconName: "check" });
    } catch {
      // Not allowed here: then it can be copied by hand.
      toast(`Invitation link: ${this.#invitationLink}`, { iconName: "link" });
    }
  }

  /**
   * @param {import("./device-choice.js").DeviceKind} kind
   * @param {string} deviceId
   */
  async #chooseDevice(kind, deviceId) {
    try {
      if (kind === "speaker") await this.#audio.choose(deviceId);
      else if (this.#room.localTrack(kind) !== null) await this.#room.switchDevice(kind, deviceId);
    } catch (error) {
      tellFailure(error);
    }
  }

  /** @param {import("./side-panel.js").PanelName | null} panel */
  #panelShown(panel) {
    this.#requests.panelShown(panel === "people");
    if (panel === "people") byId("panel-people", HTMLElement).focus();
    if (panel !== "chat") return;
    this.#unread = 0;
    this.#drawUnread();
    this.#chat.focus();
  }

  /** @param {{sender: string, text: string}} message */
  #messageCame({ sender, text }) {
    if (this.#panel.shown === "chat") return; // the chat's own live region speaks it
    this.#unread++;
    this.#drawUnread();
    const start = text.length > 90 ? `${text.slice(0, 90)}…` : text;
    toast(`${sender}: ${start}`, { iconName: "chat", onclick: () => this.#panel.show("chat") });
  }

  #drawUnread() {
    const badge = byId("chat-badge", HTMLElement);
    badge.hidden = this.#unread === 0;
    badge.textContent = this.#unread > 99 ? "99+" : String(this.#unread);
    const label = this.#unread === 0 ? "Chat" : `Chat, ${this.#unread} unread`;
    byId("chat-button", HTMLButtonElement).setAttribute("aria-label", label);
  }

  #drawCount() {
    const count = this.#room.participants.size + 1;
    byId("people-count", HTMLElement).textContent = String(count);
    byId("people-button", HTMLButtonElement).setAttribute("aria-label", `People, ${count} in the room`);
    byId("alone", HTMLElement).hidden = count > 1 || this.#invitationLink === null;
  }

  #drawConnection() {
    const { state, mediaState } = this.#room;
    const shown = state === "connected" && mediaState === "connecting" ? "connecting" : state;
    byId("connection", HTMLElement).dataset.state = shown;
    byId("connection-text", HTMLElement).textContent = CONNECTION_TEXTS[shown];
    byId("connection-banner", HTMLElement).hidden = state !== "reconnecting";
  }
}

/** Names those who come or go within a moment in one message. */
class Gathering {
  /** @type {{joined: string[], left: string[]}} */
  #names = { joined: [], left: [] };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {"joined" | "left"} what
   * @param {string} name
   */
  add(what, name) {
    this.#names[what].push(name);
    this.#timer ??= setTimeout(() => this.#tell(), 700);
  }

  #tell() {
    this.#timer = undefined;
    for (const what of /** @type {const} */ (["joined", "left"])) {
      const names = this.#names[what].splice(0);
      if (names.length === 0) continue;
      const who = names.length > NAMED_AT_ONCE ? `${names.length} people` : names.join(" and ");
      toast(`${who} ${what}`, { iconName: "people" });
    }
  }
}
