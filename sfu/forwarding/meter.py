"""What one transport sent and received lately, in bitrates: for reports, so it costs nothing on the packet path.

What is counted there anyway is read each second, and summed up for the message of each few seconds. A bitrate is
that of *steady* time: of those seconds in which as many streams flowed at the end as at the beginning. Otherwise the
first second of a track, or the moment of a mute, would look like a bad connection.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfu.link_messages import Delivery, Flow, SlotUse, TransportFigures

if TYPE_CHECKING:
    from sfu.forwarding.peer import Peer

USES: tuple[SlotUse, ...] = ("audio", "video", "screen")


@dataclass(slots=True)
class Tally:
    """Totals since the transport began. `octets` are those of payloads."""

    packets: int = 0
    octets: int = 0
    lost: int = 0


class FlowMeter:
    """One use in one direction."""

    def __init__(self) -> None:
        self._told = Tally()
        self._last = Tally()
        self._at = 0.0
        self._streams = 0
        self._steady_seconds = 0.0
        self._steady_octets = 0
        self._stream_seconds = 0.0
        self._jitter = 0.0

    def sample(self, total: Tally, streams: int, jitter: float, now: float) -> None:
        """Read the totals, the number of streams that flow now, and the worst of their jitters (seconds)."""
        if streams and streams == self._streams:
            passed = now - self._at
            self._steady_seconds += passed
            self._stream_seconds += passed * streams
            self._steady_octets += total.octets - self._last.octets
        self._last, self._at, self._streams = total, now, streams
        self._jitter = max(self._jitter, jitter)

    def take(self) -> Flow | None:
        """What came together since the last call; None when that is nothing."""
        packets = self._last.packets - self._told.packets
        seconds = self._steady_seconds
        if not packets and not seconds:
            return None
        flow = Flow(
            packets=packets,
            octets=self._last.octets - self._told.octets,
            # Late packets and duplicates make up for losses of the interval before.
            lost=max(self._last.lost - self._told.lost, 0),
            jitter=round(self._jitter, 4),
            seconds=round(seconds, 3),
            bitrate=round(self._steady_octets * 8 / seconds) if seconds else 0,
            streams=round(self._stream_seconds / seconds, 2) if seconds else 0.0,
        )
        self._told = self._last
        self._steady_seconds = self._stream_seconds = self._jitter = 0.0
        self._steady_octets = 0
        return flow


class TransportMeter:
    """All that flows over one transport, in both directions."""

    def __init__(self) -> None:
        # Made when something first flows: a viewer in a large room never sends anything.
        self._received: dict[SlotUse, FlowMeter] = {}
        self._sent: dict[SlotUse, FlowMeter] = {}

    def sample(self, peer: "Peer", now: float) -> None:
        """Read the totals of a peer; due each second."""
        if peer.ingress.was_used:
            self._sample_received(peer, now)
        for use in USES:
            slots = [slot for slot in peer.slots_of(use) if slot.was_used]
            sent = peer.sent_of(use)
            if slots or sent.packets:
                flowing = [slot.jitter for slot in slots if slot.layer is not None]
                self._sent.setdefault(use, FlowMeter()).sample(sent, len(flowing), max(flowing, default=0.0), now)

    def _sample_received(self, peer: "Peer", now: float) -> None:
        for use in USES:
            tracks = [track for track in peer.ingress.tracks.values() if track.use == use]
            received = peer.ingress.received_of(use)
            if tracks or received.packets:
                self._received.setdefault(use, FlowMeter()).sample(
                    received,
                    sum(1 for track in tracks if track.has_started and not track.paused),
                    max((track.jitter for track in tracks), default=0.0),
                    now,
                )

    def take(self, rtt: float | None, delivery: Delivery | None = None) -> TransportFigures | None:
        """The figures since the last call; None when nothing flowed. `rtt` is in seconds."""
        received, sent = _taken(self._received.items()), _taken(self._sent.items())
        if not received and not sent and delivery is None:
            return None
        rounded = None if rtt is None else round(rtt, 4)
        return TransportFigures(received=received, sent=sent, rtt=rounded, delivery=delivery)


def _taken(meters: Iterable[tuple[SlotUse, FlowMeter]]) -> dict[SlotUse, Flow]:
    return {use: flow for use, meter in meters if (flow := meter.take()) is not None}
