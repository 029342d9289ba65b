"""Counters of everything sent, received and dropped, with the reason."""

import resource
from bisect import bisect_left
from collections import Counter
from itertools import accumulate

DELAY_BOUNDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds: upper bounds of the buckets of delays, but for the last, which has none."""


class Counters:
    """Totals since the process started, by name; signalling shows them at `/metrics`."""

    def __init__(self) -> None:
        self._totals: Counter[str] = Counter()

    def count(self, name: str, number: int = 1) -> None:
        self._totals[name] += number

    def totals(self) -> dict[str, int]:
        return dict(self._totals)


class DelayMeter:
    """How long the event loop kept packets waiting, in seconds."""

    def __init__(self) -> None:
        self._worst = 0.0
        self._buckets = [0] * (len(DELAY_BOUNDS) + 1)

    def add(self, delay: float) -> None:
        self._worst = max(self._worst, delay)
        self._buckets[bisect_left(DELAY_BOUNDS, delay)] += 1

    def worst(self) -> float:
        """The longest since the last call."""
        worst, self._worst = self._worst, 0.0
        return worst

    def buckets(self) -> tuple[int, ...]:
        """How many were at most as long as each of DELAY_BOUNDS, and how many there were; since the process started."""
        return tuple(accumulate(self._buckets))


class CpuMeter:
    """The share of one core that this process used between two readings."""

    def __init__(self, now: float) -> None:
        self._at = now
        self._used = _cpu_seconds()

    def read(self, now: float) -> float:
        used = _cpu_seconds()
        share = (used - self._used) / max(now - self._at, 1e-6)
        self._at, self._used = now, used
        return share


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
