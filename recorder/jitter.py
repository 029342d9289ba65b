"""Packets in order again: late ones are waited for, for a bounded time."""

from typing import NamedTuple

from sfu.rtp.packet import RtpPacket
from sfu.rtp.sequence import seq_delta

MAX_WAIT = 0.6
"""Seconds. Retransmissions reach the media node within a few round trips; and what waits here, a kill would cost."""
MAX_PACKETS = 2000
MAX_JUMP = 3000
"""Packets; a larger step either way is a sender that began anew."""


class Ordered(NamedTuple):
    """`after_gap`: packets before this one are missing for good."""

    packet: RtpPacket
    after_gap: bool


class JitterBuffer:
    """Brings the packets of one stream into the order of their sequence numbers.

    A missing packet is waited for until one that follows it has been here for `max_wait` seconds, or `max_packets`
    are waiting. It starts with the first packet that comes. `now` is in seconds and never decreases.
    """

    def __init__(self, max_wait: float = MAX_WAIT, max_packets: int = MAX_PACKETS) -> None:
        self._max_wait = max_wait
        self._max_packets = max_packets
        self._next: int | None = None
        self._waiting: dict[int, tuple[RtpPacket, float]] = {}
        self.lost = 0
        """Packets given up."""
        self.too_late = 0
        """Packets that came twice, or after they were given up."""

    def push(self, packet: RtpPacket, now: float) -> list[Ordered]:
        """Takes a packet in; the packets that can go on now."""
        number = packet.sequence_number
        if number == self._next and not self._waiting:
            self._next = (number + 1) & 0xFFFF
            return [Ordered(packet, False)]
        if self._next is None:
            self._next = number
        ahead = seq_delta(number, self._next)
        done: list[Ordered] = []
        if abs(ahead) > MAX_JUMP:
            done = self.flush()
            done.append(Ordered(packet, True))
            self._next = (number + 1) & 0xFFFF
            return done
        if ahead < 0 or number in self._waiting:
            self.too_late += 1
            return self.expire(now)
        self._waiting[number] = (packet, now)
        return self.expire(now)

    def expire(self, now: float) -> list[Ordered]:
        """The packets that can go on now that time has passed."""
        done = self._contiguous(after_gap=False)
        while self._waiting and (len(self._waiting) > self._max_packets or self._oldest() <= now - self._max_wait):
            done += self._skip()
        return done

    def flush(self) -> list[Ordered]:
        """All that waits; nothing more is expected before it."""
        done = self._contiguous(after_gap=False)
        while self._waiting:
            done += self._skip()
        return done

    def _oldest(self) -> float:
        """When the packet that waits longest came: dicts keep the order of insertion."""
        return next(iter(self._waiting.values()))[1]

    def _skip(self) -> list[Ordered]:
        """Gives up what is missing before the next packet that is here."""
        assert self._next is not None
        start = self._next
        following = min(self._waiting, key=lambda number: (number - start) & 0xFFFF)
        self.lost += (following - start) & 0xFFFF
        self._next = following
        return self._contiguous(after_gap=True)

    def _contiguous(self, after_gap: bool) -> list[Ordered]:
        done = []
        while self._next in self._waiting:
            packet, _ = self._waiting.pop(self._next)
            done.append(Ordered(packet, after_gap))
            after_gap = False
            self._next = (self._next + 1) & 0xFFFF
        return done
