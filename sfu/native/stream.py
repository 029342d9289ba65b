"""One layer, and all that a transport publishes, as the compiled packet path sees them: see `ingress.c`."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Self

from sfu.native import ffi, is_built, lib

CLOSED, VP8, OPUS = range(3)
CODECS = {"VP8": VP8, "opus": OPUS}
"""Codecs by name, of which packets can go by without a look."""


MARKER = 0x80

_room: Any = ffi.new("char[]", 1200) if is_built() else None
_told: Any = ffi.new("struct kept *") if is_built() else None


class Passed(NamedTuple):
    """Packets that went by in order, none missing: how many, their bytes as they came and of their payloads, and the
    numbers of the last. `arrived` is in seconds, `jitter` in units of the RTP clock."""

    packets: int
    packet_octets: int
    payload_octets: int
    timestamp: int
    picture_id: int
    tl0: int
    arrived: float
    jitter: float


class Kept(NamedTuple):
    """A packet as it is kept for retransmission; `level` is what it told of its loudness. A VP8 payload has the
    descriptor of `sfu.codecs.vp8.normalise`."""

    codec: int
    timestamp: int
    marker: bool
    payload: bytes
    picture_id: int
    tl0: int
    level: bytes | None


class NativeStream:
    """While it is open, packets go by that follow each other; `NativeSource` says to whom they belong."""

    __slots__ = ("_kept", "_mask", "_outlets", "codec", "pointer")

    def __init__(self, ssrc: int, clock_rate: int, kept: int) -> None:
        """`kept` is how many packets are kept for retransmission, a power of two."""
        pointer = lib.stream_new(kept)
        if pointer == ffi.NULL:
            raise MemoryError("no memory for a stream")
        self.pointer: Any = ffi.gc(pointer, lib.stream_free)
        self.pointer.ssrc, self.pointer.clock_rate = ssrc, clock_rate
        self.codec = CLOSED
        self._kept = pointer.kept
        self._mask = kept - 1
        self._outlets: Any = None

    @classmethod
    def make(cls, ssrc: int, clock_rate: int, kept: int) -> Self | None:
        """None where nothing was compiled."""
        return cls(ssrc, clock_rate, kept) if is_built() else None

    def set_up(self, codec: str, payload_type: int, level_id: int, outlets: Sequence[Any]) -> None:
        """Say what packets look like, and to whom they go: pointers of outlets, which stay until this is called again.

        `level_id` is that of the header extension that tells the loudness, 0 for none.
        """
        self.codec = CODECS[codec]
        self._outlets = ffi.new("struct outlet *[]", list(outlets))
        pointer = self.pointer
        pointer.payload_type, pointer.level_id = payload_type, level_id
        pointer.outlets, pointer.outlet_count = self._outlets, len(outlets)

    def open(self, following: int, timestamp: int, arrived: float, jitter: float) -> None:
        """Let packets go by that follow the extended number `following`, the one before them having come with these
        numbers."""
        pointer = self.pointer
        pointer.next = (following + 1) & 0xFFFFFFFF
        pointer.timestamp, pointer.arrived, pointer.jitter = timestamp, arrived, jitter
        pointer.codec = self.codec

    def close(self) -> None:
        """Let nothing go by until it is opened again."""
        self.pointer.codec = CLOSED

    def tear_down(self) -> None:
        """Close it, and forget what packets look like."""
        self.close()
        self.codec = CLOSED

    def take(self) -> Passed | None:
        """What went by since the last call; None for nothing."""
        pointer = self.pointer
        packets = pointer.passed
        if not packets:
            return None
        passed = Passed(
            packets,
            pointer.packet_octets,
            pointer.payload_octets,
            pointer.timestamp,
            pointer.picture,
            pointer.tl0,
            pointer.arrived,
            pointer.jitter,
        )
        pointer.passed = pointer.packet_octets = pointer.payload_octets = 0
        return passed

    def keep(self, sequence_number: int, packet: Kept) -> bool:
        """Keep a packet that did not go by in its place of the ring. False if that cannot be."""
        codec, timestamp, marker, payload, picture_id, tl0, level = packet
        _told[0] = {
            "codec": codec,
            "sequence": sequence_number,
            "timestamp": timestamp,
            "marker": MARKER if marker else 0,
            "size": min(len(payload), 0xFFFF),
            "picture": picture_id,
            "tl0": tl0,
            "has_level": level is not None,
            "level": 0 if level is None else level[0],
        }
        return bool(lib.stream_keep(self.pointer, _told, payload))

    def holds_place(self, sequence_number: int) -> bool:
        """Whether a packet that is kept here has the place of this 16-bit number in the ring: the last one, that is."""
        return bool(self._kept[sequence_number & self._mask].codec)

    def let_go(self, first: int, packets: int) -> None:
        """Keep so many packets from this 16-bit number on no longer."""
        lib.stream_forget(self.pointer, first, packets)

    def forget(self, sequence_number: int) -> None:
        """The packet with this number has its place now, and is kept elsewhere."""
        kept = self._kept[sequence_number & self._mask]
        kept.codec, kept.sequence, kept.elsewhere = CLOSED, sequence_number, True

    def kept(self, sequence_number: int) -> Kept | None:
        """The packet with this 16-bit number, or None if it is not kept here or was overwritten."""
        kept = self._kept[sequence_number & self._mask]
        if kept.codec == CLOSED or kept.sequence != sequence_number:
            return None
        payload: bytes = ffi.buffer(kept.data, kept.size)[:]
        level = bytes((kept.level,)) if kept.has_level else None
        return Kept(kept.codec, kept.timestamp, kept.marker != 0, payload, kept.picture, kept.tl0, level)


class NativeSource:
    """All streams of one transport, and what their packets told that is not of one stream."""

    __slots__ = ("_streams", "pointer")

    def __init__(self) -> None:
        self.pointer: Any = ffi.new("struct source *")
        self._streams: list[NativeStream] = []

    @classmethod
    def make(cls) -> Self | None:
        """None where nothing was compiled."""
        return cls() if is_built() else None

    def __contains__(self, stream: NativeStream) -> bool:
        return any(known is stream for known in self._streams)

    def put(self, streams: Iterable[NativeStream]) -> None:
        """Make these the streams, at most 64."""
        self._streams = list(streams)
        for index, stream in enumerate(self._streams):
            self.pointer.streams[index] = stream.pointer
        self.pointer.stream_count = len(self._streams)

    def arrivals(self) -> Iterator[tuple[int, float]]:
        """Transport-wide numbers that came since the last call, and when (seconds)."""
        count = self.pointer.arrival_count
        self.pointer.arrival_count = 0
        for arrival in self.pointer.arrivals[0:count]:
            yield arrival.number, arrival.at

    @property
    def last_arrival(self) -> float:
        """Of those that `arrivals` would tell: when the last came, in seconds; 0 for none."""
        count = self.pointer.arrival_count
        return self.pointer.arrivals[count - 1].at if count else 0.0

    def feedback(self, sender_ssrc: int, media_ssrc: int, first: int, feedback_count: int) -> tuple[bytes, int] | None:
        """Transport-wide feedback on what `arrivals` would tell, which is told by it, and on how many packets it is.

        None for none, or if those are not the packets from number `first` on, with none missing.
        """
        packets = self.pointer.arrival_count
        size = lib.source_feedback(
            self.pointer, sender_ssrc, media_ssrc, first & 0xFFFF, feedback_count, _room, len(_room)
        )
        return (ffi.buffer(_room, size)[:], packets) if size else None

    def levels(self) -> Iterator[tuple[int, float]]:
        """What the header extensions told of loudness since the last call, and when (seconds)."""
        count = self.pointer.level_count
        self.pointer.level_count = 0
        for level in self.pointer.levels[0:count]:
            yield level.value, level.at
