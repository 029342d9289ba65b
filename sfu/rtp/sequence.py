"""Numbers that wrap: RTP sequence numbers, timestamps and picture ids."""


def seq_delta(a: int, b: int) -> int:
    """How far the 16-bit number `a` is ahead of `b`: -32768 to 32767, negative when `a` is older."""
    return ((a - b + 0x8000) & 0xFFFF) - 0x8000


class Unwrapper:
    """Extends a wrapping counter of `bits` bits: each value is taken as the nearest to the value before.

    The first value stands for itself, so values older than that one can come out negative.
    """

    __slots__ = ("_half", "_last", "_mask")

    def __init__(self, bits: int = 16) -> None:
        self._half = 1 << (bits - 1)
        self._mask = (1 << bits) - 1
        self._last: int | None = None

    def jump(self, value: int) -> None:
        """Take this extended value as the one before."""
        self._last = value

    def unwrap(self, value: int) -> int:
        """The extended value; `value` modulo 2^bits is what it was."""
        last = self._last
        if last is not None:
            value = last + ((value - last + self._half) & self._mask) - self._half
        self._last = value
        return value
