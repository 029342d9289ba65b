/**
 * A text in pieces, with the web addresses in it told apart. Pure.
 *
 * @param {string} text
 * @returns {{text: string, href: string | null}[]}
 */
export function linksInText(text) {
  const pieces = [];
  let end = 0;
  for (const match of text.matchAll(/\bhttps?:\/\/[^\s<>"'`]+/giu)) {
    // What ends the sentence does not belong to the address.
    const address = match[0].replace(/[.,;:!?)\]}]+$/u, "");
    const href = safeHref(address);
    if (href === null) continue;
    if (match.index > end) pieces.push({ text: text.slice(end, match.index), href: null });
    pieces.push({ text: address, href });
    end = match.index + address.length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end), href: null });
  return pieces;
}

/** @param {string} address */
function safeHref(address) {
  try {
    const url = new URL(address);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null; // looks like an address, and is none
  }
}
