/** The stage: everybody who is seen, arranged to fill the window. */

import { badgesOf, takenFromOneself } from "./badges.js";
import { chooseTiles, firstPlaces, rankPeople } from "./choose-tiles.js";
import { el } from "./dom.js";
import { cornerRect, focusLayout, gridLayout, usefulHeight } from "./layout.js";
import { NextFrame } from "./next-frame.js";
import { Tile } from "./tile.js";

/** @typedef {import("/sdk/roomcast.js").Room} Room */
/** @typedef {import("/sdk/roomcast.js").Slot} Slot */
/** @typedef {import("/sdk/roomcast.js").Participant} Participant */
/** @typedef {import("./tile.js").TileState} TileState */
/** @typedef {{id: string, state: TileState, slot: Slot | null}} Entry */

const TILES = 16;
const IDLE_HEIGHT = 360;
const SELF = "self";

const CHANGES = /** @type {const} */ ([
  "user-connected",
  "user-disconnected",
  "user-reconnecting",
  "user-reconnected",
  "user-role-changed",
  "track-published",
  "track-unpublished",
  "track-muted",
  "track-unmuted",
  "active-talkers-updated",
  "slot-changed",
  "local-tracks-changed",
  "hard-mute-room",
  "hard-unmute-room",
  "hardmute-user-audio",
  "hardmute-user-video",
  "hardunmute-user-audio",
  "hardunmute-user-video",
  "updated-pinned-users",
  "spotlight-users",
  "room-mode-switched",
  "floor-changed",
  "reconnected",
]);

export class Stage {
  #container;
  #room;
  #ownName;
  /** @type {Map<string, Tile>} */
  #tiles = new Map();
  /** @type {string[]} the places of the people, oneself not counted */
  #shown = [];
  /** @type {string | null} */
  #pinned = null;
  #more = el("div", { class: "stage-more", hidden: true });
  #frame = new NextFrame(() => this.#draw());
  #resized = new ResizeObserver(() => this.update());

  /**
   * @param {HTMLElement} container
   * @param {Room} room
   * @param {string} ownName
   */
  constructor(container, room, ownName) {
    this.#container = container;
    this.#room = room;
    this.#ownName = ownName;
    container.replaceChildren(this.#more);
    this.#resized.observe(container);
    for (const type of CHANGES) room.on(type, () => this.update());
    this.update();
  }

  /** Draws the present state with the next frame, however often it is called until then. */
  update() {
    this.#frame.ask();
  }

  close() {
    this.#frame.stop();
    this.#resized.disconnect();
    for (const tile of this.#tiles.values()) tile.remove();
    this.#tiles.clear();
  }

  #draw() {
    const people = this.#people();
    const screens = this.#screens();
    const own = this.#self();
    const entries = new Map([...people, ...screens, own].map((entry) => [entry.id, entry]));
    if (this.#pinned !== null && !entries.has(this.#pinned)) this.#pinned = null;
    const main = this.#pinned ?? screens.at(-1)?.id ?? this.#spotlit();
    const others = [...screens.map((screen) => screen.id), ...this.#shown, SELF].filter((id) => id !== main);
    this.#keep(new Set([...(main === null ? [] : [main]), ...others]), entries);
    this.#arrange(main, others);
    for (const [id, tile] of this.#tiles) {
      const entry = /** @type {Entry} */ (entries.get(id));
      tile.update({ ...entry.state, pinned: id === this.#pinned });
    }
    this.#limitHeights(entries);
    const hidden = this.#room.participants.size - this.#shown.length;
    this.#more.hidden = hidden <= 0;
    this.#more.textContent = this.#room.mode === "lecture" ? `${hidden} listening` : `${hidden} more`;
    this.#container.classList.toggle("has-main", main !== null);
  }

  /** Who is large because they alone are in the spotlight, and it is not oneself. */
  #spotlit() {
    const [only = "", another] = this.#room.spotlighted;
    return another === undefined && this.#shown.includes(only) ? only : null;
  }

  /** @returns {Entry[]} those who have a tile, oneself not counted */
  #people() {
    const { participants, videoSlots, activeTalkers, spotlighted, pinned } = this.#room;
    const slots = new Map(videoSlots.flatMap((slot) => (slot.clientId === null ? [] : [[slot.clientId, slot]])));
    const everybody = [...participants.values()]
      .filter((one) => this.#hasPlace(one))
      .map((participant) => ({
        id: participant.clientId,
        inSlot: slots.has(participant.clientId),
        hasVideo: participant.sends("camera"),
      }));
    const ranked = rankPeople(
      everybody,
      activeTalkers.map((participant) => participant.clientId),
    );
    const wanted = firstPlaces([...spotlighted, ...pinned], ranked);
    this.#shown = firstPlaces(spotlighted, chooseTiles(this.#shown, wanted, TILES - 1));
    return this.#shown.map((id) => {
      const participant = /** @type {Participant} */ (participants.get(id));
      const slot = slots.get(id) ?? null;
      return { id, slot, state: this.#personState(participant, slot) };
    });
  }

  /**
   * A lecture shows those who may speak, and not its listeners.
   *
   * @param {Participant} participant
   */
  #hasPlace({ role, clientId }) {
    return this.#room.mode === "group" || role === "moderator" || this.#room.approvedHands.includes(clientId);
  }

  /** @returns {Entry[]} the screens that others share, the newest last */
  #screens() {
    return this.#room.screenSlots.flatMap((slot) => {
      const { participant } = slot;
      if (participant === null || slot.mediaTrack === null) return [];
      const state = { ...this.#personState(participant, slot), screen: true, picture: slot.mediaTrack };
      return [{ id: `screen ${slot.trackId}`, slot, state }];
    });
  }

  /** @returns {Entry} */
  #self() {
    const microphone = this.#room.localTrack("microphone");
    const camera = this.#room.localTrack("camera");
    const picture = camera === null || camera.muted ? null : camera.mediaTrack;
    const state = {
      name: this.#ownName,
      badges: badgesOf(this.#room, this.#room.clientId, takenFromOneself(this.#room)),
      own: true,
      screen: false,
      silent: microphone === null || microphone.muted,
      speaking: this.#room.speaking,
      reconnecting: false,
      pinned: false,
      mirrored: picture !== null && picture.getSettings().facingMode !== "environment",
      picture,
    };
    return { id: SELF, slot: null, state };
  }

  /**
   * Has a tile for each of these, and for nobody else.
   *
   * @param {ReadonlySet<string>} ids
   * @param {ReadonlyMap<string, Entry>} entries
   */
  #keep(ids, entries) {
    for (const [id, tile] of this.#tiles) {
      if (ids.has(id)) continue;
      tile.remove();
      this.#tiles.delete(id);
    }
    for (const id of ids) {
      if (this.#tiles.has(id) || !entries.has(id)) continue;
      const tile = new Tile(() => this.#togglePin(id));
      this.#tiles.set(id, tile);
      this.#container.append(tile.element);
    }
  }

  /** @param {string} id */
  #togglePin(id) {
    this.#pinned = this.#pinned === id ? null : id;
    this.update();
  }

  /**
   * @param {string | null} main
   * @param {readonly string[]} others
   */
  #arrange(main, others) {
    const { clientWidth: width, clientHeight: height } = this.#container;
    for (const [id, tile] of this.#tiles) {
      tile.element.classList.toggle("is-main", id === main);
      tile.element.classList.remove("is-corner");
    }
    if (main !== null) {
      const layout = focusLayout({ count: others.length, width, height });
      this.#tiles.get(main)?.place(layout.main);
      others.forEach((id, index) => this.#tiles.get(id)?.place(/** @type {any} */ (layout.others[index])));
      return;
    }
    // In a conversation of two, the other has the window and oneself a corner.
    const corner = others.length === 2;
    const grid = corner ? others.filter((id) => id !== SELF) : others;
    const rects = gridLayout({ count: grid.length, width, height });
    grid.forEach((id, index) => this.#tiles.get(id)?.place(/** @type {any} */ (rects[index])));
    const [host] = rects;
    if (!corner || host === undefined) return;
    const self = this.#tiles.get(SELF);
    const inside = cornerRect(host);
    self?.place({ ...inside, x: host.x + inside.x, y: host.y + inside.y });
    self?.element.classList.add("is-corner");
  }

  /** @param {ReadonlyMap<string, Entry>} entries */
  #limitHeights(entries) {
    /** @type {Map<Slot, number>} */
    const heights = new Map();
    for (const [id, tile] of this.#tiles) {
      const entry = entries.get(id);
      if (!entry?.slot || tile.rect === null) continue;
      heights.set(entry.slot, usefulHeight(tile.rect, devicePixelRatio, entry.state.screen ? "contain" : "cover"));
    }
    for (const slot of [...this.#room.videoSlots, ...this.#room.screenSlots]) {
      // Whoever has no tile costs nothing; whoever comes next into an empty slot is seen at once.
      this.#room.setMaxHeight(slot, slot.clientId === null ? IDLE_HEIGHT : (heights.get(slot) ?? 0));
    }
  }
  /**
   * @param {Participant} participant
   * @param {Slot | null} slot
   * @returns {TileState}
   */
  #personState(participant, slot) {
    return {
      name: participant.name || "Guest",
      badges: badgesOf(this.#room, participant.clientId, participant.hardMuted),
      own: false,
      screen: false,
      silent: !participant.sends("microphone"),
      speaking: participant.speaking,
      reconnecting: participant.reconnecting,
      pinned: false,
      mirrored: false,
      picture: slot !== null && participant.sends("camera") ? slot.mediaTrack : null,
    };
  }
}
