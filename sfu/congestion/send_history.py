"""What was sent to one peer lately, by transport-wide sequence number: what its feedback will speak of."""

from array import array
from struct import calcsize

SIZE = 4096
"""Packets remembered, a power of two: four seconds of a full meeting. Two bytes and four are kept of each."""
MISSING = 0x8000
"""Set in `sizes` once feedback has said that the packet did not come: it may come yet."""
TIME_MASK = 0xFFFFFFFF

if calcsize("I") != 4 or calcsize("H") != 2:
    raise ImportError("the compiled packet path shares arrays of 32 and 16 bits with Python")


class SendHistory:
    """`next` has one item, the extended number that the next packet gets.

    `times` and `sizes` hold by number modulo SIZE when a packet was sent (microseconds, wrapping at 32 bits) and its
    size in bytes as it was sent, without UDP's header; 0 once it is known to have come. They are arrays because the
    compiled packet path writes to them.
    """

    __slots__ = ("next", "sizes", "times")

    def __init__(self) -> None:
        self.next = array("I", [0])
        self.times = array("I", bytes(4 * SIZE))
        self.sizes = array("H", bytes(2 * SIZE))

    def sent(self, size: int, microseconds: int) -> None:
        """Note that the packet with the next number was sent."""
        number = self.next[0]
        self.times[number & (SIZE - 1)] = microseconds & TIME_MASK
        self.sizes[number & (SIZE - 1)] = size
        self.next[0] = (number + 1) & 0xFFFFFFFF
