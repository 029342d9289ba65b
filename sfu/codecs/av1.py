"""AV1: the aggregation header of the AV1 RTP payload format 1.0, and the size in a sequence header."""

from sfu.codecs.bits import BitReader
from sfu.codecs.info import CodecError, PayloadInfo

_CONTINUES = 0x80  # Z
_NEW_SEQUENCE = 0x08  # N
_SEQUENCE_HEADER = 1
_HAS_EXTENSION = 0x04
_HAS_SIZE = 0x02

_DELTA = PayloadInfo(descriptor_size=1)
_START = PayloadInfo(starts_frame=True, descriptor_size=1)


def describe(payload: bytes) -> PayloadInfo:
    """Raises `CodecError`.

    A keyframe starts where the N bit says that a coded video sequence does. `starts_frame` is true for every packet
    that does not begin with the rest of an OBU.
    """
    if len(payload) < 2:
        raise CodecError("an AV1 payload without OBU")
    head = payload[0]
    if not head & _NEW_SEQUENCE:
        return _DELTA if head & _CONTINUES else _START
    if head & _CONTINUES:
        raise CodecError("an AV1 packet that starts a sequence in the middle of an OBU")
    width, height = _sequence_size(payload, head >> 4 & 3)
    return PayloadInfo(True, True, width, height, descriptor_size=1)


def _sequence_size(payload: bytes, count: int) -> tuple[int, int]:
    """The size in the first sequence header of the packet, zeros without one.

    `count` is W: so many elements, the last without a length before it; 0 means that all have one.
    """
    position = 1
    index = 0
    while position < len(payload):
        index += 1
        if index == count:
            size = len(payload) - position
        else:
            size, position = read_leb128(payload, position)
        end = position + size
        if end > len(payload):
            raise CodecError("an AV1 OBU element is longer than its packet")
        if size and payload[position] >> 3 & 15 == _SEQUENCE_HEADER:
            return _sequence_header(payload[position:end])
        if index == count:
            break
        position = end
    return 0, 0


def read_leb128(payload: bytes, position: int) -> tuple[int, int]:
    """The value and the position after it (AV1 specification section 4.10.5)."""
    value = 0
    for index in range(8):
        if position >= len(payload):
            break
        byte = payload[position]
        position += 1
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, position
    raise CodecError("an AV1 length is cut off or too long")


def _sequence_header(obu: bytes) -> tuple[int, int]:
    """Maximum width and height of a sequence header OBU; zeros where it is cut off, as in a fragment."""
    start = 2 if obu[0] & _HAS_EXTENSION else 1
    try:
        if obu[0] & _HAS_SIZE:
            _, start = read_leb128(obu, start)
        return _read_size(BitReader(obu[start:]))
    except CodecError:
        return 0, 0


def _read_size(bits: BitReader) -> tuple[int, int]:
    """AV1 specification section 5.5.1, up to max_frame_height_minus_1."""
    bits.skip(4)  # seq_profile, still_picture
    if bits.flag():  # reduced_still_picture_header
        bits.skip(5)
    else:
        read_operating_points(bits)
    width_bits, height_bits = bits.read(4) + 1, bits.read(4) + 1
    return bits.read(width_bits) + 1, bits.read(height_bits) + 1


def read_operating_points(bits: BitReader) -> tuple[int, int]:
    """Level and tier of the first operating point, which is the whole stream (AV1 specification section 5.5.1, from
    timing_info_present_flag on). Leaves `bits` after the last one."""
    decoder_model = False
    delay_bits = 0
    if bits.flag():  # timing_info_present_flag
        bits.skip(64)
        if bits.flag():  # equal_picture_interval
            bits.exp_golomb()
        decoder_model = bits.flag()
        if decoder_model:
            delay_bits = bits.read(5) + 1
            bits.skip(32 + 5 + 5)
    initial_display_delay = bits.flag()
    levels = []
    for _ in range(bits.read(5) + 1):
        bits.skip(12)
        level = bits.read(5)  # seq_level_idx; from level 4.0 on with a tier
        levels.append((level, bits.read(1) if level > 7 else 0))
        if decoder_model and bits.flag():
            bits.skip(2 * delay_bits + 1)
        if initial_display_delay and bits.flag():
            bits.skip(4)
    return levels[0]
