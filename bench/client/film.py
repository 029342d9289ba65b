"""Pictures that a browser can decode: VP8 made once, and sent again and again from its one keyframe on.

The synthetic video of `traffic` looks like VP8 to a server, but no decoder would show it.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache

import numpy as np

from bench.client.traffic import Burst, VideoTraffic

FILM = Burst(1, 1 / 30)
"""30 pictures a second; of how many packets a picture is depends on the picture."""
_SECONDS = 2
_WIDTH, _HEIGHT = 640, 360
_BITRATE = 800_000


@cache
def film() -> tuple[bytes, ...]:
    """The frames: a keyframe first, and none after it. Takes half a second."""
    import av  # FFmpeg's libraries, which no other load needs

    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = _WIDTH, _HEIGHT, "yuv420p"
    encoder.bit_rate = _BITRATE
    # With several threads it waits for them longer than it works.
    encoder.thread_count = 1
    encoder.time_base = Fraction(1, 30)
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "g": "100000"}
    # A wall that stands still, as rough as a room behind somebody, and a lighter field that moves in front of it.
    rough = np.random.default_rng(1).integers(80, 120, (_HEIGHT // 8, _WIDTH // 8), np.uint8)
    wall = np.vstack([rough.repeat(8, 0).repeat(8, 1), np.full((_HEIGHT // 2, _WIDTH), 128, np.uint8)])
    frames: list[bytes] = []
    for number in range(round(_SECONDS / FILM.interval)):
        picture = wall.copy()
        picture[100:260, 100 + 2 * number : 260 + 2 * number] = 200
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts = number
        frames += map(bytes, encoder.encode(frame))
    return tuple(frames)


class FilmTraffic(VideoTraffic):
    """The film of one publisher, instead of probes: who asks for a keyframe gets the film's beginning."""

    def __init__(
        self, publisher: int, ssrc: int, rtx_ssrc: int, mid: str, burst: Burst, seed: int, frames: Sequence[bytes]
    ) -> None:
        super().__init__(publisher, ssrc, rtx_ssrc, mid, burst, seed)
        self._frames = frames
        self._place = 0

    def payloads(self, key: bool, now_ns: int) -> list[bytes]:
        """The next frame, cut into packets of equal size."""
        if key or self._place == len(self._frames):
            self._place = 0
        data = self._frames[self._place]
        self._place += 1
        count = -(-len(data) // self.burst.payload)
        size = -(-len(data) // count)
        return [data[start : start + size] for start in range(0, len(data), size)]
