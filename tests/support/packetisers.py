"""RTP packetisers, the opposite of `recorder.depacketise`: frames as encoders give them, to payloads."""

from collections.abc import Iterator

DEFAULT_SIZE = 1100
"""Bytes of a payload at most."""

_H264_PARAMETERS = (7, 8)
_AV1_DELIMITER = 2
_AV1_SEQUENCE_HEADER = 1


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def packetise_vp8(frame: bytes, number: int, size: int = DEFAULT_SIZE) -> list[bytes]:
    """RFC 7741, with 15-bit picture ids as browsers send them."""
    descriptor = b"\x80" + (number & 0x7FFF | 0x8000).to_bytes(2, "big")
    return [
        bytes((0x90 if index == 0 else 0x80,)) + descriptor + piece for index, piece in enumerate(pieces(frame, size))
    ]


def packetise_vp9(
    layers: list[bytes], number: int, keyframe: bool, sizes: list[tuple[int, int]], size: int = DEFAULT_SIZE
) -> list[bytes]:
    """RFC 9628 in flexible mode without references: spatial layers, with a scalability structure at keyframes."""
    payloads = []
    for spatial_id, layer in enumerate(layers):
        parts = pieces(layer, size)
        for index, part in enumerate(parts):
            structure = keyframe and spatial_id == 0 and index == 0
            first = 0x80 | 0x20 | 0x10 | (0 if keyframe else 0x40) | (0x02 if structure else 0)
            first |= (0x08 if index == 0 else 0) | (0x04 if index == len(parts) - 1 else 0)
            head = bytes((first,)) + (number & 0x7FFF | 0x8000).to_bytes(2, "big")
            head += bytes((spatial_id << 1 | (1 if spatial_id else 0),))
            if not keyframe:
                head += b"\x02"
            if structure:
                head += bytes(((len(sizes) - 1) << 5 | 0x10,))
                head += b"".join(width.to_bytes(2, "big") + height.to_bytes(2, "big") for width, height in sizes)
            payloads.append(head + part)
    return payloads


def packetise_h264(access_unit: bytes, size: int = DEFAULT_SIZE) -> list[bytes]:
    """RFC 6184: parameter sets in a STAP-A, large units in FU-As. `access_unit` is in Annex B format."""
    payloads: list[bytes] = []
    sets = [unit for unit in annex_b_units(access_unit) if unit[0] & 31 in _H264_PARAMETERS]
    if sets:
        payloads.append(b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in sets))
    for unit in annex_b_units(access_unit):
        if unit[0] & 31 in _H264_PARAMETERS:
            continue
        if len(unit) <= size:
            payloads.append(unit)
            continue
        parts = pieces(unit[1:], size)
        for index, part in enumerate(parts):
            flags = (0x80 if index == 0 else 0) | (0x40 if index == len(parts) - 1 else 0)
            payloads.append(bytes((unit[0] & 0xE0 | 28, flags | unit[0] & 31)) + part)
    return payloads


def annex_b_units(data: bytes) -> list[bytes]:
    units = data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")
    return [unit for unit in units if unit]


def packetise_av1(temporal_unit: bytes, size: int = DEFAULT_SIZE) -> list[bytes]:
    """AV1 RTP format: OBUs without size fields and delimiters; each packet holds one element, W is 1."""
    payloads: list[bytes] = []
    for obu in av1_obus(temporal_unit):
        parts = pieces(obu, size)
        for index, part in enumerate(parts):
            head = 0x10 | (0x80 if index else 0) | (0x40 if index < len(parts) - 1 else 0)
            if not payloads and obu[0] >> 3 & 15 == _AV1_SEQUENCE_HEADER:
                head |= 0x08
            payloads.append(bytes((head,)) + part)
    return payloads


def av1_obus(data: bytes) -> Iterator[bytes]:
    """OBUs of a low-overhead stream without their size fields, without temporal delimiters."""
    position = 0
    while position < len(data):
        head = data[position]
        start = position + (2 if head & 4 else 1)
        length = shift = 0
        after = start
        while True:
            byte = data[after]
            length |= (byte & 0x7F) << shift
            shift += 7
            after += 1
            if byte < 0x80:
                break
        if head >> 3 & 15 != _AV1_DELIMITER:
            yield bytes((head & ~2,)) + data[position + 1 : start] + data[after : after + length]
        position = after + length
