"""Encoders of pictures: which one of H.264 this host can really open, and the one of WebM."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType

import av

from recorder.composite.errors import CompositeError
from recorder.composite.planes import fill, new_frame, planes_of
from recorder.layouts import Size

FRAME_RATE = 25
_TICK = Fraction(1, FRAME_RATE)
_SMPTE170M = 6  # BT.601 of 525 lines, as matrix, primaries and transfer alike (ITU-T H.273)
_LIMITED = 1  # AVColorRange
_KEYFRAME_INTERVAL = 4 * FRAME_RATE  # a player seeks to within 4 s


@dataclass(frozen=True)
class Encoder:
    """An encoder of FFmpeg by its name, with the options of a recording: good speech pictures, little CPU."""

    name: str
    options: MappingProxyType[str, str] = field(default_factory=lambda: MappingProxyType({}), compare=False)


# `superfast` with the look-ahead of `veryfast`: measured on four cameras it needs 60 % of the CPU of `veryfast` for the
# same bit rate, and the picture loses 0.9 dB at 47 dB, which nobody sees. The shortest search for movement and no
# adaptive quantisation take another fifth off it at the same bit rate; heads that talk hardly move.
_X264 = "mbtree=1:rc-lookahead=10:weightp=0:bframes=1:b-adapt=0:me=dia:subme=0:aq-mode=0"

ENCODERS = (
    Encoder("h264_nvenc", MappingProxyType({"preset": "p4", "rc": "vbr", "cq": "25"})),
    Encoder("h264_qsv", MappingProxyType({"preset": "veryfast", "global_quality": "25"})),
    Encoder("h264_amf", MappingProxyType({"quality": "speed", "rc": "cqp", "qp_i": "24", "qp_p": "26"})),
    Encoder("libx264", MappingProxyType({"preset": "superfast", "crf": "23", "x264-params": _X264})),
)
# WebM has no H.264. Constrained quality, as fast as libvpx goes.
VP8 = Encoder("libvpx", MappingProxyType({"deadline": "realtime", "cpu-used": "8", "crf": "20", "b": "1500k"}))


def choose(size: Size, wanted: str = "auto", works: Callable[[str, Size], str | None] | None = None) -> Encoder:
    """The first of `ENCODERS` that encodes a frame of this size here, or the wanted one if it does.

    `works` says for a name why it does not, or None; by default it is tried out. Raises CompositeError(no-encoder).
    """
    candidates = [encoder for encoder in ENCODERS if wanted in ("auto", encoder.name)]
    if not candidates:
        names = ", ".join(encoder.name for encoder in ENCODERS)
        raise CompositeError("no-encoder", f"there is no encoder {wanted!r}; use auto or one of {names}")
    reasons = []
    for encoder in candidates:
        reason = (works or why_not)(encoder.name, size)
        if reason is None:
            return encoder
        reasons.append(f"{encoder.name} ({reason})")
    raise CompositeError("no-encoder", f"no encoder works here: {', '.join(reasons)}; use `auto`, or see the driver")


@lru_cache(maxsize=64)
def why_not(name: str, size: Size) -> str | None:
    """Really opens the encoder and encodes a frame; None when it worked, else FFmpeg's reason."""
    encoder = next(encoder for encoder in ENCODERS if encoder.name == name)
    try:
        context = av.CodecContext.create(name, "w")
        assert isinstance(context, av.VideoCodecContext)
        configure(context, encoder, size)
        frame = new_frame(size)
        fill(planes_of(frame), (0, 0, 0))
        frame.pts = 0
        encoded = [*context.encode(frame), *context.encode(None)]
    except (av.FFmpegError, ValueError) as error:  # ValueError: this build of FFmpeg does not have it
        return str(error)
    return None if encoded else "it gives no picture"


def configure(context: av.VideoCodecContext, encoder: Encoder, size: Size, threads: int = 1) -> None:
    """Set size, rate, colours (BT.601, limited range) and options, before the encoder is opened."""
    context.width, context.height, context.pix_fmt = size.width, size.height, "yuv420p"
    context.framerate, context.time_base = Fraction(FRAME_RATE), _TICK
    context.gop_size = _KEYFRAME_INTERVAL
    context.colorspace = context.color_primaries = context.color_trc = _SMPTE170M
    context.color_range = _LIMITED
    context.thread_count = threads
    context.options = dict(encoder.options)
