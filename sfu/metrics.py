"""Counters of everything sent, received and dropped, with the reason."""

import resource
from collections import Counter


class Counters:
    """Totals since the process started, by name; signalling shows them at `/metrics`."""

    def __init__(self) -> None:
        self._totals: Counter[str] = Counter()

    def count(self, name: str, number: int = 1) -> None:
        self._totals[name] += number

    def totals(self) -> dict[str, int]:
        return dict(self._totals)


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
