"""Caps: sizes whichever way they are turned, and a bucket that forgives bursts but not excess."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.caps import Policer, is_too_large
from sfu.link_messages import Cap

HD = Cap(long_side=1280, short_side=720, bitrate=2_500_000)
SD = Cap(long_side=640, short_side=480, bitrate=1_000_000)
LD = Cap(long_side=640, short_side=360, bitrate=600_000)


@pytest.mark.parametrize(
    ("cap", "width", "height", "too_large"),
    [
        (HD, 1280, 720, False),
        (HD, 720, 1280, False),
        (HD, 1920, 1080, True),
        (HD, 1280, 960, True),
        (HD, 960, 960, True),
        (SD, 640, 480, False),
        (SD, 480, 640, False),
        (SD, 960, 540, True),
        (SD, 800, 480, True),
        (LD, 640, 360, False),
        (LD, 640, 368, False),
        (LD, 640, 480, True),
        (Cap(bitrate=1), 7680, 4320, False),
    ],
)
def test_sizes_count_whichever_way_they_are_turned(cap: Cap, width: int, height: int, too_large: bool) -> None:
    assert is_too_large(cap, width, height) == too_large


def measure(policer: Policer, bitrate: float, seconds: float, begin: float) -> list[bool]:
    """What the policer says each 100 ms while so much comes in."""
    said = []
    for step in range(1, round(seconds * 10) + 1):
        policer.octets += round(bitrate / 80)
        said.append(policer.measure(1_000_000, begin + step / 10))
    return said


def test_the_cap_itself_is_never_too_much() -> None:
    assert not any(measure(Policer(0.0), 1_000_000, 60.0, 0.0))


def test_a_burst_is_forgiven_and_excess_is_not() -> None:
    policer = Policer(0.0)
    assert not any(measure(policer, 3_000_000, 1.0, 0.0))
    assert not any(measure(policer, 500_000, 5.0, 1.0))
    assert measure(policer, 3_000_000, 3.0, 6.0)[-1]


def test_good_conduct_is_rewarded_soon_however_bad_the_excess_was() -> None:
    policer = Policer(0.0)
    assert measure(policer, 100_000_000, 10.0, 0.0)[-1]
    said = measure(policer, 1_000_000, 6.0, 10.0)
    assert said[0] and not said[-1]


def test_silence_counts_as_good_conduct() -> None:
    policer = Policer(0.0)
    measure(policer, 10_000_000, 5.0, 0.0)
    assert not policer.measure(1_000_000, 60.0)


@given(st.lists(st.integers(0, 12_500), min_size=1, max_size=100))
def test_whoever_keeps_to_the_cap_is_never_too_much_however_unevenly(octets: list[int]) -> None:
    policer = Policer(0.0)
    for step, number in enumerate(octets, 1):
        policer.octets += number
        assert not policer.measure(1_000_000, step / 10)
