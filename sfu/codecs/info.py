"""What the forwarder needs to know of a payload, whatever the codec."""

from typing import NamedTuple


class CodecError(ValueError):
    """A payload that does not follow its payload format; the sentence says what is wrong."""


class PayloadInfo(NamedTuple):
    """What one RTP payload says of itself. A named tuple, as one is made for every incoming video packet.

    `keyframe`: the packet starts a keyframe, so a decoder can start here. `starts_frame`: the packet starts a frame;
    H.264 and AV1 do not say so for certain (each NAL unit, each packet with whole OBUs may be a first one), so there
    go by the timestamp. `width` and `height` are pixels, of a keyframe whose payload tells them, else 0.
    `picture_id_bits` is 7 or 15, 0 without picture id. `tl0` is TL0PICIDX. Offsets are bytes from the start of the
    payload, 0 where the field is missing. `descriptor_size` is the size of the payload descriptor in bytes.
    """

    keyframe: bool = False
    starts_frame: bool = False
    width: int = 0
    height: int = 0
    picture_id: int | None = None
    picture_id_bits: int = 0
    tl0: int | None = None
    temporal_id: int = 0
    spatial_id: int = 0
    picture_id_offset: int = 0
    tl0_offset: int = 0
    descriptor_size: int = 0
