/** Icons, drawn on a 24x24 grid with a round pen. They say nothing to screen readers: labels do. */

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  microphone: [
    "M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3z",
    "M5.5 11a6.5 6.5 0 0 0 13 0",
    "M12 17.5V21",
    "M9 21h6",
  ],
  "microphone-off": [
    "M9 9.2V11a3 3 0 0 0 4.7 2.5",
    "M15 10.8V6a3 3 0 0 0-5.8-1.1",
    "M5.5 11a6.5 6.5 0 0 0 10.6 5",
    "M18.1 13.2a6.5 6.5 0 0 0 .4-2.2",
    "M12 17.5V21",
    "M9 21h6",
    "M3.8 3.8l16.4 16.4",
  ],
  camera: [
    "M5.5 6.5h7A2.5 2.5 0 0 1 15 9v6a2.5 2.5 0 0 1-2.5 2.5h-7A2.5 2.5 0 0 1 3 15V9a2.5 2.5 0 0 1 2.5-2.5z",
    "M15 10.6l5.2-3.1a.5.5 0 0 1 .8.4v8.2a.5.5 0 0 1-.8.4L15 13.4",
  ],
  "camera-off": [
    "M7.5 6.5h5A2.5 2.5 0 0 1 15 9v1.6l5.2-3.1a.5.5 0 0 1 .8.4v8.2",
    "M14.6 16.4a2.5 2.5 0 0 1-2.1 1.1h-7A2.5 2.5 0 0 1 3 15V9a2.5 2.5 0 0 1 1.3-2.2",
    "M3.8 3.8l16.4 16.4",
  ],
  screen: [
    "M5.5 4.5h13A2.5 2.5 0 0 1 21 7v7a2.5 2.5 0 0 1-2.5 2.5h-13A2.5 2.5 0 0 1 3 14V7a2.5 2.5 0 0 1 2.5-2.5z",
    "M12 16.5V20",
    "M8.5 20h7",
    "M12 13.2V8",
    "M9.6 10.2L12 7.8l2.4 2.4",
  ],
  "screen-off": [
    "M5.5 4.5h13A2.5 2.5 0 0 1 21 7v7a2.5 2.5 0 0 1-2.5 2.5h-13A2.5 2.5 0 0 1 3 14V7a2.5 2.5 0 0 1 2.5-2.5z",
    "M12 16.5V20",
    "M8.5 20h7",
    "M9.8 8.3l4.4 4.4",
    "M14.2 8.3l-4.4 4.4",
  ],
  chat: [
    "M6.5 4h11A2.5 2.5 0 0 1 20 6.5v7a2.5 2.5 0 0 1-2.5 2.5h-6.3l-4.5 3.7a.4.4 0 0 1-.7-.3V16A2.5 2.5 0 0 1 4 13.5v-7A2.5 2.5 0 0 1 6.5 4z",
    "M8 8.4h8",
    "M8 11.6h5",
  ],
  people: [
    "M9 5.3a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.4z",
    "M3 19.5c.4-3.3 2.9-5.1 6-5.1s5.6 1.8 6 5.1",
    "M15.9 5.5a3.1 3.1 0 0 1 0 6",
    "M17.6 14.7c2 .7 3.2 2.4 3.5 4.8",
  ],
  settings: [
    "M4 7.5h8.5",
    "M17.5 7.5H20",
    "M15 5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z",
    "M4 16.5h2.5",
    "M11.5 16.5H20",
    "M9 14a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z",
  ],
  help: [
    "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17z",
    "M9.6 9.5a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.2 1-1.2 1.8",
    "M12 16.6v.1",
  ],
  leave: [
    "M3.2 14.3c-.5-2 .2-3.7 1.7-4.6 4.3-2.6 9.9-2.6 14.2 0 1.5.9 2.2 2.6 1.7 4.6-.2.8-.9 1.2-1.7 1l-2.9-.7a1.4 1.4 0 0 1-1.1-1.3l-.1-1.8a11.2 11.2 0 0 0-6 0l-.1 1.8c0 .6-.5 1.2-1.1 1.3l-2.9.7c-.8.2-1.5-.2-1.7-1z",
  ],
  link: [
    "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1.2 1.2",
    "M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1.2-1.2",
  ],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  close: ["M6 6l12 12", "M18 6L6 18"],
  pin: ["M8.5 4h7", "M10 4v5.5L7 13.5h10l-3-4V4", "M12 13.5V20"],
  send: ["M4.6 12L4 5.4a.6.6 0 0 1 .9-.6l15.2 6.7a.6.6 0 0 1 0 1L4.9 19.2a.6.6 0 0 1-.9-.6z", "M4.6 12h7.9"],
  more: ["M5.5 12h.01", "M12 12h.01", "M18.5 12h.01"],
  warning: ["M12 4.4l8.3 14.4a.8.8 0 0 1-.7 1.2H4.4a.8.8 0 0 1-.7-1.2z", "M12 10.2v4", "M12 17v.1"],
  speaker: ["M4 9.7v4.6h3.4L12 18.2V5.8L7.4 9.7z", "M15.4 9a4.2 4.2 0 0 1 0 6", "M17.9 6.5a7.8 7.8 0 0 1 0 11"],
  plus: ["M12 5v14", "M5 12h14"],
  "arrow-right": ["M4.5 12h15", "M13.5 6l6 6-6 6"],
  hand: [
    "M7.5 12V6.6a1.4 1.4 0 0 1 2.8 0v4",
    "M10.3 10.6V4.9a1.4 1.4 0 0 1 2.8 0v5.7",
    "M13.1 10.8V6a1.4 1.4 0 0 1 2.8 0v5.4",
    "M15.9 11.4V8.5a1.4 1.4 0 0 1 2.8 0v5.3c0 3.9-2.6 6.7-6.2 6.7-2.6 0-4.2-1-5.5-3.2l-2.2-3.8a1.5 1.5 0 0 1 2.5-1.6l1.2 1.6",
  ],
  floor: ["M4.5 10v4a1 1 0 0 0 1 1H8l8.5 4V5L8 9H5.5a1 1 0 0 0-1 1z", "M8.2 15.2l1 4.3h2.3", "M19.5 10a3 3 0 0 1 0 4"],
  lecture: [
    "M3.5 5h17",
    "M5 5v8.5A1.5 1.5 0 0 0 6.5 15h11a1.5 1.5 0 0 0 1.5-1.5V5",
    "M12 15v3",
    "M8.5 20.5L12 18l3.5 2.5",
  ],
  lock: [
    "M7.5 10.5h9A2 2 0 0 1 18.5 12.5v5a2 2 0 0 1-2 2h-9a2 2 0 0 1-2-2v-5a2 2 0 0 1 2-2z",
    "M8.5 10.5V8a3.5 3.5 0 0 1 7 0v2.5",
  ],
  spotlight: ["M12 3.8l2.5 5.2 5.7.8-4.1 4 1 5.7-5.1-2.7-5.1 2.7 1-5.7-4.1-4 5.7-.8z"],
  shield: ["M12 3.5l7 2.6v5.2c0 4.3-2.9 7.5-7 9.2-4.1-1.7-7-4.9-7-9.2V6.1z", "M9 9l6 6", "M15 9l-6 6"],
  moderator: ["M12 3.5l7 2.6v5.2c0 4.3-2.9 7.5-7 9.2-4.1-1.7-7-4.9-7-9.2V6.1z", "M9 12l2.2 2.2L15.2 10"],
  clock: ["M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17z", "M12 7.5V12l3 2"],
  door: ["M6.5 20.5V5A1.5 1.5 0 0 1 8 3.5h8A1.5 1.5 0 0 1 17.5 5v15.5", "M4 20.5h16", "M14 12v.1"],
  remove: [
    "M10 5.3a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.4z",
    "M4 19.5c.4-3.3 2.9-5.1 6-5.1 1.3 0 2.5.3 3.5.9",
    "M16 15.5l4.5 4.5",
    "M20.5 15.5L16 20",
  ],
  record: ["M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17z", "M12 9.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6z"],
  live: ["M12 10a2 2 0 1 1 0 4 2 2 0 0 1 0-4z", "M8 8a5.7 5.7 0 0 0 0 8", "M16 8a5.7 5.7 0 0 1 0 8", "M5.2 5.2a9.6 9.6 0 0 0 0 13.6", "M18.8 5.2a9.6 9.6 0 0 1 0 13.6"],
  play: ["M8 5.6v12.8a.6.6 0 0 0 .9.5l10.4-6.4a.6.6 0 0 0 0-1L8.9 5.1a.6.6 0 0 0-.9.5z"],
  read: ["M6.5 3.5h7L18.5 8.5v10a2 2 0 0 1-2 2h-10a2 2 0 0 1-2-2v-13a2 2 0 0 1 2-2z", "M8.5 12.5h6", "M8.5 16h6"],
  download: ["M12 4v11", "M7.5 10.8L12 15.2l4.5-4.4", "M4.5 19.8h15"],
  trash: ["M4.5 6.5h15", "M9 6.5V4.3h6v2.2", "M6.5 6.5l.9 12.2a1.5 1.5 0 0 0 1.5 1.4h6.2a1.5 1.5 0 0 0 1.5-1.4l.9-12.2", "M10.2 10.5v5.8", "M13.8 10.5v5.8"],
  film: ["M5.5 4.5h13a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2h-13a2 2 0 0 1-2-2v-11a2 2 0 0 1 2-2z", "M10 9v6l5-3z"],
  end: ["M12 3.8v7.5", "M7.3 6.7a7.3 7.3 0 1 0 9.4 0"],
  reload: ["M19.5 12a7.5 7.5 0 1 1-2.2-5.3", "M19.5 4v4h-4"],
};

/** @typedef {keyof typeof PATHS} IconName */

/**
 * @param {IconName} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  svg.classList.add("icon", `icon-${name}`);
  for (const d of PATHS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

/**
 * Puts an icon in the place of the one that an element has.
 *
 * @param {Element} element
 * @param {IconName} name
 */
export function setIcon(element, name) {
  const present = element.querySelector("svg.icon");
  if (present?.classList.contains(`icon-${name}`)) return;
  if (present) present.replaceWith(icon(name));
  else element.prepend(icon(name));
}

/** Draws the icons that the page's HTML names with `data-icon`. */
export function drawIcons() {
  for (const element of document.querySelectorAll("[data-icon]")) {
    setIcon(element, /** @type {IconName} */ (element.getAttribute("data-icon")));
  }
}
