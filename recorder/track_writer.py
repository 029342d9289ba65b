"""One tapped track: from its RTP packets to frames with their places on the segment's time line."""

from collections import deque
from typing import NamedTuple

from recorder.clock import NodeClock, TrackClock
from recorder.depacketise import Frame, assembler_for
from recorder.jitter import MAX_WAIT, JitterBuffer, Ordered
from sfu.link_messages import Codec
from sfu.rtcp.reports import SenderReport
from sfu.rtp.packet import RtpPacket

HOLD = 0.4
"""Seconds that the first frames wait for a sender report, which says exactly where they lie."""


class TimedFrame(NamedTuple):
    """`at` is in seconds of the segment; it never goes backwards by more than a correction of the clock."""

    at: float
    frame: Frame


class TrackWriter:
    """Reorders packets, joins them to frames and times them; frames are handed out as they are ready.

    `now` and `arrived` are seconds of the segment and never decrease.
    """

    def __init__(self, codec: Codec, node_clock: NodeClock, max_wait: float = MAX_WAIT) -> None:
        """A missing packet is waited for `max_wait` seconds."""
        self.codec = codec
        self._jitter = JitterBuffer(max_wait)
        self._assembler = assembler_for(codec.name)
        self._clock = TrackClock(node_clock, codec.clock_rate)
        self._held: deque[tuple[int, Frame, float]] = deque()
        self._released = False
        self._foreign = 0  # packets of another payload type, which are of no use here

    @property
    def keyframe_wanted(self) -> bool:
        return self._assembler.keyframe_wanted

    def counters(self) -> dict[str, int]:
        """What went wrong so far, by name."""
        return {
            "packets-lost": self._jitter.lost,
            "packets-late": self._jitter.too_late,
            "packets-foreign": self._foreign,
            "frames-broken": self._assembler.counts.broken,
            "frames-undecodable": self._assembler.counts.undecodable,
        }

    def receive(self, packet: RtpPacket, arrived: float) -> list[TimedFrame]:
        """The frames that are ready now."""
        if packet.payload_type != self.codec.payload_type:
            self._foreign += 1
            return []
        if not self._released:
            self._clock.observe(packet.timestamp, arrived)
        return self._join(self._jitter.push(packet, arrived), arrived)

    def sender_report(self, report: SenderReport, arrived: float) -> list[TimedFrame]:
        self._clock.sender_report(report, arrived)
        return self._release(arrived)

    def expire(self, now: float) -> list[TimedFrame]:
        """The frames that are ready now that time has passed."""
        return self._join(self._jitter.expire(now), now)

    def end(self, now: float) -> list[TimedFrame]:
        """All that is here: the track ended or is paused. After a pause it goes on, from a keyframe."""
        done = self._join(self._jitter.flush(), now)
        self._assembler.gap()
        return done + self._release(now, everything=True)

    def _join(self, packets: list[Ordered], now: float) -> list[TimedFrame]:
        for packet, after_gap in packets:
            if after_gap:
                self._assembler.gap()
            frame = self._assembler.push(packet.timestamp, packet.marker, packet.payload)
            if frame is not None:
                self._held.append((packet.timestamp, frame, now))
        return self._release(now)

    def _release(self, now: float, *, everything: bool = False) -> list[TimedFrame]:
        if not self._held:
            return []
        if not (self._released or self._clock.synchronised or everything or self._held[0][2] <= now - HOLD):
            return []
        self._released = True
        done = [TimedFrame(self._clock.time_of(timestamp, at), frame) for timestamp, frame, at in self._held]
        self._held.clear()
        return done
