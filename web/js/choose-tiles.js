/** Who has a tile, and in which order. Pure. */

/**
 * The ids to show: the first `limit` of `ranked`. Whoever is shown already stays where they are; newcomers take the
 * places of those who go, in order of rank.
 *
 * @param {readonly string[]} shown what is shown now, in the order of the places
 * @param {readonly string[]} ranked everybody who may be shown, the most important first
 * @param {number} limit
 * @returns {string[]}
 */
export function chooseTiles(shown, ranked, limit) {
  const wanted = new Set(ranked.slice(0, Math.max(0, limit)));
  const newcomers = [...wanted].filter((id) => !shown.includes(id));
  const places = shown.flatMap((id) => {
    if (wanted.has(id)) return [id];
    const newcomer = newcomers.shift();
    return newcomer === undefined ? [] : [newcomer];
  });
  return [...places, ...newcomers];
}

/**
 * Those of `ids` who are in `first` come first, in that order.
 *
 * @param {readonly string[]} first
 * @param {readonly string[]} ids
 * @returns {string[]}
 */
export function firstPlaces(first, ids) {
  return [...new Set([...first.filter((id) => ids.includes(id)), ...ids])];
}

/**
 * @typedef {object} Person
 * @property {string} id
 * @property {boolean} inSlot whether their picture is being received
 * @property {boolean} hasVideo whether there would be a picture
 */

/**
 * Everybody, the most important first: those whose picture is here in the order of the stage, then the rest of the
 * stage, then those without a picture, then those whose picture is not being received.
 *
 * @param {readonly Person[]} people in the order in which they came
 * @param {readonly string[]} stage
 * @returns {string[]}
 */
export function rankPeople(people, stage) {
  /** @param {Person} person */
  const key = (person) => {
    const place = stage.indexOf(person.id);
    const group = person.inSlot ? 0 : !person.hasVideo ? 1 : 2;
    return { group, place: place === -1 ? stage.length : place };
  };
  return people
    .map((person, index) => ({ id: person.id, index, ...key(person) }))
    .sort((a, b) => a.group - b.group || a.place - b.place || a.index - b.index)
    .map((person) => person.id);
}
