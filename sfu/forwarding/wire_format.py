"""How packets look to one group of participants: their payload types and header-extension ids.

An offer's ids are the client's choice, but all Chromiums choose alike, and so do all Firefoxes: participants with
equal wire formats share one *canonical* packet, built once, of which only a plan's numbers are left open.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from struct import Struct
from typing import NamedTuple, Self

from sfu.codecs import red
from sfu.codecs.dependency_descriptor import FRAME_NUMBER_OFFSET
from sfu.forwarding.media_packet import NO_NUMBER, OPUS_IN_RED, MediaPacket
from sfu.link_messages import ExtensionName, Slot
from sfu.rtp.extensions import write_extensions

RTP_VERSION = 0x80
HAS_EXTENSION = 0x10
MARKER = 0x80
HEADER_SIZE = 12

# Mask and flag of a picture id in VP8's and VP9's descriptor (RFC 7741 section 4.2, RFC 9628 section 4.2: the M bit),
# and of a frame number in the dependency descriptor (AV1 RTP specification, appendix A).
PICTURE_ID_MASK, PICTURE_ID_FLAG = 0x7FFF, 0x8000
FRAME_NUMBER_MASK, FRAME_NUMBER_FLAG = 0xFFFF, 0

FORWARDED_EXTENSIONS: tuple[ExtensionName, ...] = ("dependency-descriptor", "audio-level")


class Canonical(NamedTuple):
    """A packet of which only what a plan changes is left open.

    `pack_into` writes header and body in one call. The body is `head`, then, unless `picture_id` is NO_NUMBER, the
    picture id in two bytes, then, unless `tl0` is NO_NUMBER, `between` and the TL0 index in one byte, then `tail`.
    """

    pack_into: Callable[..., None]
    size: int
    first_byte: int
    second_byte: int
    sequence_number: int
    timestamp: int
    head: bytes
    picture_id: int
    picture_mask: int
    picture_flag: int
    between: bytes
    tl0: int
    tail: bytes


@dataclass(frozen=True)
class WireFormat:
    """`payload_types` and `rtx_payload_types` hold pairs of a codec's format and what the participant calls it."""

    payload_types: tuple[tuple[str, int], ...]
    rtx_payload_types: tuple[tuple[str, int], ...]
    extensions: tuple[tuple[ExtensionName, int], ...]

    @classmethod
    def of_slot(cls, slot: Slot) -> Self:
        forwarded = tuple((name, slot.extensions[name]) for name in FORWARDED_EXTENSIONS if name in slot.extensions)
        return cls(
            tuple((codec.format, codec.payload_type) for codec in slot.codecs),
            tuple(
                (codec.format, codec.rtx_payload_type) for codec in slot.codecs if codec.rtx_payload_type is not None
            ),
            forwarded,
        )

    @cached_property
    def payload_type(self) -> dict[str, int]:
        return dict(self.payload_types)

    @cached_property
    def rtx_payload_type(self) -> dict[str, int]:
        return dict(self.rtx_payload_types)

    def canonical(self, packet: MediaPacket) -> Canonical | None:
        """The packet as this group sees it, or None when the group has no payload type for it."""
        payload_type, payload = self._translate(packet)
        if payload_type is None:
            return None
        extensions = self._extensions(packet)
        body = extensions + payload
        number_at = self._number_offset(packet, extensions)
        tl0_at = len(extensions) + packet.tl0_offset if packet.tl0 != NO_NUMBER else 0
        in_descriptor = packet.descriptor is not None
        if not number_at:
            head, between, tail = body, b"", b""
        elif not tl0_at:
            head, between, tail = body[:number_at], b"", body[number_at + 2 :]
        else:
            head, between, tail = body[:number_at], body[number_at + 2 : tl0_at], body[tl0_at + 1 :]
        return Canonical(
            _layout(len(head), len(between), len(tail), bool(number_at), bool(tl0_at)).pack_into,
            HEADER_SIZE + len(body),
            RTP_VERSION | (HAS_EXTENSION if extensions else 0),
            payload_type | (MARKER if packet.marker else 0),
            packet.sequence_number,
            packet.timestamp,
            head,
            packet.picture_id if number_at else NO_NUMBER,
            FRAME_NUMBER_MASK if in_descriptor else PICTURE_ID_MASK,
            FRAME_NUMBER_FLAG if in_descriptor else PICTURE_ID_FLAG,
            between,
            packet.tl0 if tl0_at else NO_NUMBER,
            tail,
        )

    def _translate(self, packet: MediaPacket) -> tuple[int | None, bytes]:
        payload_type = self.payload_type.get(packet.format)
        if packet.format != "red":
            return payload_type, packet.payload
        opus = self.payload_type.get("opus")
        if opus is None:
            return None, b""
        if payload_type is None:
            return opus, red.primary(packet.payload).payload
        return payload_type, red.rewrite_payload_types(packet.payload, {OPUS_IN_RED: opus})

    def _extensions(self, packet: MediaPacket) -> bytes:
        values = {
            "dependency-descriptor": packet.descriptor,
            "audio-level": packet.audio_level,
        }
        items = [(id_, value) for name, id_ in self.extensions if (value := values[name]) is not None]
        return write_extensions(items) if items else b""

    def _number_offset(self, packet: MediaPacket, extensions: bytes) -> int:
        """Where in the body the picture id lies, 0 for nowhere."""
        if packet.picture_id == NO_NUMBER:
            return 0
        if packet.descriptor is None:
            return len(extensions) + packet.picture_id_offset
        if not self.extensions or self.extensions[0][0] != "dependency-descriptor":
            return 0
        # The descriptor is the first element of the block, its frame number follows its first byte.
        element_header = 1 if extensions[:2] == b"\xbe\xde" else 2
        return 4 + element_header + FRAME_NUMBER_OFFSET


@lru_cache(maxsize=16384)
def _layout(head: int, between: int, tail: int, has_picture_id: bool, has_tl0: bool) -> Struct:
    body = f"{head}s"
    if has_picture_id:
        body += "H"
    if has_tl0:
        body += f"{between}sB"
    if has_picture_id:
        body += f"{tail}s"
    return Struct(f"!BBHII{body}")
