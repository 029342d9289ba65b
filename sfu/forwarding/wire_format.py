"""How packets look to one group of participants: their payload types and header-extension ids.

An offer's ids are the client's choice, but all Chromiums choose alike, and so do all Firefoxes: participants with
equal wire formats share one *canonical* packet, built once, of which only a plan's numbers are left open.
"""

from dataclasses import dataclass
from functools import cached_property
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple, Self

from sfu.codecs import red
from sfu.codecs.dependency_descriptor import FRAME_NUMBER_OFFSET
from sfu.forwarding.media_packet import NO_NUMBER, OPUS_IN_RED, MediaPacket
from sfu.link_messages import ExtensionName, Slot
from sfu.rtp.extensions import write_extensions
from sfu.rtp.packet import ONE_BYTE_PROFILE

if TYPE_CHECKING:
    from sfu.forwarding.plan import Plan

RTP_VERSION = 0x80
HAS_EXTENSION = 0x10
MARKER = 0x80
HEADER_SIZE = 12
BLOCK_HEADER_SIZE = 4

# Mask and flag of a picture id in VP8's and VP9's descriptor (RFC 7741 section 4.2, RFC 9628 section 4.2: the M bit),
# and of a frame number in the dependency descriptor (AV1 RTP specification, appendix A).
PICTURE_ID_MASK, PICTURE_ID_FLAG = 0x7FFF, 0x8000
FRAME_NUMBER_MASK, FRAME_NUMBER_FLAG = 0xFFFF, 0

FORWARDED_EXTENSIONS: tuple[ExtensionName, ...] = ("dependency-descriptor", "audio-level", "transport-wide-cc")
"""In the order in which they are written: the first and the last are looked for later."""

_HEADER = Struct("!BB10x").pack
_PACK_NUMBERS = Struct("!HII").pack_into
_PACK_NUMBER = Struct("!H").pack_into
_OPEN_NUMBER = bytes(2)


class Canonical(NamedTuple):
    """A whole packet of which only what a plan and a transport change is left open.

    `data` has nothing yet where sequence number, timestamp and SSRC belong, nor at these places, 0 for none:
    `picture_at` (two bytes), `tl0_at` (one byte) and `transport_at` (two bytes, the transport-wide sequence number).
    """

    data: bytes
    sequence_number: int
    timestamp: int
    picture_at: int
    picture_id: int
    picture_mask: int
    picture_flag: int
    tl0_at: int
    tl0: int
    transport_at: int


class Head(NamedTuple):
    """The RTP header of a group's packets with the header extensions. Where the loudness belongs is `level_at`, and
    where the transport-wide sequence number does, `transport_at`; 0 for nowhere."""

    data: bytes
    level_at: int
    transport_at: int


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
        extensions, transport_at = self._extensions(packet)
        header = _HEADER(
            RTP_VERSION | (HAS_EXTENSION if extensions else 0), payload_type | (MARKER if packet.marker else 0)
        )
        in_descriptor = packet.descriptor is not None
        payload_at = HEADER_SIZE + len(extensions)
        return Canonical(
            header + extensions + payload,
            packet.sequence_number,
            packet.timestamp,
            self._picture_at(packet, extensions),
            packet.picture_id & 0xFFFF,
            FRAME_NUMBER_MASK if in_descriptor else PICTURE_ID_MASK,
            FRAME_NUMBER_FLAG if in_descriptor else PICTURE_ID_FLAG,
            payload_at + packet.tl0_offset if packet.tl0 != NO_NUMBER else 0,
            packet.tl0 & 0xFF,
            transport_at,
        )

    def head(self, format_: str, *, with_level: bool) -> "Head | None":
        """What stands before the payload of this codec's packets; None when the group has no payload type for it."""
        level = bytes(1) if with_level else None
        empty = self.canonical(MediaPacket(format_, 0, 0, False, b"", audio_level=level))
        if empty is None:
            return None
        block = empty.data[HEADER_SIZE:]
        has_level = with_level and any(name == "audio-level" for name, _ in self.extensions)
        # Without a dependency descriptor the loudness is the first element.
        level_at = HEADER_SIZE + BLOCK_HEADER_SIZE + element_header(block) if has_level else 0
        return Head(empty.data, level_at, empty.transport_at)

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

    def _extensions(self, packet: MediaPacket) -> tuple[bytes, int]:
        """The block of header extensions, and where in the packet the transport-wide sequence number lies."""
        values = {
            "dependency-descriptor": packet.descriptor,
            "audio-level": packet.audio_level,
            "transport-wide-cc": _OPEN_NUMBER,
        }
        items = [(id_, value) for name, id_ in self.extensions if (value := values[name]) is not None]
        if not items:
            return b"", 0
        block = write_extensions(items)
        if self.extensions[-1][0] != "transport-wide-cc":
            return block, 0
        # It is the last element: what comes before it tells its place.
        used = sum(len(value) + element_header(block) for _, value in items) - len(_OPEN_NUMBER)
        return block, HEADER_SIZE + BLOCK_HEADER_SIZE + used

    def _picture_at(self, packet: MediaPacket, extensions: bytes) -> int:
        """Where in the packet the picture id lies, 0 for nowhere."""
        if packet.picture_id == NO_NUMBER:
            return 0
        if packet.descriptor is None:
            return HEADER_SIZE + len(extensions) + packet.picture_id_offset
        if not self.extensions or self.extensions[0][0] != "dependency-descriptor":
            return 0
        # The descriptor is the first element of the block, its frame number follows its first byte.
        return HEADER_SIZE + BLOCK_HEADER_SIZE + element_header(extensions) + FRAME_NUMBER_OFFSET


def element_header(block: bytes) -> int:
    """How many bytes stand before each value in a block of header extensions (RFC 8285 section 4)."""
    return 1 if block[:2] == ONE_BYTE_PROFILE.to_bytes(2, "big") else 2


def write_packet(packet: Canonical, plan: "Plan") -> bytearray:
    """One packet as the plan has it, unencrypted: for a retransmission, off the packet path."""
    data = bytearray(packet.data)
    write_numbers(data, 0, packet, plan)
    return data


def write_numbers(buffer: bytearray, position: int, packet: Canonical, plan: "Plan") -> None:
    """Fill in all that a plan decides of a packet that lies in `buffer` from `position` on."""
    _, sequence, timestamp, picture_at, picture, mask, flag, tl0_at, tl0, _ = packet
    _PACK_NUMBERS(
        buffer,
        position + 2,
        (sequence + plan.sequence_offset) & 0xFFFF,
        (timestamp + plan.timestamp_offset) & 0xFFFFFFFF,
        plan.ssrc,
    )
    if picture_at:
        _PACK_NUMBER(buffer, position + picture_at, (picture + plan.picture_id_offset) & mask | flag)
    if tl0_at:
        buffer[position + tl0_at] = (tl0 + plan.tl0_offset) & 0xFF
