"""The AV1 sequence header OBU (AV1 specification section 5.5), and the av1C made from it."""

from typing import NamedTuple

from sfu.codecs.av1 import read_operating_points
from sfu.codecs.bits import BitReader

_SELECT = 2  # "seq_choose_…": decided frame by frame
_SRGB = (1, 13, 0)  # colour primaries BT.709, transfer sRGB, matrix identity


class SequenceHeader(NamedTuple):
    """`width` and `height` are the largest of any frame, in pixels; `sampling` is monochrome, subsampling_x,
    subsampling_y (one bit each) and chroma_sample_position (two bits), as av1C has them."""

    profile: int
    level: int
    tier: int
    width: int
    height: int
    high_bit_depth: int
    twelve_bit: int
    sampling: int


def read_sequence_header(body: bytes) -> SequenceHeader:
    """`body` is the OBU after its header and size. Raises CodecError."""
    bits = BitReader(body)
    profile = bits.read(3)
    bits.skip(1)  # still_picture
    reduced = bits.flag()
    level, tier = (bits.read(5), 0) if reduced else read_operating_points(bits)
    width_bits, height_bits = bits.read(4) + 1, bits.read(4) + 1
    width, height = bits.read(width_bits) + 1, bits.read(height_bits) + 1
    _skip_tools(bits, reduced)
    high_bit_depth, twelve_bit, sampling = _read_color(bits, profile)
    return SequenceHeader(profile, level, tier, width, height, high_bit_depth, twelve_bit, sampling)


def av1_configuration(header: SequenceHeader, obu: bytes) -> bytes:
    """av1C (AV1 Codec ISO Media File Format Binding section 2.3). `obu` is the whole sequence header, with its size."""
    return (
        bytes(
            (
                0x81,  # marker and version
                header.profile << 5 | header.level,
                header.tier << 7 | header.high_bit_depth << 6 | header.twelve_bit << 5 | header.sampling,
                0,
            )
        )
        + obu
    )


def _skip_tools(bits: BitReader, reduced: bool) -> None:
    """From frame_id_numbers_present_flag to enable_restoration."""
    if not reduced and bits.flag():
        bits.skip(4 + 3)
    bits.skip(3)  # use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
    if not reduced:
        bits.skip(4)  # interintra compound, masked compound, warped motion, dual filter
        order_hint = bits.flag()
        if order_hint:
            bits.skip(2)
        force_screen_content = _SELECT if bits.flag() else bits.read(1)
        if force_screen_content and not bits.flag():  # seq_choose_integer_mv
            bits.skip(1)
        if order_hint:
            bits.skip(3)
    bits.skip(3)  # enable_superres, enable_cdef, enable_restoration


def _read_color(bits: BitReader, profile: int) -> tuple[int, int, int]:
    """color_config(): high_bitdepth, twelve_bit and `SequenceHeader.sampling`."""
    high = bits.read(1)
    twelve = bits.read(1) if profile == 2 and high else 0
    mono = 0 if profile == 1 else bits.read(1)
    color = (bits.read(8), bits.read(8), bits.read(8)) if bits.flag() else (2, 2, 2)
    if mono:
        return high, twelve, 1 << 4 | 1 << 3 | 1 << 2
    if color == _SRGB:
        return high, twelve, 0
    bits.skip(1)  # color_range
    if profile == 0:
        x = y = 1
    elif profile == 1:
        x = y = 0
    elif twelve:
        x = bits.read(1)
        y = bits.read(1) if x else 0
    else:
        x, y = 1, 0
    position = bits.read(2) if x and y else 0
    return high, twelve, x << 3 | y << 2 | position
