"""Spreads periodic work: each item has its turn once in a period, and about as many have it at each tick."""

from collections.abc import Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Turns(Generic[Item]):
    """`period` is in ticks."""

    def __init__(self, period: int) -> None:
        self._turns: list[dict[str, Item]] = [{} for _ in range(period)]
        self._turn_of: dict[str, int] = {}

    def add(self, key: str, item: Item) -> None:
        """Give the item the least busy turn. `key` is not in yet."""
        turn = min(range(len(self._turns)), key=lambda turn: len(self._turns[turn]))
        self._turn_of[key] = turn
        self._turns[turn][key] = item

    def remove(self, key: str) -> None:
        """The item must be in."""
        del self._turns[self._turn_of.pop(key)][key]

    def due(self, tick: int, each: int | None = None) -> Iterator[Item]:
        """The items whose turn it is at this tick: once in a period, or once in `each` ticks, which divides the period.

        Items may be removed, and others added, while these are looked at.
        """
        for turn in range(tick % (each or len(self._turns)), len(self._turns), each or len(self._turns)):
            yield from tuple(self._turns[turn].values())
