"""Which lost packets of one source are asked for again, and when (RFC 4585 section 6.2.1)."""

from dataclasses import dataclass

from sfu.rtp.sequence import Unwrapper

_MAX_STEP = 5000  # packets; a larger step either way is a source that started anew


@dataclass(slots=True)
class _Missing:
    since: float
    next_request: float
    requests: int = 0


class NackScheduler:
    """Notes gaps in the sequence numbers and says when to ask for what is missing.

    Times are seconds. A missing packet is asked for first after `reorder_wait`, as it may only be out of order; then
    again each round trip (at least `min_retry`), at most `max_requests` times and for at most `max_age`. When more
    than `max_missing` packets are missing at once, retransmission is hopeless: all are given up and a keyframe is
    needed.
    """

    def __init__(
        self,
        *,
        reorder_wait: float = 0.005,
        min_retry: float = 0.02,
        max_requests: int = 10,
        max_age: float = 1.5,
        max_missing: int = 300,
    ) -> None:
        self._reorder_wait = reorder_wait
        self._min_retry = min_retry
        self._max_requests = max_requests
        self._max_age = max_age
        self._max_missing = max_missing
        self._unwrapper = Unwrapper()
        self._highest: int | None = None
        self._missing: dict[int, _Missing] = {}  # by extended sequence number, in rising order
        self.requested = 0
        self.recovered = 0
        self.abandoned = 0
        self.keyframe_needed = False
        """Set when packets were given up, until `keyframe_arrived`. Audio ignores it."""

    @property
    def missing(self) -> int:
        """How many packets are missing and still hoped for."""
        return len(self._missing)

    def received(self, sequence_number: int, now: float) -> bool:
        """Notes a packet, be it original or retransmitted; whether it was one that was missing."""
        extended = self._unwrapper.unwrap(sequence_number)
        highest = self._highest
        if highest is None or abs(extended - highest) > _MAX_STEP:
            self._highest = extended
            self._give_up(list(self._missing))
            return False
        if extended <= highest:
            if self._missing.pop(extended, None) is None:
                return False
            self.recovered += 1
            return True
        self._highest = extended
        gap = extended - highest - 1
        if gap > 0:
            if gap + len(self._missing) > self._max_missing:
                self._give_up(list(self._missing))
                self.abandoned += gap
                self.keyframe_needed = True
            else:
                first_request = now + self._reorder_wait
                for lost in range(highest + 1, extended):
                    self._missing[lost] = _Missing(now, first_request)
        return False

    @property
    def highest(self) -> int | None:
        """The newest number, extended; None before the first packet."""
        return self._highest

    def skip(self, packets: int) -> None:
        """Notes so many packets that followed the newest one, with none missing between them."""
        if self._highest is not None:
            self._highest += packets
            self._unwrapper.jump(self._highest)

    def due(self, now: float, rtt: float) -> list[int]:
        """The sequence numbers (16 bits, in rising order) to ask for now; `rtt` is the round-trip time.

        Each is taken as asked for. Call this each 10 to 20 ms, and send one NACK with all of them.
        """
        if not self._missing:
            return []
        wait = max(rtt, self._min_retry)
        numbers = []
        hopeless = []
        for extended, entry in self._missing.items():
            if now < entry.next_request:
                continue
            if entry.requests >= self._max_requests or now - entry.since > self._max_age:
                hopeless.append(extended)
                continue
            entry.requests += 1
            entry.next_request = now + wait
            numbers.append(extended & 0xFFFF)
        self._give_up(hopeless)
        self.requested += len(numbers)
        return numbers

    def keyframe_arrived(self) -> None:
        """A keyframe has come: whatever was given up before no longer hurts."""
        self.keyframe_needed = False

    def _give_up(self, numbers: list[int]) -> None:
        for extended in numbers:
            del self._missing[extended]
        if numbers:
            self.abandoned += len(numbers)
            self.keyframe_needed = True
