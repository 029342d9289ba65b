"""Short clips, really encoded and packetised by FFmpeg, so that what codecs say of themselves is checked on truth."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import av
import numpy as np

from sfu.rtp.packet import parse_rtp
from tests.support import priorities

FIRST_PAYLOAD_TYPE = 96
KEYFRAME_INTERVAL = 3
FRAMES = 7

_OPTIONS = {
    "libvpx": {"deadline": "realtime", "cpu-used": "8"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"},
    "libx264": {"preset": "ultrafast", "tune": "zerolatency"},
    "libsvtav1": {"preset": "13", "svtav1-params": "pred-struct=1:lookahead=0"},
}


@dataclass(frozen=True)
class EncodedFrame:
    """`keyframe` is what the encoder says; `payloads` are those of the frame's RTP packets."""

    keyframe: bool
    data: bytes
    payloads: tuple[bytes, ...]


class _Datagrams:
    """FFmpeg's RTP muxer writes each packet at once."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: Any) -> int:
        self.written.append(bytes(data))
        return len(data)


@cache
def encode_clip(
    encoder: str, width: int, height: int, pixel_format: str = "yuv420p", profile: str | None = None
) -> tuple[EncodedFrame, ...]:
    """A clip of noise with a keyframe each `KEYFRAME_INTERVAL` frames, several packets per frame."""
    sink = _Datagrams()
    options = _OPTIONS[encoder] | {"g": str(KEYFRAME_INTERVAL)} | ({"profile": profile} if profile else {})
    frames: list[EncodedFrame] = []
    noise = np.random.default_rng(7)
    with (
        priorities.kept(),
        av.open(sink, "w", format="rtp", options={"packetsize": "500", "strict": "experimental"}) as container,
    ):
        stream = container.add_stream(encoder, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format

        def write(packets: list[Any]) -> None:
            for packet in packets:
                before = len(sink.written)
                data = bytes(packet)
                container.mux(packet)
                payloads = tuple(
                    parse_rtp(datagram).payload
                    for datagram in sink.written[before:]
                    if datagram[1] & 0x7F == FIRST_PAYLOAD_TYPE
                )
                frames.append(EncodedFrame(packet.is_keyframe, data, payloads))

        for index in range(FRAMES):
            picture = noise.integers(0, 255, (height, width, 3), dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pixel_format)
            frame.pts = index
            write(stream.encode(frame))
        write(stream.encode(None))
    return tuple(frames)
