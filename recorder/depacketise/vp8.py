"""VP8: the payload format of RFC 7741."""

from collections.abc import Sequence

from recorder.depacketise.frame import DepacketiseError, Frame
from sfu.codecs import CodecError, vp8


def join_vp8(payloads: Sequence[bytes]) -> Frame:
    """The frame without its payload descriptors (RFC 7741 section 4.4). Raises DepacketiseError."""
    try:
        infos = [vp8.describe(payload) for payload in payloads]
    except CodecError as error:
        raise DepacketiseError(str(error)) from error
    first = infos[0]
    if not first.starts_frame:
        raise DepacketiseError("a VP8 frame whose start is missing")
    if any(info.starts_frame for info in infos[1:]):
        raise DepacketiseError("two VP8 frames with one timestamp")
    if first.keyframe and not (first.width and first.height):
        raise DepacketiseError("a VP8 keyframe without its size")
    data = b"".join(payload[info.descriptor_size :] for payload, info in zip(payloads, infos, strict=True))
    return Frame(data, first.keyframe, first.width, first.height)
