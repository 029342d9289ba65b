"""What is told to a sender of the packets that came: transport-wide feedback for its bandwidth estimation."""

from itertools import count

from sfu.rtcp.transport_feedback import (
    MAX_DELTA,
    MIN_DELTA,
    REFERENCE_BITS,
    TICKS_PER_REFERENCE,
    TICKS_PER_SECOND,
    TransportFeedback,
)
from sfu.rtp.sequence import Unwrapper

# A packet that comes later than this after its place was reported as missing is not reported again.
_HISTORY_TICKS = TICKS_PER_SECOND // 2
# A larger step in the numbers is a sender that started anew, not loss.
_MAX_STEP = 5000
# So many packet statuses take at most 1.2 kB, with all deltas large: one datagram.
_MAX_STATUSES = 500


class FeedbackRecorder:
    """Arrival times of one transport's packets, by transport-wide sequence number.

    A packet that was reported missing and comes late is reported in the next feedback, with those after it again: the
    sender ignores what it knows already.
    """

    def __init__(self) -> None:
        self._feedback_count = 0
        self._unwrapper = Unwrapper()
        # Ticks by extended sequence number; empty before the first packet only.
        self._arrivals: dict[int, int] = {}
        self._oldest = 0  # what is before it was forgotten
        self._start = 0  # of the next feedback
        self._highest = 0
        self._news = False
        self._irregular_at = float("-inf")

    def received(self, transport_seq16: int, now: float) -> None:
        """Notes a packet that arrived at `now` (seconds). The first time counts for a duplicate."""
        sequence = self._unwrapper.unwrap(transport_seq16)
        if sequence != self._highest + 1:
            self._irregular_at = now
        if not self._arrivals or abs(sequence - self._highest) > _MAX_STEP:
            self._arrivals.clear()
            self._start = self._highest = sequence
            self._oldest = sequence - _MAX_STEP
        if sequence in self._arrivals or sequence < self._oldest:
            return
        self._arrivals[sequence] = int(now * TICKS_PER_SECOND)
        self._highest = max(self._highest, sequence)
        self._start = min(self._start, sequence)
        self._news = True

    def next(self, now: float) -> tuple[int, int] | None:
        """The number of the packet that follows the last reported one, and of the next feedback.

        None when packets are to be reported, or some were missing or late a moment ago and may have to be reported
        again. Otherwise feedback on packets in order needs nothing that is known here: see `skip`.
        """
        if self._news or not self._arrivals or (now - self._irregular_at) * TICKS_PER_SECOND < 2 * _HISTORY_TICKS:
            return None
        return self._highest + 1, self._feedback_count

    def skip(self, packets: int, now: float) -> None:
        """Somebody else has reported that so many packets followed the last reported one, the last of them at `now`."""
        self._highest += packets
        self._start = self._highest + 1
        self._oldest = self._highest
        self._arrivals = {self._highest: int(now * TICKS_PER_SECOND)}
        self._unwrapper.jump(self._highest)
        self._feedback_count = (self._feedback_count + 1) & 0xFF

    def build(self, sender_ssrc: int, media_ssrc: int, now: float) -> list[TransportFeedback]:
        """The feedback for what came since the last call; empty when nothing did. Call this each 100 ms.

        `media_ssrc` is any SSRC of the sender's.
        """
        if not self._news:
            return []
        self._news = False
        feedbacks = []
        # What is further back was leapt over: nobody sends so much between two feedbacks.
        sequence = max(self._start, self._highest - _MAX_STEP)
        while sequence <= self._highest:
            reference, deltas = self._next_deltas(sequence)
            wrapped = self._wrap_reference(reference)
            feedbacks.append(
                TransportFeedback(
                    sender_ssrc, media_ssrc, sequence & 0xFFFF, wrapped, self._feedback_count, tuple(deltas)
                )
            )
            self._feedback_count = (self._feedback_count + 1) & 0xFF
            sequence += len(deltas)
        self._start = self._highest + 1
        self._forget(int(now * TICKS_PER_SECOND) - _HISTORY_TICKS)
        return feedbacks

    def _next_deltas(self, first: int) -> tuple[int, list[int | None]]:
        """The reference time and as many deltas from `first` on as fit into one feedback, at least one."""
        # The newest packet has always arrived, so there is a first arrival.
        first_arrival = next(self._arrivals[sequence] for sequence in count(first) if sequence in self._arrivals)
        reference = first_arrival // TICKS_PER_REFERENCE
        time = reference * TICKS_PER_REFERENCE
        deltas: list[int | None] = []
        for sequence in range(first, min(self._highest + 1, first + _MAX_STATUSES)):
            arrival = self._arrivals.get(sequence)
            if arrival is None:
                deltas.append(None)
                continue
            delta = arrival - time
            if not MIN_DELTA <= delta <= MAX_DELTA:
                break
            deltas.append(delta)
            time = arrival
        return reference, deltas

    @staticmethod
    def _wrap_reference(reference: int) -> int:
        """To the signed 24 bits of the wire."""
        half = 1 << (REFERENCE_BITS - 1)
        return ((reference + half) & (2 * half - 1)) - half

    def _forget(self, before: int) -> None:
        """Drops what is too old to be reported again, but never the newest, which tells lost from not yet sent."""
        recent = (sequence for sequence, arrival in self._arrivals.items() if arrival >= before)
        self._oldest = min(recent, default=self._highest)
        self._arrivals = {sequence: arrival for sequence, arrival in self._arrivals.items() if sequence >= self._oldest}
