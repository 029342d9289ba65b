"""VP9: the payload descriptor of RFC 9628 and the start of the uncompressed frame header."""

from sfu.codecs.bits import BitReader
from sfu.codecs.info import CodecError, PayloadInfo

_HAS_PICTURE_ID = 0x80  # I
_INTER_PREDICTED = 0x40  # P
_HAS_LAYERS = 0x20  # L
_FLEXIBLE = 0x10  # F
_STARTS_FRAME = 0x08  # B
_HAS_STRUCTURE = 0x02  # V
_LONG_PICTURE_ID = 0x80  # M
_MAX_REFERENCES = 3
_FRAME_MARKER = 2
_SYNC_CODE = 0x498342
_SRGB = 7


def describe(payload: bytes) -> PayloadInfo:
    """Reads the descriptor and, at the start of a keyframe, its size. Raises `CodecError`.

    A keyframe starts with the lowest spatial layer of a picture that is not predicted from another picture. Its size is
    that of the highest layer in the scalability structure, or that of the frame header without one.
    """
    if not payload:
        raise CodecError("an empty VP9 payload")
    try:
        return _describe(payload)
    except IndexError:
        raise CodecError("the VP9 descriptor is cut off") from None


def _describe(payload: bytes) -> PayloadInfo:
    first = payload[0]
    offset = 1
    picture_id = tl0 = None
    picture_id_bits = picture_id_offset = tl0_offset = temporal_id = spatial_id = 0
    if first & _HAS_PICTURE_ID:
        picture_id_offset = offset
        picture_id = payload[offset]
        picture_id_bits = 7
        if picture_id & _LONG_PICTURE_ID:
            picture_id = (picture_id & 0x7F) << 8 | payload[offset + 1]
            picture_id_bits = 15
            offset += 1
        offset += 1
    if first & _HAS_LAYERS:
        temporal_id = payload[offset] >> 5
        spatial_id = payload[offset] >> 1 & 7
        offset += 1
        if not first & _FLEXIBLE:
            tl0_offset = offset
            tl0 = payload[offset]
            offset += 1
    if first & _FLEXIBLE and first & _INTER_PREDICTED:
        offset = _skip_references(payload, offset)
    width = height = 0
    if first & _HAS_STRUCTURE:
        width, height, offset = _read_structure(payload, offset)
    if offset > len(payload):
        raise CodecError("the VP9 descriptor is cut off")
    starts = first & _STARTS_FRAME != 0
    keyframe = starts and not first & _INTER_PREDICTED and spatial_id == 0
    if not keyframe:
        width = height = 0
    elif not width:
        # FFmpeg's packetiser never sets P: without a structure, which goes with keyframes, the frame itself is asked.
        keyframe, width, height = _key_header(payload[offset : offset + 16])
    return PayloadInfo(
        keyframe,
        starts,
        width,
        height,
        picture_id,
        picture_id_bits,
        tl0,
        temporal_id,
        spatial_id,
        picture_id_offset,
        tl0_offset,
        offset,
    )


def _skip_references(payload: bytes, offset: int) -> int:
    """P_DIFF, up to three times while the lowest bit says that another follows."""
    for _ in range(_MAX_REFERENCES):
        offset += 1
        if not payload[offset - 1] & 1:
            return offset
    raise CodecError("a VP9 picture with more than three references")


def _read_structure(payload: bytes, offset: int) -> tuple[int, int, int]:
    """The scalability structure: width and height of its highest spatial layer (0 without), the offset after it."""
    head = payload[offset]
    offset += 1
    width = height = 0
    if head & 0x10:
        for _ in range((head >> 5) + 1):
            width = payload[offset] << 8 | payload[offset + 1]
            height = payload[offset + 2] << 8 | payload[offset + 3]
            offset += 4
    if head & 0x08:
        pictures = payload[offset]
        offset += 1
        for _ in range(pictures):
            offset += 1 + (payload[offset] >> 2 & 3)
    return width, height, offset


def _key_header(header: bytes) -> tuple[bool, int, int]:
    """Whether a frame may be a keyframe, its width and its height (VP9 bitstream specification section 6.2).

    A header that cannot be read, being cut off or encrypted, denies nothing and has no size.
    """
    bits = BitReader(header)
    try:
        if bits.read(2) != _FRAME_MARKER:
            return True, 0, 0
        profile = bits.read(1) | bits.read(1) << 1
        bits.skip(1 if profile == 3 else 0)
        show_existing_frame, inter_frame = bits.flag(), bits.flag()
        if show_existing_frame or inter_frame:
            return False, 0, 0
        bits.skip(2)  # show_frame, error_resilient_mode
        if bits.read(24) != _SYNC_CODE:
            return True, 0, 0
        bits.skip(1 if profile >= 2 else 0)  # ten_or_twelve_bit
        sub_sampling = 3 if profile & 1 else 0
        if bits.read(3) == _SRGB:
            bits.skip(1 if profile & 1 else 0)
        else:
            bits.skip(1 + sub_sampling)
        return True, bits.read(16) + 1, bits.read(16) + 1
    except CodecError:
        return True, 0, 0
