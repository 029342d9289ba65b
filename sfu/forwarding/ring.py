"""The last packets of one incoming stream, from which every participant's NACK is answered."""

from sfu.codecs import vp8
from sfu.forwarding.media_packet import MediaPacket
from sfu.native.stream import VP8, Kept, NativeStream


class PacketRing:
    """Holds the packets of one layer by sequence number; a newer one overwrites the one `size` numbers before it.

    `native` keeps packets of the same ring that went by the compiled path: each place is had by one or the other.
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
        self._packets[packet.sequence_number & self._mask] = packet
        if self._native is not None:
            self._native.forget(packet.sequence_number)

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
