/**
 * Rows that are kept for as long as what they stand for is there: a redraw changes what is in them, and leaves the
 * focus where it is. When the row with the focus goes, the focus goes to the row in its place.
 *
 * @template Item
 */
export class KeyedRows {
  #container;
  #key;
  #make;
  #fallback;
  /** @type {Map<string, Row<Item>>} */
  #rows = new Map();

  /**
   * @param {HTMLElement} container holds the rows and nothing else
   * @param {(item: Item) => string} key
   * @param {(item: Item) => Row<Item>} make an empty row: `update` follows
   * @param {() => HTMLElement} fallback what gets the focus when the row that had it was the last one
   */
  constructor(container, key, make, fallback) {
    this.#container = container;
    this.#key = key;
    this.#make = make;
    this.#fallback = fallback;
    container.replaceChildren();
  }

  /** @param {readonly Item[]} items in their order */
  draw(items) {
    const focused = document.activeElement;
    const held = focused instanceof HTMLElement && this.#container.contains(focused) ? focused : null;
    const place = held === null ? -1 : [...this.#container.children].findIndex((row) => row.contains(held));
    this.#removeAllBut(new Set(items.map((item) => this.#key(item))));
    let next = this.#container.firstElementChild;
    for (const item of items) {
      const row = this.#rowOf(item);
      if (row.element === next) next = next.nextElementSibling;
      else this.#container.insertBefore(row.element, next);
      row.update(item);
    }
    if (held !== null && held !== document.activeElement) this.#refocus(held, place);
  }

  /** @param {ReadonlySet<string>} keys */
  #removeAllBut(keys) {
    for (const [key, row] of this.#rows) {
      if (keys.has(key)) continue;
      row.element.remove();
      this.#rows.delete(key);
    }
  }

  /** @param {Item} item */
  #rowOf(item) {
    const key = this.#key(item);
    const row = this.#rows.get(key) ?? this.#make(item);
    this.#rows.set(key, row);
    return row;
  }

  /**
   * @param {HTMLElement} held
   * @param {number} place of its row
   */
  #refocus(held, place) {
    const rows = this.#container.children;
    const neighbour = rows[Math.min(place, rows.length - 1)]?.querySelector("button");
    // A row that was only moved lost the focus, too.
    (held.isConnected ? held : (neighbour ?? this.#fallback())).focus();
  }
}

/** @template Item @typedef {{element: HTMLElement, update: (item: Item) => void}} Row */
