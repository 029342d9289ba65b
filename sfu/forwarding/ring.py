"""The last packets of one incoming stream, from which every participant's NACK is answered."""

from sfu.forwarding.media_packet import MediaPacket


class PacketRing:
    """Holds the packets of one layer by sequence number; a newer one overwrites the one `size` numbers before it."""

    def __init__(self, size: int) -> None:
        """`size` is a power of two, so that the ring stays aligned when sequence numbers wrap at 65536."""
        if size <= 0 or size & (size - 1):
            raise ValueError(f"ring size {size} is not a power of two")
        self._mask = size - 1
        self._packets: list[MediaPacket | None] = [None] * size
        self._forgotten = -1

    def put(self, packet: MediaPacket) -> None:
        self._packets[packet.sequence_number & self._mask] = packet

    def get(self, sequence_number: int) -> MediaPacket | None:
        """The packet with this 16-bit number, or None if it never came or was overwritten."""
        packet = self._packets[sequence_number & self._mask]
        if packet is None or packet.sequence_number != sequence_number:
            return None
        return packet

    def forget(self, upto: int) -> None:
        """Let go of the packets up to this extended sequence number."""
        for sequence in range(max(self._forgotten + 1, upto - self._mask), upto + 1):
            if self.get(sequence & 0xFFFF) is not None:
                self._packets[sequence & self._mask] = None
        self._forgotten = max(self._forgotten, upto)
