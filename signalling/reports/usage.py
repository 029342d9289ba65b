"""What was measured of one connection, as it is stored: it grows with each interval that the media node tells."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from sfu.link_messages import Flow, SlotUse
from signalling.reports.quality import Direction, Quality, overall, quality_of

Published = Literal["audio", "video", "screen"]
"""Microphone; camera or canvas; screen."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FlowUsage(_Model):
    """Media of one use in one direction: the sum of its intervals, of which only steady time counts.

    `good`, `moderate` and `bad` are seconds, `bits` those of all of them. `lowest` and `highest` are bitrates of
    intervals (bits per second). `silent` are the last seconds in which nothing came: they count (as bad) as soon as
    something comes again, for a connection that ended without a word looks the same at its end.
    """

    bits: float = 0.0
    lowest: int | None = None
    highest: int = 0
    good: float = 0.0
    moderate: float = 0.0
    bad: float = 0.0
    silent: float = 0.0

    @property
    def seconds(self) -> float:
        return self.good + self.moderate + self.bad

    @property
    def average(self) -> int:
        """The mean bitrate."""
        return round(self.bits / self.seconds) if self.seconds else 0

    @property
    def quality(self) -> Quality:
        return overall(self.good, self.moderate, self.bad)

    def plus(self, use: SlotUse, direction: Direction, flow: Flow) -> "FlowUsage":
        """With one more interval."""
        if not flow.seconds:
            return self
        if not flow.bitrate and use != "screen":
            return self.model_copy(update={"silent": self.silent + flow.seconds})
        seconds = {"good": self.good, "moderate": self.moderate, "bad": self.bad + self.silent}
        seconds[quality_of(use, direction, flow)] += flow.seconds
        lowest = 0 if self.silent else self.lowest
        return FlowUsage(
            bits=self.bits + flow.bitrate * flow.seconds,
            lowest=flow.bitrate if lowest is None else min(lowest, flow.bitrate),
            highest=max(self.highest, flow.bitrate),
            **seconds,
        )


class Usage(_Model):
    """One connection. Times are in seconds.

    `published_seconds` is how long a microphone, camera or canvas was published and not muted, `screen_seconds` the
    same of a screen. `published` is what was published at all. `send` is what the participant sent, `receive` what
    was sent to them.
    """

    published_seconds: float = 0.0
    screen_seconds: float = 0.0
    published: tuple[Published, ...] = ()
    send: dict[SlotUse, FlowUsage] = {}
    receive: dict[SlotUse, FlowUsage] = {}

    @property
    def is_good(self) -> bool:
        """Whether nothing was bad as a whole."""
        return all(flow.quality != "bad" for flow in (*self.send.values(), *self.receive.values()))
