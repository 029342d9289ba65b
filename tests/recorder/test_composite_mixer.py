import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.composite.mixer import CEILING, Mixer
from recorder.composite.sound_reader import Placement

BLOCK = 1920


def mixed(*sounds: np.ndarray) -> np.ndarray:
    """Sounds of whole blocks, mixed block by block."""
    mixer = Mixer()
    blocks = range(0, sounds[0].shape[1], BLOCK)
    parts = [mixer.mix([sound[:, start : start + BLOCK] for sound in sounds], BLOCK) for start in blocks]
    return np.concatenate([*parts, mixer.flush()], axis=1)


def tone(hertz: float, level: float, blocks: int = 25) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hertz * np.arange(BLOCK * blocks) / 48_000)).astype(np.float32)[None]


def test_what_fits_is_not_touched():
    one, other = tone(440, 0.3), tone(1000, 0.4)

    assert np.array_equal(mixed(one, other), np.repeat(one + other, 2, axis=0))


def test_silence_stays_silence():
    assert not Mixer().mix([], BLOCK).any()


def test_after_a_loud_moment_the_gain_comes_back():
    quiet = tone(440, 0.3)
    loud = np.zeros_like(quiet)
    loud[:, 4 * BLOCK : 5 * BLOCK] = 3.0

    film = mixed(quiet, loud)

    assert np.allclose(film[:, : 4 * BLOCK - 480], quiet[:, : 4 * BLOCK - 480])
    assert abs(film).max() <= CEILING + 1e-6
    assert np.allclose(film[:, 11 * BLOCK :], quiet[:, 11 * BLOCK :])


def test_a_damaged_sound_silences_only_its_moment():
    broken = tone(440, 0.3)
    broken[:, 3 * BLOCK + 7] = np.nan

    film = mixed(broken)

    assert np.isfinite(film).all()
    assert np.allclose(film[0, 5 * BLOCK :], broken[0, 5 * BLOCK :])


@settings(max_examples=40)
@given(st.lists(st.lists(st.floats(0, 4), min_size=6, max_size=6), min_size=1, max_size=5), st.integers(0, 99))
def test_nothing_clips_and_no_sample_is_lost(levels, seed):
    noise = np.random.default_rng(seed)
    sounds = [
        (np.repeat(level, BLOCK // 2) * noise.uniform(-1, 1, 3 * BLOCK)).astype(np.float32)[None] for level in levels
    ]

    film = mixed(*sounds)

    assert film.shape == (2, 3 * BLOCK)
    assert abs(film).max() <= CEILING + 1e-5


def frames(rate: float, count: int = 3000, gap_at: int | None = None) -> list[tuple[int, int]]:
    """Where frames of 20 ms are placed, and how long they are, by a clock of `rate` samples a second."""
    placement = Placement()
    placed = []
    for number in range(count):
        seconds = number * 960 / rate + (0.06 if gap_at is not None and number >= gap_at else 0)
        milliseconds = round(seconds * 1000)  # as Matroska has it
        start, sound = placement.place(milliseconds * 48, np.zeros((1, 960), np.float32))
        placed.append((start, sound.shape[1]))
    return placed


def test_rounded_timestamps_make_neither_gaps_nor_overlaps():
    for (start, length), (following, _) in itertools.pairwise(frames(48_000)):
        assert (start + length, length) == (following, 960)


@pytest.mark.parametrize("rate", [47_990.0, 48_010.0])
def test_a_clock_that_drifts_stays_within_three_milliseconds_without_a_gap(rate):
    placed = frames(rate)

    for (start, length), (following, _) in itertools.pairwise(placed):
        assert start + length == following
    assert abs(placed[-1][0] - 2999 * 960 / rate * 48_000) < 3 * 48


def test_a_gap_is_a_gap():
    placed = frames(48_000, gap_at=100)

    assert placed[100][0] == 100 * 960 + 2880
