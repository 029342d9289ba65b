"""From an RTP packet to a media packet: what its payload says, with numbers that can be kept unbroken."""

from collections import OrderedDict
from typing import NamedTuple

from sfu.codecs import PayloadInfo, describe, red, vp8
from sfu.codecs.dependency_descriptor import MANDATORY_SIZE, parse_dependency_descriptor
from sfu.forwarding.media_packet import OPUS_IN_RED, MediaPacket
from sfu.link_messages import Codec, Track
from sfu.rtp.packet import RtpPacket
from sfu.rtp.sequence import Unwrapper

REMEMBERED_FRAMES = 64


class Arrival(NamedTuple):
    """`keyframe`: a video slot may join the layer here. `width` and `height` are 0 where the packet does not tell."""

    packet: MediaPacket
    keyframe: bool
    width: int = 0
    height: int = 0


class Intake:
    """Takes the packets of one layer apart. Raises `CodecError` for a payload that is not what its codec says.

    `level_id` is the id of the header extension that tells a packet's loudness, 0 for none.
    """

    def __init__(self, track: Track) -> None:
        self._frames = _FrameNumbers()
        self.update(track)

    def update(self, track: Track) -> None:
        """Take over what was negotiated anew; numbers go on."""
        extensions = track.extensions
        self._red_blocks = {codec.payload_type: OPUS_IN_RED for codec in track.codecs if codec.name == "opus"}
        self._descriptor = extensions.get("dependency-descriptor", 0)
        self.level_id = extensions.get("audio-level", 0)

    def take(self, packet: RtpPacket, codec: Codec) -> Arrival:
        payload = packet.payload
        media = MediaPacket(codec.format, packet.sequence_number, packet.timestamp, packet.marker, payload)
        if codec.name in ("opus", "red"):
            if codec.name == "red":
                # Whoever gets the primary block alone must find it.
                red.primary(payload)
                media.payload = red.rewrite_payload_types(payload, self._red_blocks)
            media.audio_level = packet.extension(self.level_id) if self.level_id else None
            return Arrival(media, True)
        if not payload:
            return Arrival(media, False)
        info = describe(codec.name, payload)
        if codec.name == "VP8":
            self._number_vp8(media, info)
        elif codec.name == "VP9":
            _number_vp9(media, info)
        elif codec.name == "AV1" and self._descriptor:
            _number_av1(media, packet.extension(self._descriptor))
        return Arrival(media, True, info.width, info.height) if info.keyframe else Arrival(media, False)

    def _number_vp8(self, media: MediaPacket, info: PayloadInfo) -> None:
        """Every VP8 packet leaves with a long picture id and a TL0 index, whatever its source had."""
        media.picture_id, media.tl0 = self._frames.number(media.timestamp, info)
        media.payload = vp8.normalise(media.payload, info, media.picture_id, media.tl0)
        media.picture_id_offset = vp8.NORMAL_PICTURE_ID_OFFSET
        media.tl0_offset = vp8.NORMAL_TL0_OFFSET


def _number_vp9(media: MediaPacket, info: PayloadInfo) -> None:
    if info.picture_id is None or info.picture_id_bits != 15:
        return
    media.picture_id = info.picture_id
    media.picture_id_offset = info.picture_id_offset
    if info.tl0 is not None:
        media.tl0 = info.tl0
        media.tl0_offset = info.tl0_offset


def _number_av1(media: MediaPacket, descriptor: bytes | None) -> None:
    """The dependency descriptor's frame number is what must stay unbroken; one that is cut off is left out."""
    if descriptor is not None and len(descriptor) >= MANDATORY_SIZE:
        media.descriptor = descriptor
        media.picture_id = parse_dependency_descriptor(descriptor).frame_number


class _FrameNumbers:
    """Picture ids and TL0 indexes for VP8 sources that lack them, or have the short form of seven bits.

    Numbers belong to frames, that is to timestamps; those of late packets are looked up among the last frames.
    """

    def __init__(self) -> None:
        self._unwrap = Unwrapper(7)
        self._known: OrderedDict[int, tuple[int, int]] = OrderedDict()
        self._counted = 0

    def number(self, timestamp: int, info: PayloadInfo) -> tuple[int, int]:
        if info.picture_id is not None and info.picture_id_bits == 15:
            # Encoders without temporal layers leave TL0 out: each frame is one of layer 0.
            return info.picture_id, info.picture_id & 0xFF if info.tl0 is None else info.tl0
        known = self._known.get(timestamp)
        if known is None:
            known = self._known[timestamp] = self._next(info)
            if len(self._known) > REMEMBERED_FRAMES:
                self._known.popitem(last=False)
        return known

    def _next(self, info: PayloadInfo) -> tuple[int, int]:
        self._counted += 1
        picture_id = self._counted if info.picture_id is None else info.picture_id
        if info.picture_id_bits == 7:
            picture_id = self._unwrap.unwrap(picture_id)
        return picture_id & 0x7FFF, (self._counted if info.tl0 is None else info.tl0) & 0xFF
