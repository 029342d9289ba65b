"""Feedback messages: NACK and PLI (RFC 4585), FIR (RFC 5104), REMB (draft-alvestrand-rmcat-remb-03)."""

from collections.abc import Iterable
from dataclasses import dataclass
from struct import Struct
from typing import Self

from sfu.rtcp.errors import RtcpError
from sfu.rtcp.framing import frame

TRANSPORT_FEEDBACK = 205
PAYLOAD_FEEDBACK = 206
NACK = 1
PLI = 1
FIR = 4
APPLICATION_LAYER = 15

_SSRC = Struct("!I")
_SSRC_PAIR = Struct("!II")
_NACK_ITEM = Struct("!HH")
_FIR_ITEM = Struct("!IB3x")
_REMB_NAME = b"REMB"
_REMB_MANTISSA_BITS = 18


@dataclass(frozen=True, slots=True)
class Nack:
    """The generic NACK: `sequence_numbers` (16 bits) of `media_ssrc` are missing (RFC 4585 section 6.2.1)."""

    sender_ssrc: int
    media_ssrc: int
    sequence_numbers: tuple[int, ...]

    def to_bytes(self) -> bytes:
        items = b"".join(_NACK_ITEM.pack(first, mask) for first, mask in _pack_nacks(self.sequence_numbers))
        return frame(NACK, TRANSPORT_FEEDBACK, _SSRC_PAIR.pack(self.sender_ssrc, self.media_ssrc) + items)

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """`body` is the packet after its common header. Raises `RtcpError`."""
        sender, media = read_ssrc_pair(body)
        numbers = []
        for first, mask in _NACK_ITEM.iter_unpack(body[_SSRC_PAIR.size :]):
            numbers.append(first)
            if mask:
                # Bit i stands for the number i + 1 further on, which may lie behind the wrap at 65535.
                numbers.extend((first + bit + 1) & 0xFFFF for bit in range(16) if mask >> bit & 1)
        return cls(sender, media, tuple(numbers))


@dataclass(frozen=True, slots=True)
class Pli:
    """Picture loss indication: `media_ssrc` shall send a keyframe (RFC 4585 section 6.3.1)."""

    sender_ssrc: int
    media_ssrc: int

    def to_bytes(self) -> bytes:
        return frame(PLI, PAYLOAD_FEEDBACK, _SSRC_PAIR.pack(self.sender_ssrc, self.media_ssrc))

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """`body` is the packet after its common header. Raises `RtcpError`."""
        return cls(*read_ssrc_pair(body))


@dataclass(frozen=True, slots=True)
class Fir:
    """Full intra request: `entries` are pairs of media SSRC and command number, 0 to 255 (RFC 5104 section 4.3.1)."""

    sender_ssrc: int
    entries: tuple[tuple[int, int], ...]

    def to_bytes(self) -> bytes:
        items = b"".join(_FIR_ITEM.pack(ssrc, number) for ssrc, number in self.entries)
        return frame(FIR, PAYLOAD_FEEDBACK, _SSRC_PAIR.pack(self.sender_ssrc, 0) + items)

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """`body` is the packet after its common header. Raises `RtcpError`."""
        sender, _ = read_ssrc_pair(body)
        items = body[_SSRC_PAIR.size :]
        if len(items) % _FIR_ITEM.size:
            raise RtcpError("a full intra request is cut off")
        return cls(sender, tuple((ssrc, number) for ssrc, number in _FIR_ITEM.iter_unpack(items)))


@dataclass(frozen=True, slots=True)
class Remb:
    """The receiver's estimate of the bandwidth, in bit/s, for all of `ssrcs` together.

    The wire holds 18 significant bits: what is below them is lost, and `bitrate` comes out a little smaller.
    """

    sender_ssrc: int
    bitrate: int
    ssrcs: tuple[int, ...] = ()

    def to_bytes(self) -> bytes:
        exponent = max(0, self.bitrate.bit_length() - _REMB_MANTISSA_BITS)
        rate = exponent << _REMB_MANTISSA_BITS | self.bitrate >> exponent
        body = _SSRC_PAIR.pack(self.sender_ssrc, 0) + _REMB_NAME + _SSRC.pack(len(self.ssrcs) << 24 | rate)
        return frame(APPLICATION_LAYER, PAYLOAD_FEEDBACK, body + b"".join(_SSRC.pack(ssrc) for ssrc in self.ssrcs))

    @classmethod
    def recognises(cls, body: bytes) -> bool:
        """Whether an application-layer feedback message is a REMB."""
        return body[8:12] == _REMB_NAME

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """`body` is the packet after its common header. Raises `RtcpError`."""
        sender, _ = read_ssrc_pair(body)
        if len(body) < 16 or len(body) < 16 + 4 * body[12]:
            raise RtcpError("a REMB is cut off")
        rate = int.from_bytes(body[13:16], "big")
        bitrate = (rate & 0x3FFFF) << (rate >> _REMB_MANTISSA_BITS)
        ssrcs = tuple(_SSRC.unpack_from(body, 16 + 4 * index)[0] for index in range(body[12]))
        return cls(sender, bitrate, ssrcs)


def read_ssrc_pair(body: bytes) -> tuple[int, int]:
    """Sender and media SSRC, with which every feedback message begins. Raises `RtcpError`."""
    if len(body) < _SSRC_PAIR.size:
        raise RtcpError("a feedback message is cut off")
    sender, media = _SSRC_PAIR.unpack_from(body)
    return sender, media


def _pack_nacks(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Pairs of first number and mask of those up to 16 further on. Numbers in rising order take the fewest pairs."""
    pairs: list[tuple[int, int]] = []
    for number in numbers:
        if pairs:
            first, mask = pairs[-1]
            distance = (number - first) & 0xFFFF
            if distance == 0:
                continue
            if distance <= 16:
                pairs[-1] = first, mask | 1 << (distance - 1)
                continue
        pairs.append((number, 0))
    return pairs
