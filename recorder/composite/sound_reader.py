"""The sound of a file, placed on the segment's samples by its timestamps."""

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np

from recorder.composite.mixer import CHANNELS, SAMPLE_RATE, Sound
from recorder.composite.pictures import only
from recorder.composite.planner import Clip

_JUMP = 384  # samples, 8 ms: a greater difference is a gap or a repetition, a smaller one is the clock's
_TOLERATED = 48.0  # samples, 1 ms: what rounding to Matroska's milliseconds explains
_STRETCH = 4  # samples of 960: inaudible, and faster than any clock drifts
_SMOOTHING = 1 / 32


class Placement:
    """Where frames of sound go: one behind the other as long as the timestamps agree with that.

    Timestamps are rounded to milliseconds and the sender's clock drifts, so frames placed by them alone would click;
    frames placed by their number alone would drift. So frames follow each other, are stretched by a few samples
    when they run away from the timestamps, and jump at a gap. Positions are samples of the segment.
    """

    def __init__(self) -> None:
        self._expected: int | None = None
        self._drift = 0.0

    def place(self, position: int, sound: Sound) -> tuple[int, Sound]:
        """The position at which the frame begins, and the frame, perhaps stretched. `position` is by its timestamp."""
        if self._expected is None or abs(position - self._expected) > _JUMP:
            self._drift = 0.0
            start = position
        else:
            start = self._expected
            self._drift += (position - start - self._drift) * _SMOOTHING
            if abs(self._drift) > _TOLERATED:
                change = _STRETCH if self._drift > 0 else -_STRETCH
                self._drift -= change
                sound = _stretched(sound, change)
        self._expected = start + sound.shape[1]
        return start, sound


class Blocks:
    """Cuts placed sounds, whose positions do not decrease, into blocks whose start does not decrease either."""

    def __init__(self, following: Callable[[], tuple[int, Sound] | None]) -> None:
        """`following` gives the next sound and its position; None when there is none, of which `ended` then tells."""
        self.ended = False
        self._following = following
        self._waiting: tuple[int, Sound] | None = None

    def read(self, start: int, samples: int) -> Sound | None:
        """The block, filled up with silence; None when it is silent altogether."""
        block: Sound | None = None
        end = start + samples
        while True:
            if self._waiting is None:
                self._waiting = self._following()
            self.ended = self._waiting is None
            if self._waiting is None:
                break
            position, sound = self._waiting
            if position >= end:
                break
            first, last = max(position, start), min(position + sound.shape[1], end)
            if last > first:
                if block is None:
                    block = np.zeros((CHANNELS, samples), np.float32)
                block[:, first - start : last - start] = sound[:, first - position : last - position]
            if position + sound.shape[1] > end:
                break
            self._waiting = None
        return block


class Converter:
    """Decoded frames as sounds. Opus comes as it is needed, everything else is converted."""

    def __init__(self) -> None:
        self._resampler: av.AudioResampler | None = None

    def sound(self, frame: av.AudioFrame) -> Sound:
        """One or two channels at 48 kHz."""
        if frame.format.name == "fltp" and frame.sample_rate == SAMPLE_RATE and len(frame.layout.channels) <= CHANNELS:
            return _array(frame)
        if self._resampler is None:
            self._resampler = av.AudioResampler("fltp", "stereo", SAMPLE_RATE)
        parts = [_array(converted) for converted in self._resampler.resample(frame)]
        return np.concatenate(parts, axis=1) if parts else np.zeros((CHANNELS, 0), np.float32)


class SoundReader:
    """Reads the sound of a file in blocks whose start does not decrease. Holds one decoded frame.

    Raises av.FFmpegError or OSError when the file cannot be opened.
    """

    def __init__(self, path: Path, clip: Clip) -> None:
        self._clip = clip
        self._container = av.open(str(path.absolute()))
        streams = self._container.streams.audio
        self._packets = only(self._container, streams[0]) if streams else iter(())
        self._decoded: list[tuple[float, av.AudioFrame]] = []
        self._converter = Converter()
        self._placement = Placement()
        self._blocks = Blocks(self._next)

    @property
    def ended(self) -> bool:
        """Whether there is no more sound."""
        return self._blocks.ended

    def read(self, start: int, samples: int) -> Sound | None:
        """The block, filled up with silence; None when it is silent altogether."""
        return self._blocks.read(start, samples)

    def close(self) -> None:
        """Let go of the file."""
        self._packets = iter(())
        self._container.close()

    def _next(self) -> tuple[int, Sound] | None:
        while not self._decoded:
            packet = next(self._packets, None)
            if packet is None:
                return None
            try:
                self._decoded = [
                    (frame.time, frame) for frame in packet.decode() if frame.time is not None and frame.samples
                ]
            except av.FFmpegError:
                continue  # a damaged packet is a gap of its length
        time, frame = self._decoded.pop(0)
        position = round((self._clip.at + time) * SAMPLE_RATE)
        return self._placement.place(position, self._converter.sound(frame))


def _array(frame: av.AudioFrame) -> Sound:
    """Planar samples; the view of a single channel costs no copy."""
    if len(frame.planes) == 1:
        return np.frombuffer(memoryview(frame.planes[0]), np.float32, frame.samples)[None]
    return frame.to_ndarray().astype(np.float32, copy=False)


def _stretched(sound: Sound, change: int) -> Sound:
    """The same sound with so many samples more or fewer."""
    samples = sound.shape[1]
    if samples <= 2 * _STRETCH:
        return sound
    places = np.linspace(0, samples - 1, samples + change)
    return np.stack([np.interp(places, np.arange(samples), channel) for channel in sound]).astype(np.float32)
