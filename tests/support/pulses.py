"""What a recording of a page with pulses.js holds: the clock in its pictures, flashes and beeps; what is missing."""

import subprocess
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from recorder.layouts import Rect

BITS = 20
CYCLE = 2**BITS / 1000
"""Seconds until the clock in the pictures begins anew."""
RATE = 48_000
VIDEO_CLOCK = 90_000
WINDOW = 480
LOUD = 0.15
"""The amplitude from which a beep counts; it has 0.4."""
SAME = 0.012
"""Seconds by which the times of one frame may differ between sender and file: clocks are adjusted in small steps."""


@dataclass(frozen=True)
class Pulses:
    """Times in seconds of the file. `clock` is what the picture of each of `times` says, in seconds, from 0 to CYCLE.

    `sound` has gaps filled with silence.
    """

    times: list[float]
    clock: list[float]
    flashes: list[float]
    sound: NDArray[np.float64]

    def offsets(self, pitch: float) -> list[float]:
        """By how much each beep of the pitch (Hz) comes after its flash, in seconds; those without one are left out."""
        beeps = _rises(self._envelope(pitch) > LOUD)
        if not beeps.size:
            return []
        nearest = [min(beeps, key=lambda beep: abs(beep - flash)) - flash for flash in self.flashes]
        return [float(offset) for offset in nearest if abs(offset) < 0.5]

    def lags(self, began: float) -> list[float]:
        """By how much each picture comes later than it was drawn, when the file's time 0 is `began` (Unix seconds)."""
        later = [(began + at - drawn) % CYCLE for at, drawn in zip(self.times, self.clock, strict=True)]
        return [lag - CYCLE if lag > CYCLE / 2 else lag for lag in later]

    def longest_silence(self, pitch: float) -> float:
        """Seconds without the tone, between its beginning and its end."""
        heard = np.flatnonzero(self._envelope(pitch) > 0.02)
        return float(np.diff(heard).max()) / RATE

    def _envelope(self, pitch: float) -> NDArray[np.float64]:
        turned = self.sound * np.exp(-2j * np.pi * pitch * np.arange(self.sound.size) / RATE)
        return 2 * np.abs(np.convolve(turned, np.ones(WINDOW) / WINDOW, "same"))


def read_pulses(path: Path, rect: Rect | None = None) -> Pulses:
    """Decode a file, or of a film what is within `rect`."""
    times, clock, lit = [], [], []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            picture = frame.to_ndarray(format="gray")
            if rect is not None:
                picture = picture[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width]
            height, width = picture.shape
            bars = picture[height * 5 // 100 : height * 11 // 100].mean(axis=0)
            bits = [
                bars[int(width * (bit + 0.35) / BITS) : int(width * (bit + 0.65) / BITS)].mean() for bit in range(BITS)
            ]
            times.append(float(frame.time or 0))
            clock.append(sum(1 << bit for bit, level in enumerate(bits) if level > 128) / 1000)
            lit.append(picture[height * 21 // 100 : height * 29 // 100].mean() > 128)
    flashes = [at for (_, before), (at, now) in pairwise(zip(times, lit, strict=True)) if now and not before]
    return Pulses(times, clock, flashes, _sound(path))


def _sound(path: Path) -> NDArray[np.float64]:
    pieces: list[tuple[int, NDArray[np.float32]]] = []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            samples = frame.to_ndarray()
            pieces.append((round(float(frame.time or 0) * RATE), samples[0]))
    sound = np.zeros(max(start + piece.size for start, piece in pieces))
    for start, piece in pieces:
        sound[max(start, 0) : start + piece.size] = piece[max(-start, 0) :]
    return sound


def _rises(there: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.asarray(np.flatnonzero(there[1:] & ~there[:-1]) / RATE, np.float64)


def packet_times(path: Path, kind: str) -> list[float]:
    """When the packets of the `video` or the `audio` are, in seconds."""
    with av.open(str(path)) as container:
        packets = container.demux(container.streams.get({kind: 0}))
        return sorted(float(packet.pts * packet.time_base) for packet in packets if packet.pts is not None)


def highest_layer(sent: list[tuple[str, int, int, int]]) -> list[float]:
    """When the frames of the largest camera layer were captured, in seconds of any clock; `sent` as of probe.sent()."""
    widths: dict[int, int] = {}
    for kind, ssrc, _, width in sent:
        if kind == "video":
            widths[ssrc] = max(width, widths.get(ssrc, 0))
    largest = max(widths, key=widths.__getitem__)
    stamps = [timestamp for _, ssrc, timestamp, _ in sent if ssrc == largest]
    seconds = [0.0]
    for before, after in pairwise(stamps):
        seconds.append(seconds[-1] + ((after - before + 2**31) % 2**32 - 2**31) / VIDEO_CLOCK)
    return seconds


def missing(sent: list[float], written: list[float]) -> list[float]:
    """The times (of the file) of frames that were sent, but are not written, between the first and the last that is.

    `sent` has times of another clock than `written`: how they belong together is found by trying what fits most.
    """
    fits = Counter(round((there - here) / SAME) for there in written for here in sent)
    offset = fits.most_common(1)[0][0] * SAME
    there, here = np.array(written), np.array(sent) + offset
    inside = here[(here > there[0] + SAME) & (here < there[-1] - SAME)]
    return [float(at) for at in inside if np.abs(there - at).min() > 2 * SAME]


def holes(written: list[float], spacing: float) -> list[tuple[float, float]]:
    """Where frames that ought to be `spacing` apart (seconds) are not: the time, and what is missing there."""
    return [(here, there - here - spacing) for here, there in pairwise(written) if there - here > 1.5 * spacing]


def decoding_errors(path: Path) -> str:
    """All that FFmpeg finds wrong with a file when it plays it; empty when that is nothing."""
    # With the file's own times: those of a constant rate cannot tell two close pictures apart, and that is no error.
    times = ["-enc_time_base", "1:1000", "-fps_mode", "passthrough"]
    command = ["ffmpeg", "-v", "error", "-err_detect", "explode", "-i", str(path), *times, "-f", "null", "-"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stderr
