"""H.264: the payload format of RFC 6184 in packetisation modes 0 and 1, and the size in a sequence parameter set."""

from collections.abc import Iterator

from sfu.codecs.bits import BitReader
from sfu.codecs.info import CodecError, PayloadInfo

_SLICE = 1
_IDR_SLICE = 5
_SEI = 6
_SPS = 7
_PPS = 8
_DELIMITER = 9
_STAP_A = 24
_FU_A = 28
_FU_START = 0x80
# Bytes that are read of one. Real ones are shorter; others could keep the reader busy bit by bit.
_LONGEST_PARAMETER_SET = 128
# Profiles whose parameter sets tell the chroma format (ITU-T H.264 section 7.3.2.1.1).
_HIGH_PROFILES = frozenset((100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135))


def describe(payload: bytes) -> PayloadInfo:
    """Raises `CodecError`.

    A keyframe starts with its sequence parameter set: without that a decoder cannot start, and WebRTC's encoders send
    it before every IDR picture. `starts_frame` is true for everything that can come first in a frame.
    """
    if not payload:
        raise CodecError("an empty H.264 payload")
    kind = payload[0] & 0x1F
    if kind == _STAP_A:
        units: Iterator[bytes] | tuple[bytes, ...] = aggregated_units(payload)
    elif kind == _FU_A:
        if len(payload) < 3:
            raise CodecError("an H.264 fragment is cut off")
        if not payload[1] & _FU_START:
            return _DELTA
        units = (bytes((payload[0] & 0xE0 | payload[1] & 0x1F,)) + payload[2:],)
    elif 0 < kind < _STAP_A:
        units = (payload,)
    else:
        raise CodecError(f"H.264 packetisation type {kind} is of the interleaved mode, or undefined")
    keyframe = starts = False
    width = height = 0
    for unit in units:
        kind = unit[0] & 0x1F
        if kind == _SPS and not keyframe:
            keyframe = True
            width, height = _size(unit)
        starts = starts or _can_start(kind, unit)
    if not keyframe:
        return _START if starts else _DELTA
    return PayloadInfo(True, True, width, height)


_DELTA = PayloadInfo()
_START = PayloadInfo(starts_frame=True)


def aggregated_units(payload: bytes) -> Iterator[bytes]:
    """The units of a STAP-A (RFC 6184 section 5.7.1)."""
    position = 1
    if len(payload) == 1:
        raise CodecError("an H.264 aggregation packet without units")
    while position < len(payload):
        start = position + 2
        if start > len(payload):
            raise CodecError("an H.264 aggregation packet is cut off")
        position = start + (payload[start - 2] << 8 | payload[start - 1])
        if position == start or position > len(payload):
            raise CodecError("a unit of an H.264 aggregation packet is empty or cut off")
        yield payload[start:position]


def _can_start(kind: int, unit: bytes) -> bool:
    if kind in (_SLICE, _IDR_SLICE):
        # first_mb_in_slice is 0, coded as a single 1 bit.
        return len(unit) > 1 and unit[1] >= 0x80
    return kind in (_SEI, _SPS, _PPS, _DELIMITER)


def _size(unit: bytes) -> tuple[int, int]:
    """Width and height of a sequence parameter set, zeros where it is cut off or says what no decoder takes."""
    # Emulation prevention: 00 00 03 stands for 00 00 (ITU-T H.264 section 7.4.1).
    bits = BitReader(unit[1:_LONGEST_PARAMETER_SET].replace(b"\0\0\3", b"\0\0"))
    try:
        return _read_size(bits)
    except CodecError:
        return 0, 0


def _read_size(bits: BitReader) -> tuple[int, int]:
    """ITU-T H.264 section 7.3.2.1.1, from profile_idc to the frame cropping."""
    profile = bits.read(8)
    bits.skip(16)  # constraint flags, level
    bits.exp_golomb()  # seq_parameter_set_id
    chroma_format, separate_planes = 1, False
    if profile in _HIGH_PROFILES:
        chroma_format = bits.exp_golomb()
        if chroma_format == 3:
            separate_planes = bits.flag()
        bits.exp_golomb()  # bit_depth_luma_minus8
        bits.exp_golomb()  # bit_depth_chroma_minus8
        bits.skip(1)
        if bits.flag():
            _skip_scaling_matrix(bits, 12 if chroma_format == 3 else 8)
    bits.exp_golomb()  # log2_max_frame_num_minus4
    _skip_picture_order(bits)
    bits.exp_golomb()  # max_num_ref_frames
    bits.skip(1)
    width = 16 * (bits.exp_golomb() + 1)
    map_units = bits.exp_golomb() + 1
    frames_only = bits.flag()
    height = 16 * map_units * (1 if frames_only else 2)
    if not frames_only:
        bits.skip(1)
    bits.skip(1)
    if bits.flag():
        left, right, top, bottom = (bits.exp_golomb() for _ in range(4))
        # Cropping counts in chroma samples (section 7.4.2.1.1, equations 7-19 to 7-22).
        has_chroma = chroma_format != 0 and not separate_planes
        unit_width = 2 if has_chroma and chroma_format in (1, 2) else 1
        unit_height = (2 if has_chroma and chroma_format == 1 else 1) * (1 if frames_only else 2)
        width -= unit_width * (left + right)
        height -= unit_height * (top + bottom)
    return (width, height) if 0 < width <= 0xFFFF and 0 < height <= 0xFFFF else (0, 0)


def _skip_picture_order(bits: BitReader) -> None:
    kind = bits.exp_golomb()
    if kind == 0:
        bits.exp_golomb()
    elif kind == 1:
        bits.skip(1)
        bits.exp_golomb()
        bits.exp_golomb()
        for _ in range(bits.exp_golomb()):
            bits.exp_golomb()


def _skip_scaling_matrix(bits: BitReader, lists: int) -> None:
    """ITU-T H.264 section 7.3.2.1.1.1."""
    for index in range(lists):
        if not bits.flag():
            continue
        last = following = 8
        for _ in range(16 if index < 6 else 64):
            if following:
                following = (last + bits.signed_exp_golomb()) % 256
            last = following or last
