"""What RTP payloads say of themselves: keyframes, sizes, picture ids, layers. Nothing is decoded."""

from collections.abc import Callable

from sfu.codecs import av1, h264, vp8, vp9
from sfu.codecs.info import CodecError, PayloadInfo
from sfu.link_messages import CodecName

__all__ = ["CodecError", "PayloadInfo", "describe"]

# Every audio packet can be decoded by itself.
_AUDIO = PayloadInfo(keyframe=True, starts_frame=True)


def _describe_audio(payload: bytes) -> PayloadInfo:
    return _AUDIO


_DESCRIBERS: dict[CodecName, Callable[[bytes], PayloadInfo]] = {
    "opus": _describe_audio,
    "red": _describe_audio,
    "VP8": vp8.describe,
    "VP9": vp9.describe,
    "H264": h264.describe,
    "AV1": av1.describe,
}


def describe(name: CodecName, payload: bytes) -> PayloadInfo:
    """What the payload (without padding) says of itself. Raises `CodecError`, also for an empty video payload:
    packets of padding only are the caller's to recognise."""
    return _DESCRIBERS[name](payload)
