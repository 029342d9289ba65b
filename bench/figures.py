"""What is measured: names, units, which way is better; and medians of several rounds."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

LOST = "packets were lost"
"""How the fault ends that a busy machine explains."""
_MUCH_LOSS = 10.0
_SHORTEST = 120.0
"""Seconds of a run from which the growth of anything can be told at all."""
_SETTLED = 0.25
"""The share of a run after which nothing should grow any more."""
BUSY = "others used"
"""How a note begins that tells of other processes on the machine."""

Figures = dict[str, float]
"""What one round gave, by name."""


@dataclass(frozen=True, slots=True)
class Kind:
    """`lower_is_better` None: neither; it says how the round went, and no ratio is shown."""

    title: str
    unit: str
    digits: int
    lower_is_better: bool | None = True


KINDS: dict[str, Kind] = {
    "cpu_per_packet": Kind("CPU per forwarded packet", "µs", 2),
    "capacity": Kind("packets per second without loss, one core", "", 0, lower_is_better=False),
    "packets_per_second": Kind("packets forwarded per second", "", 0, lower_is_better=None),
    "server_cpu": Kind("CPU of the server", "%", 1, lower_is_better=None),
    "latency_p50": Kind("forwarding latency, p50", "ms", 2),
    "latency_p95": Kind("forwarding latency, p95", "ms", 2),
    "latency_p99": Kind("forwarding latency, p99", "ms", 2),
    "loss": Kind("lost", "%", 3, lower_is_better=None),
    "recovered": Kind("lost packets recovered", "%", 1, lower_is_better=False),
    "memory_per_participant": Kind("memory per participant", "kB", 0),
    "memory_of_media": Kind("of that, in the media process", "kB", 0, lower_is_better=None),
    "stall": Kind("worst delay of the media process's loop", "ms", 2, lower_is_better=None),
    "turn": Kind("of that, its own work: the longest turn, in processor time", "ms", 2, lower_is_better=None),
    "join_p50": Kind("join, WebSocket opened to first media, p50", "ms", 0),
    "join_p95": Kind("join, WebSocket opened to first media, p95", "ms", 0),
    "joins_per_second": Kind("joins per second", "", 1, lower_is_better=False),
    "switch_p50": Kind("talker switch, p50", "ms", 0),
    "switch_p95": Kind("talker switch, p95", "ms", 0),
    "feedback_rate": Kind("transport-wide reports of receivers per second", "", 0, lower_is_better=None),
    "feedback_cpu": Kind("CPU of what receivers answer", "%", 1),
    "frame_p50": Kind("join in Chromium, WebSocket opened to first frame decoded, p50", "ms", 0),
    "frame_worst": Kind("join in Chromium, slowest", "ms", 0),
    "memory_growth": Kind("memory growth of the server", "MB/h", 1),
    "client_cpu": Kind("CPU of the load client", "%", 1, lower_is_better=None),
}


@dataclass(frozen=True, slots=True)
class Round:
    """One round of one server. `notes` are sentences on what makes its figures doubtful, `faults` on what the server
    did wrong; `facts` say what was negotiated."""

    figures: Figures
    notes: list[str] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def was_disturbed(self) -> bool:
        """Whether other processes kept the machine busy meanwhile."""
        return any(note.startswith(BUSY) for note in self.notes)

    @property
    def is_broken(self) -> bool:
        """Whether the server did what a slow or busy machine does not explain: a little loss is explained by that."""
        others = [fault for fault in self.faults if not fault.endswith(LOST)]
        return bool(others) or (bool(self.faults) and self.figures.get("loss", 0.0) > _MUCH_LOSS)

    @property
    def remarks(self) -> list[str]:
        """What there is to say of its figures, the worst first."""
        return self.faults + self.notes

    def with_figures(self, more: Figures) -> "Round":
        """The same round with more figures."""
        return Round(self.figures | more, self.notes, self.facts, self.faults)


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, least and most of several rounds."""

    median: float
    least: float
    most: float


def spread(rounds: Sequence[Round], name: str) -> Spread | None:
    """None if no round has that figure."""
    values = [one.figures[name] for one in rounds if name in one.figures]
    return Spread(statistics.median(values), min(values), max(values)) if values else None


def growth(curve: Sequence[tuple[float, float]]) -> float | None:
    """The slope of a line through a curve of seconds and values, per hour, without the curve's beginning.

    None where too short a time passed to tell.
    """
    points = curve[int(len(curve) * _SETTLED) :]
    if not points or points[-1][0] < _SHORTEST:
        return None
    middle = sum(at for at, _ in points) / len(points)
    spread = sum((at - middle) ** 2 for at, _ in points)
    return sum((at - middle) * value for at, value in points) / spread * 3600


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share (0 to 1) of them lies; by the nearest rank. Of none it is 0."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
