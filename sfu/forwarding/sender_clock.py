"""Where a publisher's RTP timestamps lie on this node's clock, learned from sender reports (RFC 3550 section 6.4.1).

Participants' clocks differ by seconds. A slot carries one participant after another, and its sender reports must
speak of one clock, or browsers would delay audio or video to line up what never belonged together.
"""

from dataclasses import dataclass

WINDOW = 30.0
"""Seconds after which an observed transit time no longer counts, so that clock drift is followed."""


class PublisherClock:
    """The publisher's NTP clock against this node's, shared by all streams of one transport.

    The smallest difference seen between arrival and NTP time is the offset plus the shortest transit time; what
    queues add above that is noise.
    """

    def __init__(self) -> None:
        self._best: float | None = None
        self._previous: float | None = None
        self._window_ends = 0.0

    def observe(self, ntp: float, now: float) -> None:
        """A sender report written at `ntp` (seconds, publisher's clock) arrived at `now` (seconds, ours)."""
        difference = now - ntp
        if now >= self._window_ends:
            self._previous, self._best = self._best, difference
            self._window_ends = now + WINDOW
        elif self._best is None or difference < self._best:
            self._best = difference

    @property
    def offset(self) -> float | None:
        """Add this to the publisher's NTP time to get ours; None before the first sender report."""
        if self._best is None:
            return None
        return self._best if self._previous is None else min(self._best, self._previous)


@dataclass(slots=True)
class StreamClock:
    """One stream's RTP timestamps against its publisher's clock."""

    publisher: PublisherClock
    clock_rate: int
    ntp: float | None = None
    timestamp: int = 0

    def sender_report(self, ntp: float, timestamp: int, now: float) -> None:
        self.publisher.observe(ntp, now)
        self.ntp = ntp
        self.timestamp = timestamp

    def timestamp_at(self, now: float) -> int | None:
        """The RTP timestamp (not yet wrapped) of what the publisher captures at `now`; None while unknown."""
        offset = self.publisher.offset
        if self.ntp is None or offset is None:
            return None
        return self.timestamp + round((now - self.ntp - offset) * self.clock_rate)
