"""The sound of one live stream, decoded as it comes and placed on the segment's samples."""

from collections import deque

import av

from recorder.composite.mixer import SAMPLE_RATE, Sound
from recorder.composite.sound_reader import Blocks, Converter, Placement
from recorder.track_writer import TimedFrame


class LiveSound:
    """`put` what comes, `read` block by block; what comes after its block was read is left out."""

    def __init__(self) -> None:
        self.undecodable = 0
        """Packets that were left out."""
        self._decoder = av.CodecContext.create("opus", "r")
        # Of a decoder without a header: what has one channel sounds alike on both.
        self._decoder.sample_rate, self._decoder.layout = SAMPLE_RATE, "stereo"
        self._converter = Converter()
        self._placement = Placement()
        self._placed: deque[tuple[int, Sound]] = deque()
        self._blocks = Blocks(lambda: self._placed.popleft() if self._placed else None)

    def put(self, timed: TimedFrame) -> None:
        """`timed.at` is in seconds of the segment."""
        try:
            frames = self._decoder.decode(av.Packet(timed.frame.data))
        except av.FFmpegError:
            self.undecodable += 1
            return
        position = round(timed.at * SAMPLE_RATE)
        for frame in frames:
            sound = self._converter.sound(frame)
            self._placed.append(self._placement.place(position, sound))
            position += sound.shape[1]

    def read(self, start: int, samples: int) -> Sound | None:
        """The block from sample `start` of the segment on, filled up with silence; None when it is silent."""
        return self._blocks.read(start, samples)
