"""The last packets of one incoming stream, from which every participant's NACK is answered."""

from sfu.codecs import vp8
from sfu.forwarding.media_packet import MediaPacket
from sfu.native.stream import CODECS, OPUS, VP8, Kept, NativeStream


class PacketRing:
    """Holds the packets of one layer by sequence number; a newer one overwrites the one `size` numbers before it.

    `native` keeps those that went by the compiled path, and others of the same kind, for NACKs to be answered there:
    each place is had by one or the other.
    """

    def __init__(self, size: int, native: NativeStream | None = None) -> None:
        """`size` is a power of two, so that the ring stays aligned when sequence numbers wrap at 65536."""
        if size <= 0 or size & (size - 1):
            raise ValueError(f"ring size {size} is not a power of two")
        self._mask = size - 1
        self._packets: list[MediaPacket | None] = [None] * size
        self._native = native
        self._forgotten = -1

    def put(self, packet: MediaPacket) -> None:
        number, native = packet.sequence_number, self._native
        if native is not None:
            kept = _as_kept(packet)
            if kept is not None and native.keep(number, kept):
                self._packets[number & self._mask] = None
                return
            native.forget(number)
        self._packets[number & self._mask] = packet

    def get(self, sequence_number: int) -> MediaPacket | None:
        """The packet with this 16-bit number, or None if it never came or was overwritten."""
        if self._native is not None and self._native.holds_place(sequence_number):
            kept = self._native.kept(sequence_number)
            return None if kept is None else _packet(sequence_number, kept)
        packet = self._packets[sequence_number & self._mask]
        if packet is None or packet.sequence_number != sequence_number:
            return None
        return packet

    def forget(self, upto: int) -> None:
        """Let go of the packets up to this extended sequence number."""
        first = max(self._forgotten + 1, upto - self._mask)
        for sequence in range(first, upto + 1):
            packet = self._packets[sequence & self._mask]
            if packet is not None and packet.sequence_number == sequence & 0xFFFF:
                self._packets[sequence & self._mask] = None
        if self._native is not None and first <= upto:
            self._native.let_go(first & 0xFFFF, upto + 1 - first)
        self._forgotten = max(self._forgotten, upto)


def _as_kept(packet: MediaPacket) -> Kept | None:
    """The packet as one that might have gone by; None for one that could not."""
    codec, level = CODECS.get(packet.format), packet.audio_level
    if codec == VP8:
        places = packet.picture_id_offset, packet.tl0_offset
        is_usual = places == (vp8.NORMAL_PICTURE_ID_OFFSET, vp8.NORMAL_TL0_OFFSET) and level is None
        numbers = packet.picture_id, packet.tl0
    else:
        is_usual = codec == OPUS and (level is None or len(level) == 1)
        numbers = 0, 0
    if codec is None or not is_usual:
        return None
    return Kept(codec, packet.timestamp, packet.marker, packet.payload, *numbers, level)


def _packet(sequence_number: int, kept: Kept) -> MediaPacket:
    if kept.codec == VP8:
        return MediaPacket(
            "VP8",
            sequence_number,
            kept.timestamp,
            kept.marker,
            kept.payload,
            kept.picture_id,
            vp8.NORMAL_PICTURE_ID_OFFSET,
            kept.tl0,
            vp8.NORMAL_TL0_OFFSET,
        )
    return MediaPacket("opus", sequence_number, kept.timestamp, kept.marker, kept.payload, audio_level=kept.level)
