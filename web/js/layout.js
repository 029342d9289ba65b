/** Where the tiles go. Pure arithmetic in CSS pixels. */

/** @typedef {{x: number, y: number, width: number, height: number}} Rect */
/**
 * @typedef {object} Grid
 * @property {number} count
 * @property {number} width of the area
 * @property {number} height of the area
 * @property {number} [gap]
 * @property {number} [minAspect]
 * @property {number} [maxAspect]
 * @property {"center" | "start"} [align]
 */

const GAP = 10;
/** A camera's picture is 16:9; a tile may cut off a little, more of it where the window is upright. */
const MAX_ASPECT = 1.9;
const MIN_ASPECT_WIDE = 4 / 3;
const MIN_ASPECT_TALL = 0.72;
/** A single tile on a phone fills it. */
const MIN_ASPECT_ALONE = 0.5;
const PICTURE_ASPECT = 16 / 9;
/** How large a tile below the large one may be, as a share of that. */
const LARGEST_OTHER = 0.45;

/**
 * Rectangles of equal size that fill the area as well as they can, the last row centred.
 *
 * @param {Grid} grid
 * @returns {Rect[]}
 */
export function gridLayout({ count, width, height, gap = GAP, minAspect, maxAspect = MAX_ASPECT, align = "center" }) {
  if (count <= 0 || width <= 0 || height <= 0) return [];
  const min = minAspect ?? (width >= height ? MIN_ASPECT_WIDE : count === 1 ? MIN_ASPECT_ALONE : MIN_ASPECT_TALL);
  let best = tileSize(1, count, width, height, gap, min, maxAspect);
  for (let columns = 2; columns <= count; columns++) {
    const size = tileSize(columns, Math.ceil(count / columns), width, height, gap, min, maxAspect);
    if (size.worth > best.worth) best = size;
  }
  return place(best, count, width, height, gap, align);
}

/** @typedef {{columns: number, rows: number, width: number, height: number, worth: number}} TileSize */

/**
 * The largest tile that fits so many times. Its worth is its area, less a little for what is cut off the picture.
 *
 * @param {number} columns
 * @param {number} rows
 * @param {number} areaWidth
 * @param {number} areaHeight
 * @param {number} gap
 * @param {number} minAspect
 * @param {number} maxAspect
 * @returns {TileSize}
 */
function tileSize(columns, rows, areaWidth, areaHeight, gap, minAspect, maxAspect) {
  let width = Math.max(1, (areaWidth - gap * (columns - 1)) / columns);
  let height = Math.max(1, (areaHeight - gap * (rows - 1)) / rows);
  if (width / height > maxAspect) width = height * maxAspect;
  if (width / height < minAspect) height = width / minAspect;
  const shown = Math.min(1, width / height / PICTURE_ASPECT);
  return { columns, rows, width, height, worth: width * height * shown ** 0.15 };
}

/**
 * @param {TileSize} size
 * @param {number} count
 * @param {number} areaWidth
 * @param {number} areaHeight
 * @param {number} gap
 * @param {"center" | "start"} align
 * @returns {Rect[]}
 */
function place(size, count, areaWidth, areaHeight, gap, align) {
  const { columns, rows, width, height } = size;
  const spare = areaHeight - rows * height - (rows - 1) * gap;
  const top = align === "center" ? Math.max(0, spare / 2) : 0;
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = row === rows - 1 ? count - row * columns : columns;
    const left = (areaWidth - inRow * width - (inRow - 1) * gap) / 2;
    return { x: left + (index % columns) * (width + gap), y: top + row * (height + gap), width, height };
  });
}

/**
 * One large rectangle, for a screen or a pinned person, with the others beside it, or below it in an upright window.
 *
 * @param {{count: number, width: number, height: number, gap?: number}} area `count` is that of the others
 * @returns {{main: Rect, others: Rect[]}}
 */
export function focusLayout({ count, width, height, gap = GAP }) {
  if (count === 0) return { main: { x: 0, y: 0, width, height }, others: [] };
  if (width / height < 1.1) {
    const mainHeight = Math.min(height * 0.55, Math.max(height * 0.3, width / PICTURE_ASPECT));
    const top = mainHeight + gap;
    const below = { count, width, height: height - top, gap, minAspect: 1, align: /** @type {const} */ ("start") };
    const [tile] = gridLayout(below);
    // Few others would fill the rest with tiles larger than what they stand below.
    const share = tile ? Math.min(1, Math.sqrt((LARGEST_OTHER * width * mainHeight) / (tile.width * tile.height))) : 1;
    const others = gridLayout({ ...below, width: width * share, height: below.height * share });
    return {
      main: { x: 0, y: 0, width, height: mainHeight },
      others: others.map((rect) => shifted(rect, (width * (1 - share)) / 2, top)),
    };
  }
  const strip = Math.round(Math.min(Math.max(width * (count > 6 ? 0.26 : 0.2), 150), count > 6 ? 380 : 300));
  const others = gridLayout({ count, width: strip, height, gap, minAspect: MIN_ASPECT_WIDE });
  // The tiles are centred in the strip: what they leave on both sides is the large one's.
  const spare = Math.min(...others.map((rect) => rect.x));
  return {
    main: { x: 0, y: 0, width: width - strip + 2 * spare - gap, height },
    others: others.map((rect) => shifted(rect, width - strip + spare, 0)),
  };
}

/**
 * The small picture of oneself over a conversation of two.
 *
 * @param {{width: number, height: number, gap?: number}} area
 * @returns {Rect}
 */
export function cornerRect({ width, height, gap = GAP }) {
  const tall = height > width;
  const own = tall ? Math.min(width * 0.28, 140) : Math.min(Math.max(width * 0.19, 140), 260);
  const ownHeight = tall ? own / 0.75 : own / PICTURE_ASPECT;
  const margin = gap * 1.4;
  return { x: width - own - margin, y: height - ownHeight - margin, width: own, height: ownHeight };
}

/**
 * @param {Rect} rect
 * @param {number} x
 * @param {number} y
 * @returns {Rect}
 */
function shifted(rect, x, y) {
  return { ...rect, x: rect.x + x, y: rect.y + y };
}

const STEPS = [90, 180, 270, 360, 540, 720, 1080];

/**
 * The height of the smallest picture that still looks sharp in a tile, in steps so that small changes of the window
 * ask for nothing new.
 *
 * @param {{width: number, height: number}} tile CSS pixels
 * @param {number} pixelRatio
 * @param {"cover" | "contain"} fit how the picture fills the tile
 */
export function usefulHeight({ width, height }, pixelRatio, fit) {
  const byWidth = width / PICTURE_ASPECT;
  const wanted = (fit === "cover" ? Math.max(height, byWidth) : Math.min(height, byWidth)) * Math.min(pixelRatio, 2);
  // A picture a little too small cannot be told from one that fits.
  return STEPS.find((step) => step >= wanted * 0.9) ?? 2160;
}
