"""VP8: the payload descriptor and header of RFC 7741."""

from sfu.codecs.info import CodecError, PayloadInfo

NORMAL_DESCRIPTOR_SIZE = 6
NORMAL_PICTURE_ID_OFFSET = 2
NORMAL_TL0_OFFSET = 4

_EXTENDED = 0x80  # X
_FIRST_BYTE_KEPT = 0x37  # N, S and PID; X is set anew, reserved bits are sent as 0
_START_OF_PARTITION_0 = 0x10  # S with PID 0, under the mask 0x17
_HAS_PICTURE_ID = 0x80  # I
_HAS_TL0 = 0x40  # L
_HAS_TID = 0x20  # T
_HAS_KEYIDX = 0x10  # K
_LONG_PICTURE_ID = 0x80  # M
_START_CODE = b"\x9d\x01\x2a"


def describe(payload: bytes) -> PayloadInfo:
    """Reads the descriptor and, at the start of a frame, the header. Raises `CodecError`."""
    size = len(payload)
    if size == 0:
        raise CodecError("an empty VP8 payload")
    first = payload[0]
    starts = first & 0x17 == _START_OF_PARTITION_0
    if not first & _EXTENDED:
        keyframe, width, height = _key_size(payload, 1) if starts else (False, 0, 0)
        return PayloadInfo(keyframe, starts, width, height, None, 0, None, 0, 0, 0, 0, 1)
    if size < 2:
        raise CodecError("the VP8 descriptor is cut off")
    flags = payload[1]
    offset = 2
    picture_id = tl0 = None
    picture_id_bits = picture_id_offset = tl0_offset = temporal_id = 0
    try:
        if flags & _HAS_PICTURE_ID:
            picture_id_offset = offset
            picture_id = payload[offset]
            if picture_id & _LONG_PICTURE_ID:
                picture_id = (picture_id & 0x7F) << 8 | payload[offset + 1]
                picture_id_bits = 15
                offset += 2
            else:
                picture_id_bits = 7
                offset += 1
        if flags & _HAS_TL0:
            tl0_offset = offset
            tl0 = payload[offset]
            offset += 1
        if flags & (_HAS_TID | _HAS_KEYIDX):
            if flags & _HAS_TID:
                temporal_id = payload[offset] >> 6
            offset += 1
    except IndexError:
        raise CodecError("the VP8 descriptor is cut off") from None
    if offset > size:
        raise CodecError("the VP8 descriptor is cut off")
    keyframe, width, height = _key_size(payload, offset) if starts else (False, 0, 0)
    return PayloadInfo(
        keyframe,
        starts,
        width,
        height,
        picture_id,
        picture_id_bits,
        tl0,
        temporal_id,
        0,
        picture_id_offset,
        tl0_offset,
        offset,
    )


def normalise(payload: bytes, info: PayloadInfo, picture_id: int, tl0: int) -> bytes:
    """The payload with a descriptor of always the same shape, so that a plan patches it at fixed offsets.

    Six bytes: X, I L T K, 15-bit picture id at offset 2, TL0 at offset 4, TID/Y/KEYIDX. A source without temporal
    layers becomes one whose every frame is in layer 0; the caller counts `tl0` up with each frame of layer 0 then.
    `info` is what `describe` said of the same payload; `picture_id` and `tl0` are taken modulo 2^15 and 2^8.
    """
    layer = 0
    if payload[0] & _EXTENDED:
        flags = payload[1]
        if flags & (_HAS_TID | _HAS_KEYIDX):
            # A part whose flag is missing holds no meaning: zero it.
            kept = (0xE0 if flags & _HAS_TID else 0) | (0x1F if flags & _HAS_KEYIDX else 0)
            layer = payload[info.descriptor_size - 1] & kept
    head = bytes(
        (
            payload[0] & _FIRST_BYTE_KEPT | _EXTENDED,
            _HAS_PICTURE_ID | _HAS_TL0 | _HAS_TID | _HAS_KEYIDX,
            picture_id >> 8 & 0x7F | _LONG_PICTURE_ID,
            picture_id & 0xFF,
            tl0 & 0xFF,
            layer,
        )
    )
    return head + payload[info.descriptor_size :]


def _key_size(payload: bytes, offset: int) -> tuple[bool, int, int]:
    """Whether the frame that starts at `offset` is a keyframe, its width and its height (RFC 6386 section 9.1)."""
    if offset >= len(payload):
        raise CodecError("a VP8 frame without its header")
    if payload[offset] & 1:
        return False, 0, 0
    if len(payload) < offset + 10 or payload[offset + 3 : offset + 6] != _START_CODE:
        return True, 0, 0
    # 14 bits of size and 2 of scaling each, little-endian.
    width = payload[offset + 6] | (payload[offset + 7] & 0x3F) << 8
    height = payload[offset + 8] | (payload[offset + 9] & 0x3F) << 8
    return True, width, height
