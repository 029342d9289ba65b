"""The mixer: adds sounds up block by block and keeps the sum below full scale. No clock, no files."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float32]  # shape (channels, samples); full scale is 1.0

SAMPLE_RATE = 48_000
CHANNELS = 2
CEILING = 0.89  # -1 dB: AAC does not keep peaks exactly
_CHUNK = 240  # samples, 5 ms
_RELEASE = 0.025  # of full gain per chunk: from silence to full gain in 200 ms


class Mixer:
    """Sums sounds of one or two channels.

    The limiter looks one chunk of 5 ms ahead, so the first block comes out that much shorter, and `flush` gives the
    rest: not a sample is lost or moved.
    """

    def __init__(self) -> None:
        self._held = np.zeros((CHANNELS, 0), np.float32)  # the chunk whose end depends on what comes next
        self._held_limit = 1.0
        self._gain = 1.0  # at the beginning of the held chunk

    def mix(self, sounds: Iterable[Sound], samples: int) -> Sound:
        """The next block. `samples` is a multiple of 240; shorter sounds do not exist: sources fill up with silence."""
        total = np.zeros((CHANNELS, samples), np.float32)
        for sound in sounds:
            total += sound
        if not np.isfinite(total).all():  # a damaged sound must not silence what follows
            total = np.nan_to_num(total, nan=0.0, posinf=0.0, neginf=0.0)
        peaks = np.abs(total).reshape(CHANNELS, -1, _CHUNK).max(axis=(0, 2))
        limits = np.minimum(1.0, CEILING / np.maximum(peaks, CEILING))
        if self._gain == 1.0 and self._held_limit == 1.0 and limits.min() == 1.0:
            ready, self._held = self._held, total[:, -_CHUNK:]
            return np.concatenate((ready, total[:, :-_CHUNK]), axis=1)
        return self._limited(total, [float(limit) for limit in limits])

    def flush(self) -> Sound:
        """What is still held back; call it once, at the end."""
        return self._held * np.float32(min(self._gain, self._held_limit))

    def _limited(self, total: Sound, limits: list[float]) -> Sound:
        """Between two chunks the gain is what both allow; inside a chunk it goes there in a straight line."""
        bounds = [self._gain]
        for before, after in zip([self._held_limit, *limits[:-1]], limits, strict=True):
            bounds.append(min(before, after, bounds[-1] + _RELEASE))
        whole = np.concatenate((self._held, total), axis=1)
        ready = whole[:, :-_CHUNK]
        if not self._held.size:
            bounds = bounds[1:]
        places = np.arange(ready.shape[1], dtype=np.float32)
        gains = np.interp(places, np.arange(len(bounds)) * _CHUNK, bounds).astype(np.float32)
        self._held, self._held_limit, self._gain = whole[:, -_CHUNK:], limits[-1], bounds[-1]
        return ready * gains
