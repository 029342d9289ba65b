"""The RTP packet: RFC 3550 section 5.1 and the header extensions of RFC 8285.

This runs once for every incoming packet, so the packet is a named tuple (a frozen dataclass takes four times as long
to make) and the payload is cut out only when asked for.
"""

from struct import Struct
from typing import NamedTuple

from sfu.rtp.errors import RtpError

__all__ = ["RtpError", "RtpPacket", "parse_rtp"]

HEADER_SIZE = 12
ONE_BYTE_PROFILE = 0xBEDE
TWO_BYTE_PROFILE = 0x1000
_TWO_BYTE_MASK = 0xFFF0  # the lowest four bits are "appbits", which receivers ignore (RFC 8285 section 4.3)
_RESERVED_ID = 15  # ends the parsing of a one-byte block (RFC 8285 section 4.2)

_FIXED_HEADER = Struct("!BBHII").unpack_from
_EXTENSION_HEADER = Struct("!HH").unpack_from
_CSRCS = tuple(Struct(f"!{count}I").unpack_from for count in range(16))

_new = tuple.__new__

Extensions = tuple[tuple[int, bytes], ...]


class RtpPacket(NamedTuple):
    """One RTP packet. `data` is the whole datagram; `payload_offset` and `padding_size` are in bytes."""

    payload_type: int
    marker: bool
    sequence_number: int
    timestamp: int
    ssrc: int
    csrcs: tuple[int, ...]
    extensions: Extensions
    payload_offset: int
    padding_size: int
    data: bytes

    @property
    def payload(self) -> bytes:
        """The payload without padding; empty in a packet that is nothing but padding."""
        return self.data[self.payload_offset : len(self.data) - self.padding_size]

    def extension(self, extension_id: int) -> bytes | None:
        """The value of the first header extension with this id, None when the packet has none."""
        for found, value in self.extensions:
            if found == extension_id:
                return value
        return None


def parse_rtp(data: bytes) -> RtpPacket:
    """Parses one decrypted RTP datagram. Raises `RtpError`."""
    size = len(data)
    if size < HEADER_SIZE:
        raise RtpError(f"{size} bytes are too few for an RTP header")
    first, second, sequence_number, timestamp, ssrc = _FIXED_HEADER(data)
    if first >> 6 != 2:
        raise RtpError(f"RTP version {first >> 6}")
    offset = HEADER_SIZE
    csrcs: tuple[int, ...] = ()
    extensions: Extensions = ()
    padding = 0
    count = first & 0x0F
    if count:
        offset += 4 * count
        if offset > size:
            raise RtpError("the list of contributing sources is cut off")
        csrcs = _CSRCS[count](data, HEADER_SIZE)
    if first & 0x10:
        if offset + 4 > size:
            raise RtpError("the extension header is cut off")
        profile, words = _EXTENSION_HEADER(data, offset)
        start = offset + 4
        offset = start + 4 * words
        if offset > size:
            raise RtpError("the extension block is cut off")
        if profile == ONE_BYTE_PROFILE:
            extensions = _one_byte_elements(data, start, offset)
        elif profile & _TWO_BYTE_MASK == TWO_BYTE_PROFILE:
            extensions = _two_byte_elements(data, start, offset)
    if first & 0x20:
        padding = data[-1]
        if padding == 0 or offset + padding > size:
            raise RtpError(f"padding of {padding} bytes in {size - offset} bytes of payload")
    # RtpPacket(...) does the same, through one more call.
    return _new(
        RtpPacket,
        (second & 0x7F, second > 0x7F, sequence_number, timestamp, ssrc, csrcs, extensions, offset, padding, data),
    )


def _one_byte_elements(data: bytes, position: int, end: int) -> Extensions:
    """RFC 8285 section 4.2. An element with id 15, or id 0 with a length, ends the block."""
    elements = []
    while position < end:
        head = data[position]
        position += 1
        if head:
            extension_id = head >> 4
            if extension_id in (0, _RESERVED_ID):
                break
            after = position + (head & 0x0F) + 1
            if after > end:
                raise RtpError(f"header extension {extension_id} is longer than its block")
            elements.append((extension_id, data[position:after]))
            position = after
    return tuple(elements)


def _two_byte_elements(data: bytes, position: int, end: int) -> Extensions:
    """RFC 8285 section 4.3."""
    elements = []
    while position < end:
        extension_id = data[position]
        position += 1
        if extension_id:
            if position == end:
                raise RtpError(f"header extension {extension_id} has no length")
            after = position + 1 + data[position]
            if after > end:
                raise RtpError(f"header extension {extension_id} is longer than its block")
            elements.append((extension_id, data[position + 1 : after]))
            position = after
    return tuple(elements)
