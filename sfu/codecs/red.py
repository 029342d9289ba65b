"""Redundant audio: RFC 2198, as Opus uses it in WebRTC."""

from collections.abc import Mapping
from typing import NamedTuple

from sfu.codecs.info import CodecError

_FOLLOWED = 0x80  # F: another block header follows
_BLOCK_HEADER_SIZE = 4


class RedBlock(NamedTuple):
    payload_type: int
    payload: bytes


def primary(payload: bytes) -> RedBlock:
    """The block that belongs to the packet's own timestamp, which is the last. Raises `CodecError`."""
    final = _final_header(payload)
    start = final + 1
    for position in range(0, final, _BLOCK_HEADER_SIZE):
        start += (payload[position + 2] & 3) << 8 | payload[position + 3]
    if start > len(payload):
        raise CodecError("the blocks of a RED payload are cut off")
    return RedBlock(payload[final] & 0x7F, payload[start:])


def rewrite_payload_types(payload: bytes, mapping: Mapping[int, int]) -> bytes:
    """The payload with the payload types of its blocks replaced.

    Raises `CodecError`, also for a payload type that `mapping` lacks: its receiver would take it for another codec.
    """
    final = _final_header(payload)
    changed = bytearray(payload)
    for position in range(0, final + 1, _BLOCK_HEADER_SIZE):
        wanted = mapping.get(payload[position] & 0x7F)
        if wanted is None:
            raise CodecError(f"payload type {payload[position] & 0x7F} within RED was not negotiated")
        changed[position] = payload[position] & _FOLLOWED | wanted
    return bytes(changed)


def _final_header(payload: bytes) -> int:
    """Where the one-byte header of the primary block is; those of four bytes for redundant blocks precede it."""
    position = 0
    while position < len(payload):
        if not payload[position] & _FOLLOWED:
            return position
        position += _BLOCK_HEADER_SIZE
    raise CodecError("the block headers of a RED payload are cut off")
