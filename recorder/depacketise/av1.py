"""AV1: the RTP payload format for AV1, version 1.0, of the Alliance for Open Media."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from recorder.depacketise.av1_sequence import av1_configuration, read_sequence_header
from recorder.depacketise.frame import DepacketiseError, Frame
from sfu.codecs import CodecError
from sfu.codecs.av1 import read_leb128

_CONTINUES = 0x80  # Z
_CONTINUED = 0x40  # Y
_HAS_EXTENSION = 0x04
_HAS_SIZE = 0x02
_SEQUENCE_HEADER = 1
_FRAME_HEADERS = (3, 6)
_LEFT_OUT = frozenset((2, 8, 15))
"""Temporal delimiters, tile lists and padding (Matroska's AV1 mapping leaves out the first, RTP the others)."""
_MAX_SEQUENCE_HEADER = 256


class _Obu(NamedTuple):
    """`head` is the one or two bytes before the size field."""

    kind: int
    head: bytes
    body: bytes

    def with_size(self) -> bytes:
        return bytes((self.head[0] | _HAS_SIZE,)) + self.head[1:] + _leb128(len(self.body)) + self.body


def join_av1(payloads: Sequence[bytes]) -> Frame:
    """The temporal unit, each OBU with a size field, without temporal delimiter. Raises DepacketiseError."""
    try:
        obus = [_parse_obu(element) for element in _elements(payloads)]
        obus = [obu for obu in obus if obu.kind not in _LEFT_OUT]
        data = b"".join(obu.with_size() for obu in obus)
        sequence = next((obu for obu in obus if obu.kind == _SEQUENCE_HEADER), None)
        frame = next((obu for obu in obus if obu.kind in _FRAME_HEADERS), None)
        if not obus:
            raise DepacketiseError("an AV1 temporal unit without OBUs")
        if sequence is None or frame is None or not _is_key(frame):
            return Frame(data, keyframe=False)
        if len(sequence.body) > _MAX_SEQUENCE_HEADER:
            raise DepacketiseError("an AV1 sequence header of a size that no encoder makes")
        header = read_sequence_header(sequence.body)
    except CodecError as error:
        raise DepacketiseError(str(error)) from error
    return Frame(data, True, header.width, header.height, av1_configuration(header, sequence.with_size()))


def _elements(payloads: Sequence[bytes]) -> Iterator[bytes]:
    """The OBU elements, fragments put together (section 4.3)."""
    fragments: list[bytes] = []
    for payload in payloads:
        head = payload[0]
        if bool(head & _CONTINUES) != bool(fragments):
            raise DepacketiseError("an AV1 OBU of which a fragment is missing")
        parts = list(_split(payload))
        if not parts:
            raise DepacketiseError("an AV1 payload without OBU")
        for index, part in enumerate(parts):
            fragments.append(part)
            if index < len(parts) - 1 or not head & _CONTINUED:
                yield b"".join(fragments)
                fragments = []
    if fragments:
        raise DepacketiseError("an AV1 OBU whose last fragment is missing")


def _split(payload: bytes) -> Iterator[bytes]:
    """The OBU elements of one packet: W of them, the last without a length; each has one where W is 0."""
    count = payload[0] >> 4 & 3
    position = 1
    index = 0
    while position < len(payload) or index < count:
        index += 1
        if index == count:
            size = len(payload) - position
        else:
            size, position = read_leb128(payload, position)
        end = position + size
        if end > len(payload) or size == 0:
            raise DepacketiseError("an AV1 OBU element is empty or longer than its packet")
        yield payload[position:end]
        position = end
        if index == count:
            return


def _parse_obu(element: bytes) -> _Obu:
    """Section 5.3 of the AV1 specification. Senders should leave the size out, but may not."""
    first = element[0]
    start = 2 if first & _HAS_EXTENSION else 1
    if first & 0x80 or len(element) < start:
        raise DepacketiseError("an AV1 OBU with a bad header")
    head, body = element[:start], element[start:]
    if first & _HAS_SIZE:
        size, position = read_leb128(body, 0)
        if size > len(body) - position:
            raise DepacketiseError("an AV1 OBU is cut off")
        body = body[position : position + size]
    return _Obu(first >> 3 & 15, head, body)


def _is_key(frame: _Obu) -> bool:
    """Whether show_existing_frame is 0 and frame_type KEY_FRAME (section 5.9.2 of the AV1 specification)."""
    return bool(frame.body) and frame.body[0] & 0xE0 == 0


def _leb128(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)
