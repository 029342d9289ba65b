"""What arrived, stream by stream: counted by the clear part of the headers, many packets at a time."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_WRAP = 1 << 16
_KEY_SHIFT = 40  # extended sequence numbers stay below that
MAX_MISSING = 1000
"""Of one stream; with more, retransmission is hopeless and all are given up, as browsers do."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Packets `first` to `last` (extended sequence numbers) of a stream did not come in their place."""

    stream: int
    first: int
    last: int


class Tally:
    """One entry per stream, which is an SSRC that one participant receives.

    `received` counts different packets, retransmitted ones not included; `lost` those that did not come in their place
    and not later by themselves; `recovered` those of them that a retransmission brought.
    """

    def __init__(self) -> None:
        self._keys: list[int] = []
        self._sorted: NDArray[np.int64] = np.zeros(0, np.int64)
        self._order: NDArray[np.int64] = np.zeros(0, np.int64)
        self.highest: NDArray[np.int64] = np.zeros(0, np.int64)
        self.base: NDArray[np.int64] = np.zeros(0, np.int64)
        self.received: NDArray[np.int64] = np.zeros(0, np.int64)
        self.octets: NDArray[np.int64] = np.zeros(0, np.int64)
        self.first_arrival: NDArray[np.int64] = np.zeros(0, np.int64)
        self.missing: dict[int, dict[int, None]] = {}
        self.lost = self.recovered = self.duplicates = self.late = self.unknown = 0

    def add(self, owner: int, ssrc: int) -> int:
        """Expect a stream; its number."""
        self._keys.append(owner << 32 | ssrc)
        return len(self._keys) - 1

    def grow(self) -> None:
        """Make room for the streams added lately: at once, since hundreds come together."""
        more = len(self._keys) - len(self.highest)
        if not more:
            return
        for name in ("highest", "base", "received", "octets", "first_arrival"):
            fill = -1 if name == "base" else 0
            setattr(self, name, np.concatenate((getattr(self, name), np.full(more, fill, np.int64))))
        keys = np.array(self._keys, np.int64)
        self._order = np.argsort(keys, kind="stable")
        self._sorted = keys[self._order]

    def find(self, owners: NDArray[np.int64], ssrcs: NDArray[np.int64]) -> NDArray[np.int64]:
        """The stream of each packet, -1 where nobody expects it."""
        self.grow()
        if not self._keys:
            return np.full(len(owners), -1, np.int64)
        keys = owners << 32 | ssrcs
        places = np.minimum(np.searchsorted(self._sorted, keys), len(self._keys) - 1)
        return np.where(self._sorted[places] == keys, self._order[places], -1)

    def count(
        self,
        streams: NDArray[np.int64],
        sequence_numbers: NDArray[np.int64],
        sizes: NDArray[np.int64],
        arrivals: NDArray[np.int64],
    ) -> list[Gap]:
        """Count packets of known streams (16-bit sequence numbers); the gaps that they leave."""
        self.grow()
        self._begin(streams, sequence_numbers, arrivals)
        number = len(self._keys)
        highest = self.highest[streams]
        extended = highest + (((sequence_numbers - highest + _WRAP // 2) & 0xFFFF) - _WRAP // 2)
        self.octets += np.bincount(streams, weights=sizes, minlength=number).astype(np.int64)
        combined = np.sort(streams << _KEY_SHIFT | extended)
        fresh = np.concatenate(([True], combined[1:] != combined[:-1]))
        self.duplicates += len(combined) - int(fresh.sum())
        combined = combined[fresh]
        stream, extended = combined >> _KEY_SHIFT, combined & ((1 << _KEY_SHIFT) - 1)
        new = extended > self.highest[stream]
        if not new.all():
            self._came_late(stream[~new], extended[~new])
            stream, extended = stream[new], extended[new]
            if not len(stream):
                return []
        self.received += np.bincount(stream, minlength=number)
        same = np.concatenate(([False], stream[1:] == stream[:-1]))
        before = np.where(same, np.concatenate(([0], extended[:-1])), self.highest[stream])
        ends = np.concatenate((~same[1:], [True]))
        self.highest[stream[ends]] = extended[ends]
        holes = np.flatnonzero(extended - before > 1)
        gaps = [Gap(int(stream[i]), int(before[i]) + 1, int(extended[i]) - 1) for i in holes]
        for gap in gaps:
            self._note(gap)
        return gaps

    def take(self, gaps: Iterable[tuple[int, int, int]], late: Iterable[tuple[int, int]]) -> list[Gap]:
        """Take in what compiled code has counted in the arrays: gaps by stream, first and last, and extended sequence
        numbers that are not above the highest, by stream. The gaps."""
        found = [Gap(*one) for one in gaps]
        for gap in found:
            self._note(gap)
        for stream, number in late:
            self._note_late(stream, number)
        return found

    @property
    def arrays(self) -> dict[str, NDArray[np.int64]]:
        """All that compiled code reads and counts in; others after the next `grow`."""
        names = ("highest", "base", "received", "octets", "first_arrival")
        return {"keys": self._sorted, "order": self._order} | {name: getattr(self, name) for name in names}

    def before_first(self, streams: NDArray[np.int64], sequence_numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which packets have a number below that of the first of their stream, as far as the first was lately."""
        base = self.base[streams]
        recent = self.highest[streams] - base < _WRAP // 2
        return recent & (((sequence_numbers - base) & 0xFFFF) >= _WRAP // 2)

    def repaired(self, stream: int, sequence_number: int) -> bool:
        """A retransmission brought this one; whether it was missing."""
        missing = self.missing.get(stream)
        if not missing:
            return False
        top = int(self.highest[stream])
        extended = top + (((sequence_number - top + _WRAP // 2) & 0xFFFF) - _WRAP // 2)
        if extended not in missing:
            return False
        del missing[extended]
        self.recovered += 1
        return True

    def expected(self, stream: int) -> int:
        """Packets from the first that came to the highest."""
        self.grow()
        return int(self.highest[stream] - self.base[stream] + 1) if self.base[stream] >= 0 else 0

    def received_of(self, stream: int) -> int:
        """Different packets of a stream that came, retransmitted ones not included."""
        return int(self.received[stream])

    def top(self, stream: int) -> int:
        """The highest extended sequence number of a stream that has begun, as receiver reports have it."""
        return int(self.highest[stream]) - _WRAP

    def _begin(
        self, streams: NDArray[np.int64], sequence_numbers: NDArray[np.int64], arrivals: NDArray[np.int64]
    ) -> None:
        unstarted = self.base[streams] < 0
        if not unstarted.any():
            return
        seen, places = np.unique(streams[unstarted], return_index=True)
        # A full turn above zero, so that what comes before the first packet is not negative.
        first = sequence_numbers[unstarted][places] + _WRAP
        self.base[seen] = first
        self.highest[seen] = first - 1
        self.first_arrival[seen] = arrivals[unstarted][places]

    def _note(self, gap: Gap) -> None:
        number = gap.last - gap.first + 1
        self.lost += number
        missing = self.missing.setdefault(gap.stream, {})
        if number + len(missing) > MAX_MISSING:
            missing.clear()
        else:
            missing.update(dict.fromkeys(range(gap.first, gap.last + 1)))

    def _came_late(self, streams: NDArray[np.int64], extended: NDArray[np.int64]) -> None:
        for stream, number in zip(streams.tolist(), extended.tolist(), strict=True):
            self._note_late(stream, number)

    def _note_late(self, stream: int, number: int) -> None:
        missing = self.missing.get(stream)
        if missing and number in missing:
            del missing[number]
            self.lost -= 1
            self.late += 1
            self.received[stream] += 1
        elif number >= self.base[stream]:
            self.duplicates += 1
