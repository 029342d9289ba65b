"""RTP padding that makes packets of almost one size equal, so that the kernel takes them in one message.

Browsers split a frame into packets that differ by a few bytes (their own header extensions are gone here), the larger
ones last. Segmentation offload wants equal sizes, of which only the last may be shorter: without padding each step up
in size begins another message, which costs more than anything else on a packet's way.
"""

from collections.abc import Sequence

from sfu.forwarding.wire_format import Canonical

MAX_PADDING = 32
"""Bytes: three in a hundred of a full packet at the very worst; between packets of a frame it is mostly one byte."""
MIN_SIZE = 500
"""Bytes: audio is sent one by one, and small packets would grow too much."""
PADDING_BIT = 0x20


def level(packets: Sequence[Canonical]) -> list[Canonical]:
    """The packets, padded where that lets more of them go in one message."""
    leveled: list[Canonical] = []
    start = 0
    while start < len(packets):
        smallest = largest = len(packets[start].data)
        end = start + 1
        while end < len(packets):
            size = len(packets[end].data)
            if max(largest, size) - min(smallest, size) > MAX_PADDING or min(smallest, size) < MIN_SIZE:
                break
            smallest, largest = min(smallest, size), max(largest, size)
            end += 1
        # The last may stay shorter: it closes the message.
        leveled.extend(_padded(packet, largest) for packet in packets[start : end - 1])
        leveled.append(packets[end - 1])
        start = end
    return leveled


def _padded(packet: Canonical, size: int) -> Canonical:
    """The packet with padding up to `size` (RFC 3550 section 5.1)."""
    data = packet.data
    missing = size - len(data)
    if not missing:
        return packet
    return packet._replace(data=bytes([data[0] | PADDING_BIT]) + data[1:] + bytes(missing - 1) + bytes([missing]))
