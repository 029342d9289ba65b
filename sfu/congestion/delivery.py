"""How packets arrive at one peer, as its transport-wide feedback says."""

from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from sfu.congestion.send_history import MISSING, SIZE, SendHistory
from sfu.link_messages import Delivery
from sfu.rtcp.transport_feedback import TransportFeedback
from sfu.rtp.sequence import seq_delta

TICK = 250
"""Microseconds of the times in a feedback message."""


class Outcome(NamedTuple):
    """What one feedback message says of packets that the history still holds and that were not reported before.

    `lost` did not come, less those that were reported so before and came after all. `delay_sum` adds up the delays
    of the packets that came, in microseconds, less `first_delay`, which is the first's by two clocks modulo 2^32.
    """

    received: int
    octets: int
    lost: int
    first_delay: int
    delay_sum: int


NOTHING = Outcome(0, 0, 0, 0, 0)


def read_outcome(body: bytes, history: SendHistory) -> Outcome:
    """Compare a feedback message (after its common header) with what was sent. Raises RtcpError."""
    feedback = TransportFeedback.parse(body)
    newest = history.next[0]
    received = octets = lost = first_delay = delay_sum = 0
    for number, ticks in feedback.arrivals():
        age = -seq_delta(feedback.base_sequence, newest & 0xFFFF) - ((number - feedback.base_sequence) & 0xFFFF)
        index = number & (SIZE - 1)
        sent = history.sizes[index]
        if not 1 <= age <= SIZE or not sent:
            continue
        if ticks is None:
            lost += not sent & MISSING
            history.sizes[index] = sent | MISSING
            continue
        lost -= sent & MISSING == MISSING
        delay = (ticks * TICK - history.times[index]) & 0xFFFFFFFF
        if not received:
            first_delay = delay
        received += 1
        octets += sent & ~MISSING
        delay_sum += signed32(delay - first_delay)
        history.sizes[index] = 0
    return Outcome(received, octets, lost, first_delay, delay_sum)


@dataclass(slots=True)
class Sums:
    """What feedback messages said, added up: C's `struct delivery` has the same fields (`sfu/native/rtcp.h`).

    `points` messages told of packets that came. What follows it is about those: the delay that the first one began
    with, when it came, and the sums of times (seconds since then), of mean delays (seconds, relative to the first) and
    of products of both.
    """

    received: int = 0
    octets: int = 0
    lost: int = 0
    points: int = 0
    first_delay: int = 0
    started: float = 0.0
    sum_at: float = 0.0
    sum_delay: float = 0.0
    sum_at_at: float = 0.0
    sum_at_delay: float = 0.0


class DeliveryMeter:
    """Adds up feedback messages, for the statistics of each few seconds.

    The trend of the delay is the slope of a straight line through the mean delays of the messages (least squares):
    it says that a queue on the way grows long before packets are lost.
    """

    def __init__(self, sums: Any = None) -> None:
        """`sums` is where C adds up, too: an object with the fields of `Sums`. None if it does not."""
        self._sampled: float | None = None
        self._seconds = 0.0
        self._sums: Any = Sums() if sums is None else sums

    def add(self, outcome: Outcome, now: float) -> None:
        """Take in what a message said that came at `now`."""
        sums = self._sums
        sums.received += outcome.received
        sums.octets += outcome.octets
        sums.lost += outcome.lost
        if not outcome.received:
            return
        if not sums.points:
            sums.first_delay, sums.started = outcome.first_delay, now
        delay = (signed32(outcome.first_delay - sums.first_delay) + outcome.delay_sum / outcome.received) / 1e6
        at = now - sums.started
        sums.points += 1
        sums.sum_at += at
        sums.sum_delay += delay
        sums.sum_at_at += at * at
        sums.sum_at_delay += at * delay

    def sample(self, now: float) -> None:
        """Let the time until `now` count; due each second."""
        if self._sampled is not None:
            self._seconds += now - self._sampled
        self._sampled = now

    def take(self) -> Delivery | None:
        """The figures since the last call; None without any feedback."""
        sums = self._sums
        if not sums.received and not sums.lost:
            self._seconds = 0.0
            return None
        spread = sums.points * sums.sum_at_at - sums.sum_at * sums.sum_at
        trend = (sums.points * sums.sum_at_delay - sums.sum_at * sums.sum_delay) / spread if spread > 0 else 0.0
        taken = Delivery(
            packets=sums.received,
            lost=max(sums.lost, 0),
            bitrate=round(sums.octets * 8 / self._seconds) if self._seconds else 0,
            delay_trend=round(trend * 1000, 3),
        )
        self._clear()
        return taken

    def _clear(self) -> None:
        self._seconds = 0.0
        for field in fields(Sums):
            setattr(self._sums, field.name, field.default)


def signed32(value: int) -> int:
    """The difference of two 32-bit times that wrap."""
    return ((value + 0x80000000) & 0xFFFFFFFF) - 0x80000000
