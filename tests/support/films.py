"""Looks at finished films: decodes them, and asks ffprobe."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from recorder.layouts import Rect


@dataclass(frozen=True)
class Watched:
    """Decoded: RGB pictures with their times, and the sound with full scale 1.0 at 48 kHz (left channel)."""

    times: list[float]
    pictures: list[NDArray[np.uint8]]
    sound: NDArray[np.float32]

    def colour(self, at: float, rect: Rect) -> tuple[int, int, int]:
        """The middle colour of a rectangle: of its inner half, so that borders and names do not count."""
        picture = self.pictures[min(range(len(self.times)), key=lambda place: abs(self.times[place] - at))]
        rows = slice(rect.y + rect.height // 4, rect.y + 3 * rect.height // 4)
        columns = slice(rect.x + rect.width // 4, rect.x + 3 * rect.width // 4)
        red, green, blue = np.median(picture[rows, columns].reshape(-1, 3), axis=0)
        return int(red), int(green), int(blue)

    def level(self, tone: float, start: float, end: float) -> float:
        """The amplitude of a tone in a span of time, in seconds."""
        piece = self.sound[round(start * 48_000) : round(end * 48_000)]
        times = np.arange(piece.size) / 48_000
        return float(2 * abs(np.mean(piece * np.exp(-2j * np.pi * tone * times))))

    def loudness(self, start: float, end: float) -> float:
        """The highest absolute sample in a span of time, in seconds."""
        return float(np.abs(self.sound[round(start * 48_000) : round(end * 48_000)]).max())


def watch(path: Path) -> Watched:
    times, pictures = [], []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            times.append(float(frame.time))
            pictures.append(frame.to_ndarray(format="rgb24"))
    return Watched(times, pictures, listen(path))


def listen(path: Path) -> NDArray[np.float32]:
    """The sound alone, as in `Watched`; of a film that still grows, what there is."""
    sound = [np.zeros(0)]
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            samples = frame.to_ndarray()
            sound.append(samples[0] if frame.format.is_planar else samples[0][::2])
    return np.concatenate(sound).astype(np.float32)


def probe(path: Path) -> dict[str, Any]:
    """What ffprobe says of the format and of the streams, by their kind."""
    command = ["ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", str(path)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)
    return {"format": told["format"]} | {stream["codec_type"]: stream for stream in told["streams"]}
