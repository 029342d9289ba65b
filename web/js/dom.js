/** Making elements. Text goes in as text nodes only: nothing that people write becomes HTML. */

/**
 * @typedef {object} Extras
 * @property {Record<string, (event: any) => void>} [on] listeners
 * @property {string} [text]
 */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Extras & Record<string, any>} [properties] attributes; false, null and undefined leave one out
 * @param {(Node | string | null)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, { on = {}, text, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const [type, listener] of Object.entries(on)) element.addEventListener(type, listener);
  if (text !== undefined) element.append(text);
  for (const child of children) if (child !== null) element.append(child);
  return element;
}

/**
 * The element with this id, which the page is known to have.
 *
 * @template {HTMLElement} Type
 * @param {string} id
 * @param {new () => Type} type
 * @returns {Type}
 */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`The page has no ${type.name} #${id}`);
  return element;
}

/**
 * Shows one of the elements and hides the others.
 *
 * @param {readonly HTMLElement[]} elements
 * @param {HTMLElement} shown
 */
export function showOnly(elements, shown) {
  for (const element of elements) element.hidden = element !== shown;
}
