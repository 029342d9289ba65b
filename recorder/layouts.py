"""Layouts: who is where in a composite. Pure functions from (people, screens, talkers, size) to rectangles.

Two of them: without a shared screen a *grid* of equal tiles; with one, the screen large with a column of people beside
it. All tiles of people are 16:9; how a picture of another shape is fitted into its tile is `fitted`.
Every coordinate is even, as the chroma planes of yuv420p have half the size. docs/layouts.md has pictures.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

Quality = Literal["LD", "SD", "HD"]

MAX_PEOPLE = 16
MAX_SCREENS = 2
_COLUMN_SHARE = 5  # the column beside a screen has this part of the width


@dataclass(frozen=True)
class Size:
    """In pixels, both even; the width is at least the height."""

    width: int
    height: int


SIZES: dict[Quality, Size] = {"LD": Size(640, 360), "SD": Size(640, 480), "HD": Size(1280, 720)}


@dataclass(frozen=True)
class Rect:
    """In pixels of the composite, from its top left corner; all four even."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Tile:
    """The place of one picture: `owner` is who sends it, `speaking` asks for emphasis."""

    owner: str
    screen: bool
    rect: Rect
    speaking: bool = False


def arrange(people: Sequence[str], screens: Sequence[str], talkers: Collection[str], size: Size) -> tuple[Tile, ...]:
    """The tiles of all who have a place: the first `places_for_people`, and the last `MAX_SCREENS` screens.

    `people` and `screens` are ids in the order of their places. A talker beyond the last place takes that of the last
    who does not speak.
    """
    shown = _with_talkers(people, talkers, places_for_people(len(screens), size))
    if not screens:
        rects = _grid(len(shown), Rect(0, 0, size.width, size.height))
        return _people_tiles(shown, rects, talkers)
    shared = screens[-MAX_SCREENS:]
    column = _even(size.width // _COLUMN_SHARE) if shown else 0
    areas = _grid(len(shared), Rect(0, 0, size.width - column, size.height), fill=True)
    beside = _column(len(shown), Rect(size.width - column, 0, column, size.height))
    return tuple(Tile(owner, True, area) for owner, area in zip(shared, areas, strict=True)) + _people_tiles(
        shown, beside, talkers
    )


def places_for_people(screens: int, size: Size) -> int:
    """How many people are seen at once when so many screens are shared."""
    if not screens:
        return MAX_PEOPLE
    width = _even(size.width // _COLUMN_SHARE)
    return max(1, size.height // max(2, _even(width * 9 // 16)))


def fitted(width: int, height: int, into: Rect) -> Rect:
    """The largest rectangle of the shape width:height inside `into`, centred: nothing is cut off, nothing distorted."""
    if width * into.height > height * into.width:
        return _centred(into.width, into.width * height // width, into)
    return _centred(into.height * width // height, into.height, into)


def _with_talkers(people: Sequence[str], talkers: Collection[str], places: int) -> list[str]:
    shown = list(people[:places])
    for talker in (person for person in people[places:] if person in talkers):
        silent = [place for place, person in enumerate(shown) if person not in talkers]
        if not silent:
            break
        shown[silent[-1]] = talker
    return shown


def _people_tiles(people: Sequence[str], rects: Sequence[Rect], talkers: Collection[str]) -> tuple[Tile, ...]:
    return tuple(Tile(person, False, rect, person in talkers) for person, rect in zip(people, rects, strict=True))


def _grid(count: int, area: Rect, fill: bool = False) -> list[Rect]:
    """The largest equal 16:9 tiles, row by row, the last row centred; of two grids as good, the wider.

    `fill`: cells of the area instead of 16:9.
    """
    if not count:
        return []
    columns = max(range(1, count + 1), key=lambda number: (_tile_size(number, count, area)[0], number))
    rows = -(-count // columns)
    width, height = _tile_size(columns, count, area)
    if fill:
        width, height = _even(area.width // columns), _even(area.height // rows)
    top = area.y + _even((area.height - rows * height) // 2)
    rects = []
    for row in range(rows):
        in_row = min(columns, count - row * columns)
        left = area.x + _even((area.width - in_row * width) // 2)
        rects += [Rect(left + place * width, top + row * height, width, height) for place in range(in_row)]
    return rects


def _tile_size(columns: int, count: int, area: Rect) -> tuple[int, int]:
    rows = -(-count // columns)
    width = _even(min(area.width // columns, area.height // rows * 16 // 9))
    return width, _even(width * 9 // 16)


def _column(count: int, area: Rect) -> list[Rect]:
    height = _even(area.width * 9 // 16)
    top = area.y + _even((area.height - count * height) // 2)
    return [Rect(area.x, top + place * height, area.width, height) for place in range(count)]


def _centred(width: int, height: int, into: Rect) -> Rect:
    width, height = max(2, _even(width)), max(2, _even(height))
    return Rect(into.x + _even((into.width - width) // 2), into.y + _even((into.height - height) // 2), width, height)


def _even(value: int) -> int:
    return value & ~1
