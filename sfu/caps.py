"""Caps of a published layer: how large its pictures may be, and how many bits of it are forwarded."""

from sfu.link_messages import Cap

MACROBLOCK = 16
"""Pixels: encoders may tell sizes rounded up to whole macroblocks."""
TOLERANCE = 1.25
"""Encoders overshoot, and headers count here: what is above the cap by less than this is not policed."""
MOMENT = 2.0
"""Seconds' worth of bits that may come at once: keyframes are large."""


def is_too_large(cap: Cap, width: int, height: int) -> bool:
    """Whether a picture exceeds the cap, whichever way it is turned."""
    if cap.long_side is None or cap.short_side is None:
        return False
    return max(width, height) > _rounded(cap.long_side) or min(width, height) > _rounded(cap.short_side)


class Policer:
    """Whether a layer's bitrate is above its cap for more than a moment.

    A leaky bucket that is looked at now and then: for a packet there is nothing to do but to add its size to `octets`.
    """

    __slots__ = ("_at", "_excess", "octets", "over")

    def __init__(self, now: float) -> None:
        self.octets = 0
        """Bytes that came since the last measurement."""
        self.over = False
        self._excess = 0.0
        self._at = now

    def measure(self, bitrate: int, now: float) -> bool:
        """Take in what came since the last time, and return whether it is too much for `bitrate` (bits per second).

        Once it was too much, half of what is in the bucket has to drain before it is not any more.
        """
        allowed = bitrate * TOLERANCE
        most = allowed * MOMENT
        self._excess = max(0.0, self._excess + self.octets * 8 - allowed * (now - self._at))
        self.octets, self._at = 0, now
        self.over = self._excess > (most / 2 if self.over else most)
        # However much came, good conduct is rewarded as soon.
        self._excess = min(self._excess, most)
        return self.over


def _rounded(side: int) -> int:
    return -(-side // MACROBLOCK) * MACROBLOCK
