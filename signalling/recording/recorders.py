"""Recorders as signalling sees them, and which one gets a job. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from sfu.recording_messages import RecorderHello, RecorderLoad
from signalling.nodes import ANY_ZONE

NEEDED_BYTES = 256 << 20
"""Free space without which a recorder gets nothing to do."""


@dataclass(slots=True)
class Recorder:
    """One that is linked, or may come back: `away_since` is when its link broke (seconds), and it `is_missed` when it
    has been away for so long that others are to do its work.

    `is_local` says that it runs on signalling's own machine. `segments` are the weights of those that it has to record,
    by their ids.
    """

    hello: RecorderHello
    is_local: bool
    away_since: float | None = None
    is_missed: bool = False
    segments: dict[str, int] = field(default_factory=dict)
    load: RecorderLoad | None = None

    @property
    def recorder_id(self) -> str:
        return self.hello.recorder_id

    @property
    def is_linked(self) -> bool:
        return self.away_since is None

    @property
    def weight(self) -> int:
        """What it has to record already."""
        return sum(self.segments.values())

    def can_take(self, weight: int) -> bool:
        """Whether it can record one more segment of this weight."""
        has_space = self.load is None or self.load.free_bytes >= NEEDED_BYTES
        fits = not self.segments or self.weight + weight <= self.hello.capacity
        return self.is_linked and has_space and fits

    def rank(self, zone: str) -> tuple[int, float, float, str]:
        """The lowest one is the best: nearest first, then the one with the least to do."""
        nearness = 0 if zone in (ANY_ZONE, self.hello.zone) else 1 if self.hello.zone == ANY_ZONE else 2
        busy, cpu = (self.load.composites_waiting, self.load.cpu) if self.load else (0, 0.0)
        return nearness, (self.weight + busy) / self.hello.capacity, cpu, self.recorder_id


def choose_recorder(
    recorders: Iterable[Recorder], zone: str, weight: int, *, web_view: bool, besides: Collection[str]
) -> Recorder | None:
    """The least loaded recorder that can take one more of this weight, if possible in the zone; `besides` are ids of
    those that have failed. With `web_view`, only those that can show pages."""
    able = [
        one
        for one in recorders
        if one.can_take(weight) and one.recorder_id not in besides and (one.hello.web_views or not web_view)
    ]
    return min(able, key=lambda one: one.rank(zone), default=None)
