"""The rules of quality, as docs/rest-api.md has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.link_messages import Flow, SlotUse
from signalling.reports.quality import Direction, Quality, overall, percentages, quality_of

seconds = st.floats(0, 1e6)


@pytest.mark.parametrize(
    ("use", "lost", "quality"),
    [
        ("audio", 30, "good"),
        ("audio", 31, "moderate"),
        ("audio", 100, "moderate"),
        ("audio", 101, "bad"),
        ("video", 50, "good"),
        ("video", 51, "moderate"),
        ("video", 150, "moderate"),
        ("video", 151, "bad"),
        ("screen", 50, "good"),
        ("screen", 151, "bad"),
    ],
)
def test_losses_of_what_is_received(use: SlotUse, lost: int, quality: Quality) -> None:
    flow = Flow(packets=1000, lost=lost, seconds=5, bitrate=500_000, streams=1)
    assert quality_of(use, "receive", flow) == quality


def test_what_was_sent_and_lost_is_not_among_what_arrived() -> None:
    flow = Flow(packets=970, lost=30, seconds=5, bitrate=30_000, streams=1)
    assert quality_of("audio", "send", flow) == "good"
    assert quality_of("audio", "receive", flow) == "moderate"


@pytest.mark.parametrize(
    ("bitrate", "streams", "quality"),
    [
        (30_000, 1, "good"),
        (29_999, 1, "moderate"),
        (900, 1, "moderate"),
        (0, 1, "bad"),
        (60_000, 2, "good"),
        (59_000, 2, "moderate"),
    ],
)
def test_the_bitrate_of_video_is_judged_by_stream(bitrate: int, streams: float, quality: Quality) -> None:
    flow = Flow(packets=100, seconds=5, bitrate=bitrate, streams=streams)
    assert quality_of("video", "receive", flow) == quality


@pytest.mark.parametrize("use", ["audio", "screen"])
def test_silence_and_a_screen_that_stands_still_are_not_bad(use: SlotUse) -> None:
    assert quality_of(use, "receive", Flow(packets=12, seconds=5, bitrate=800, streams=1)) == "good"


def test_a_client_that_claims_to_have_lost_more_than_there_was_is_bad_and_no_error() -> None:
    flow = Flow(packets=10, lost=8_000_000, seconds=5, bitrate=30_000, streams=1)
    assert quality_of("audio", "receive", flow) == "bad"


@pytest.mark.parametrize(
    ("good", "moderate", "bad", "quality"),
    [
        (0, 0, 0, "good"),
        (80, 20, 0, "good"),
        (79, 21, 0, "moderate"),
        (80, 1, 19, "good"),
        (80, 0, 20, "bad"),
        (0, 81, 19, "moderate"),
        (0, 0, 5, "bad"),
    ],
)
def test_the_whole_is_judged_by_shares_of_the_time(good: float, moderate: float, bad: float, quality: Quality) -> None:
    assert overall(good, moderate, bad) == quality


def test_percents_of_thirds() -> None:
    assert percentages(5, 5, 5) == (34, 33, 33)
    assert percentages(0, 0, 0) == (0, 0, 0)


@given(seconds, seconds, seconds)
def test_percents_add_up_and_are_near_the_truth(good: float, moderate: float, bad: float) -> None:
    total = good + moderate + bad
    shown = percentages(good, moderate, bad)
    assert sum(shown) == (100 if total else 0)
    for percent, part in zip(shown, (good, moderate, bad), strict=True):
        assert not total or abs(percent - part * 100 / total) <= 1.0000001


@given(
    st.sampled_from(["audio", "video", "screen"]),
    st.sampled_from(["send", "receive"]),
    st.integers(0, 10_000),
    st.integers(0, 10_000),
    st.integers(0, 5_000_000),
    st.integers(1, 1000),
)
def test_more_losses_never_make_it_better(
    use: SlotUse, direction: Direction, packets: int, lost: int, bitrate: int, more: int
) -> None:
    order = ("good", "moderate", "bad")
    flow = Flow(packets=packets, lost=lost, seconds=5, bitrate=bitrate, streams=1)
    worse = flow.model_copy(update={"lost": lost + more})
    if packets:
        assert order.index(quality_of(use, direction, worse)) >= order.index(quality_of(use, direction, flow))
