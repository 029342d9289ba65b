"""How packets arrive at one peer, as its transport-wide feedback says."""

from typing import NamedTuple

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


class DeliveryMeter:
    """Adds up feedback messages, for the statistics of each few seconds.

    The trend of the delay is the slope of a straight line through the mean delays of the messages (least squares):
    it says that a queue on the way grows long before packets are lost.
    """

    def __init__(self) -> None:
        self._sampled: float | None = None
        self._seconds = 0.0
        self._first_delay: int | None = None
        self._clear()

    def add(self, outcome: Outcome, now: float) -> None:
        """Take in what a message said that came at `now`."""
        self._received += outcome.received
        self._octets += outcome.octets
        self._lost += outcome.lost
        if not outcome.received:
            return
        if self._first_delay is None:
            self._first_delay, self._started = outcome.first_delay, now
        delay = (signed32(outcome.first_delay - self._first_delay) + outcome.delay_sum / outcome.received) / 1e6
        at = now - self._started
        self._points += 1
        self._sum_at += at
        self._sum_delay += delay
        self._sum_at_at += at * at
        self._sum_at_delay += at * delay

    def sample(self, now: float) -> None:
        """Let the time until `now` count; due each second."""
        if self._sampled is not None:
            self._seconds += now - self._sampled
        self._sampled = now

    def take(self) -> Delivery | None:
        """The figures since the last call; None without any feedback."""
        if not self._received and not self._lost:
            self._seconds = 0.0
            return None
        spread = self._points * self._sum_at_at - self._sum_at * self._sum_at
        trend = (self._points * self._sum_at_delay - self._sum_at * self._sum_delay) / spread if spread > 0 else 0.0
        taken = Delivery(
            packets=self._received,
            lost=max(self._lost, 0),
            bitrate=round(self._octets * 8 / self._seconds) if self._seconds else 0,
            delay_trend=round(trend * 1000, 3),
        )
        self._clear()
        return taken

    def _clear(self) -> None:
        self._received = self._octets = self._lost = self._points = 0
        self._seconds = self._started = 0.0
        self._first_delay = None
        self._sum_at = self._sum_delay = self._sum_at_at = self._sum_at_delay = 0.0


def signed32(value: int) -> int:
    """The difference of two 32-bit times that wrap."""
    return ((value + 0x80000000) & 0xFFFFFFFF) - 0x80000000
