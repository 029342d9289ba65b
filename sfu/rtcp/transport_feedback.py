"""Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from struct import Struct, error
from typing import Self

from sfu.rtcp.errors import RtcpError
from sfu.rtcp.feedback import TRANSPORT_FEEDBACK
from sfu.rtcp.framing import frame

TRANSPORT_WIDE = 15  # feedback message type
TICKS_PER_SECOND = 4000  # deltas count in 250 us
TICKS_PER_REFERENCE = 256  # reference times count in 64 ms
REFERENCE_BITS = 24
MIN_DELTA, MAX_DELTA = -0x8000, 0x7FFF

_HEADER = Struct("!IIHHI")
_MISSING, _SMALL, _LARGE, _RESERVED = 0, 1, 2, 3
_VECTOR = 0x8000  # the chunk's first bit: status vector, else run length
_TWO_BIT_VECTOR = 0x4000
_MAX_RUN = 0x1FFF
_ONE_BIT_SYMBOLS = 14
# More than any sender sends between two feedbacks: a run costs two bytes, but time for each packet that it stands for.
_MAX_STATUSES = 2000
_TWO_BIT_SYMBOLS = 7


@dataclass(frozen=True, slots=True)
class TransportFeedback:
    """Which packets came, and when.

    `reference_time` counts 64 ms on the receiver's clock, signed, wrapping at 24 bits; `feedback_count` wraps at 8.
    `deltas` has an entry for every packet from `base_sequence` on: None if it did not come, else the ticks of 250 us
    (-32768 to 32767) after the packet before it that came, or after the reference time for the first.
    """

    sender_ssrc: int
    media_ssrc: int
    base_sequence: int
    reference_time: int
    feedback_count: int
    deltas: tuple[int | None, ...]

    def arrivals(self) -> Iterator[tuple[int, int | None]]:
        """Pairs of 16-bit sequence number and arrival in ticks of 250 us (None: did not come)."""
        time = self.reference_time * TICKS_PER_REFERENCE
        for index, delta in enumerate(self.deltas):
            sequence = (self.base_sequence + index) & 0xFFFF
            if delta is None:
                yield sequence, None
            else:
                time += delta
                yield sequence, time

    def to_bytes(self) -> bytes:
        """Raises `RtcpError` for a delta out of range."""
        symbols = [_symbol(delta) for delta in self.deltas]
        reference = self.reference_time & 0xFFFFFF
        body = bytearray(
            _HEADER.pack(
                self.sender_ssrc,
                self.media_ssrc,
                self.base_sequence,
                len(symbols),
                reference << 8 | self.feedback_count,
            )
        )
        for chunk in _write_chunks(symbols):
            body += chunk.to_bytes(2, "big")
        for delta, symbol in zip(self.deltas, symbols, strict=True):
            if delta is not None:
                body += delta.to_bytes(symbol, "big", signed=symbol == _LARGE)
        return frame(TRANSPORT_WIDE, TRANSPORT_FEEDBACK, bytes(body) + bytes(-len(body) % 4))

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """`body` is the packet after its common header. Raises `RtcpError`."""
        try:
            sender, media, base, count, reference = _HEADER.unpack_from(body)
        except error:
            raise RtcpError("a transport-wide feedback is cut off") from None
        if count > _MAX_STATUSES:
            raise RtcpError(f"a transport-wide feedback on {count} packets")
        symbols, position = _read_chunks(body, _HEADER.size, count)
        deltas = _read_deltas(body, position, symbols)
        time = ((reference >> 8) ^ 0x800000) - 0x800000
        return cls(sender, media, base, time, reference & 0xFF, deltas)


def _symbol(delta: int | None) -> int:
    """The packet status, which is also the size of its delta in bytes."""
    if delta is None:
        return _MISSING
    if 0 <= delta <= 0xFF:
        return _SMALL
    if MIN_DELTA <= delta <= MAX_DELTA:
        return _LARGE
    raise RtcpError(f"an arrival {delta} ticks after another does not fit into one feedback")


def _write_chunks(symbols: Sequence[int]) -> Iterator[int]:
    """Packs statuses greedily: a run where it holds more than a vector would, else the vector that fits."""
    position = 0
    while position < len(symbols):
        symbol = symbols[position]
        run = 1
        while run < _MAX_RUN and position + run < len(symbols) and symbols[position + run] == symbol:
            run += 1
        window = symbols[position : position + _ONE_BIT_SYMBOLS]
        one_bit = _LARGE not in window
        size = _ONE_BIT_SYMBOLS if one_bit else _TWO_BIT_SYMBOLS
        if run >= size or run == len(symbols) - position:
            yield symbol << 13 | run
            position += run
            continue
        width = 1 if one_bit else 2
        chunk = 0
        for index in range(size):
            # What is past the last packet is padding: the packet status count says so.
            value = symbols[position + index] if position + index < len(symbols) else _MISSING
            chunk = chunk << width | value
        yield chunk | (_VECTOR if one_bit else _VECTOR | _TWO_BIT_VECTOR)
        position += size


def _read_chunks(body: bytes, position: int, count: int) -> tuple[list[int], int]:
    """The statuses of `count` packets, and where the deltas start."""
    symbols: list[int] = []
    while len(symbols) < count:
        if position + 2 > len(body):
            raise RtcpError("the packet status chunks are cut off")
        chunk = body[position] << 8 | body[position + 1]
        position += 2
        if not chunk & _VECTOR:
            symbols.extend([chunk >> 13] * min(chunk & _MAX_RUN, count - len(symbols)))
        elif chunk & _TWO_BIT_VECTOR:
            symbols.extend(chunk >> shift & 3 for shift in range(12, -1, -2))
        else:
            symbols.extend(chunk >> shift & 1 for shift in range(13, -1, -1))
    del symbols[count:]
    return symbols, position


def _read_deltas(body: bytes, position: int, symbols: Sequence[int]) -> tuple[int | None, ...]:
    deltas: list[int | None] = []
    for symbol in symbols:
        if symbol == _MISSING:
            deltas.append(None)
            continue
        if symbol == _RESERVED:
            raise RtcpError("a reserved packet status")
        if position + symbol > len(body):
            raise RtcpError("the arrival times are cut off")
        deltas.append(int.from_bytes(body[position : position + symbol], "big", signed=symbol == _LARGE))
        position += symbol
    return tuple(deltas)
