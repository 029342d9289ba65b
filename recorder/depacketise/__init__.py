"""From RTP payloads to frames: a pure function for each codec, and the assembler that they have in common."""

from recorder.depacketise.assembler import AssemblyCounts, FrameAssembler
from recorder.depacketise.av1 import join_av1
from recorder.depacketise.frame import DepacketiseError, Frame, PayloadFormat
from recorder.depacketise.h264 import join_h264
from recorder.depacketise.opus import join_opus, join_red
from recorder.depacketise.vp8 import join_vp8
from recorder.depacketise.vp9 import join_vp9
from sfu.link_messages import CodecName

__all__ = ["AssemblyCounts", "DepacketiseError", "Frame", "FrameAssembler", "PayloadFormat", "assembler_for"]

_FORMATS: dict[CodecName, PayloadFormat] = {
    "opus": join_opus,
    "red": join_red,
    "VP8": join_vp8,
    "VP9": join_vp9,
    "H264": join_h264,
    "AV1": join_av1,
}


def assembler_for(codec: CodecName) -> FrameAssembler:
    """A new assembler for a track of this codec."""
    return FrameAssembler(_FORMATS[codec], "audio" if codec in ("opus", "red") else "video")
