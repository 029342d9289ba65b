"""Whether what a server forwarded is what was sent: payloads, and the numbers that it had to rewrite.

A receiver's stream may begin anywhere and change its source at any time. While it carries one source, each of its
numbers differs from the source's by an offset that does not change; when the source changes, numbers go on.
"""

from collections import Counter
from dataclasses import dataclass

from bench.client.traffic import DamagedError, Probe, read_probe, read_vp8
from sfu.rtp.packet import RtpPacket


@dataclass(slots=True)
class _Offsets:
    """What a stream's numbers are ahead of its source's, and the last of them."""

    publisher: int
    timestamp: int
    picture: int | None
    sequence: int


class Inspector:
    """Looks at decrypted samples of all streams. `faults` are what was wrong, by name, `sampled` how many it saw."""

    def __init__(self, *, switching: bool = False) -> None:
        """`switching`: sources come and go while a stream is sampled, so that it may have had another one between two
        samples of the same; then other offsets are no fault."""
        self._switching = switching
        self.sampled = 0
        self.faults: Counter[str] = Counter()
        self._streams: dict[int, _Offsets] = {}

    def inspect(self, stream: int, packet: RtpPacket, *, video: bool, ticks_per_frame: float) -> Probe | None:
        """Check one sample; its probe, None if it is damaged. `ticks_per_frame` is how far a frame's timestamp goes."""
        self.sampled += 1
        try:
            probe = read_probe(packet.payload)
            picture = read_vp8(packet.payload).picture_id if video else None
        except DamagedError:
            self.faults["payload"] += 1
            return None
        timestamp = (packet.timestamp - round(probe.frame * ticks_per_frame)) & 0xFFFFFFFF
        offset = None if picture is None else (picture - probe.frame) & 0x7FFF
        sequence = (packet.sequence_number - probe.frame * probe.packets - probe.index) & 0xFFFF
        known = self._streams.get(stream)
        self._streams[stream] = _Offsets(probe.publisher, timestamp, offset, sequence)
        if known is not None and known.publisher == probe.publisher and not self._switching:
            # Frames of a rate that does not divide the clock's are rounded.
            self.faults["timestamp"] += _distance(timestamp, known.timestamp) > 1
            self.faults["picture-id"] += offset != known.picture
            self.faults["sequence-number"] += sequence != known.sequence
        if video:
            self.faults["marker"] += packet.marker != (probe.index == probe.packets - 1)
        return probe

    @property
    def found(self) -> dict[str, int]:
        """The faults that there were."""
        return {name: number for name, number in self.faults.items() if number}


def _distance(one: int, other: int) -> int:
    ahead = (one - other) & 0xFFFFFFFF
    return min(ahead, (1 << 32) - ahead)
