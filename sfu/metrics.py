"""Counters of everything sent, received and dropped, with the reason."""

import resource
from bisect import bisect_left
from collections import Counter, deque
from itertools import accumulate

from sfu.link_messages import DELAY_BOUNDS, LoopDelays

WINDOW = 30
"""Readings of which the worst delay is told: a minute of them, more than Prometheus leaves between two looks."""


class Counters:
    """Totals since the process started, by name; signalling shows them at `/metrics`."""

    def __init__(self) -> None:
        self._totals: Counter[str] = Counter()

    def count(self, name: str, number: int = 1) -> None:
        self._totals[name] += number

    def totals(self) -> dict[str, int]:
        return dict(self._totals)


class Worst:
    """The highest of what was added of late."""

    def __init__(self) -> None:
        self._worst = 0.0
        self._before: deque[float] = deque(maxlen=WINDOW)

    def add(self, value: float) -> None:
        self._worst = max(self._worst, value)

    def take(self) -> float:
        """Of all since the WINDOW-th last call. A shorter memory would hide most of it from who looks rarely."""
        self._before.append(self._worst)
        self._worst = 0.0
        return max(self._before)


class DelayMeter:
    """How long the event loop kept packets waiting, in seconds: each turn of it, and how late it came to a tick.

    The delays are by the clock, so the worst tells of whatever else has the processor, too. What the process itself was
    at meanwhile is told by its processor time, which `add` is given as a total.
    """

    def __init__(self) -> None:
        self._delays = Worst()
        self._turns = Worst()
        self._worked: float | None = None
        self._total = 0.0
        self._buckets = [0] * (len(DELAY_BOUNDS) + 1)

    def add(self, delay: float, worked: float) -> None:
        """A turn is over, after which packets can be read again. `worked` is the loop's processor time so far."""
        self._delays.add(delay)
        self._total += delay
        self._buckets[bisect_left(DELAY_BOUNDS, delay)] += 1
        if self._worked is not None:
            # Before a turn that took less, packets were read.
            self._turns.add(min(worked - self._worked, delay))
        self._worked = worked

    def worst(self) -> float:
        """The longest delay of the last WINDOW readings."""
        return self._delays.take()

    def longest_turn(self) -> float:
        """The most that the process itself was at work during one delay, in the last WINDOW readings."""
        return self._turns.take()

    def totals(self) -> LoopDelays:
        """Since the process started."""
        return LoopDelays(buckets=tuple(accumulate(self._buckets)), seconds=self._total)


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
