"""The dependency descriptor header extension (AV1 RTP payload format 1.0, appendix A)."""

from typing import NamedTuple

from sfu.codecs.info import CodecError

MANDATORY_SIZE = 3
FRAME_NUMBER_OFFSET = 1  # 16 bits

_STARTS_FRAME = 0x80
_ENDS_FRAME = 0x40
_HAS_STRUCTURE = 0x80  # of the first extended byte


class DependencyDescriptor(NamedTuple):
    """`has_structure`: it carries a template dependency structure, without which later ones mean nothing."""

    starts_frame: bool
    ends_frame: bool
    template_id: int
    frame_number: int
    has_structure: bool


def parse_dependency_descriptor(value: bytes) -> DependencyDescriptor:
    """The mandatory fields, and whether a structure follows. Raises `CodecError`."""
    if len(value) < MANDATORY_SIZE:
        raise CodecError(f"a dependency descriptor of {len(value)} bytes")
    return DependencyDescriptor(
        value[0] & _STARTS_FRAME != 0,
        value[0] & _ENDS_FRAME != 0,
        value[0] & 0x3F,
        value[1] << 8 | value[2],
        len(value) > MANDATORY_SIZE and value[MANDATORY_SIZE] & _HAS_STRUCTURE != 0,
    )
