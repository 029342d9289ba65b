import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from sfu.rtp.nack import NackScheduler

RTT = 0.1


def scheduler_with_gap(**options) -> NackScheduler:
    """Packets 65534 and 1 have come; 65535 and 0 are missing since 0.0."""
    scheduler = NackScheduler(**options)
    scheduler.received(65534, 0.0)
    scheduler.received(1, 0.0)
    return scheduler


def test_without_gap_nothing_is_asked_for():
    scheduler = NackScheduler()
    for number in range(65500, 65600):
        scheduler.received(number & 0xFFFF, 0.0)
    assert scheduler.due(1.0, RTT) == []
    assert scheduler.missing == 0


def test_a_gap_is_asked_for_after_a_wait_for_reordering():
    scheduler = scheduler_with_gap(reorder_wait=0.01)
    assert scheduler.due(0.005, RTT) == []
    assert scheduler.due(0.01, RTT) == [65535, 0]
    assert scheduler.requested == 2


def test_reordered_packets_are_never_asked_for():
    scheduler = scheduler_with_gap(reorder_wait=0.01)
    assert scheduler.received(0, 0.005)
    assert scheduler.received(65535, 0.006)
    assert scheduler.due(0.02, RTT) == []


def test_requests_repeat_each_round_trip_until_the_packet_comes():
    scheduler = scheduler_with_gap()
    assert scheduler.due(0.02, RTT) == [65535, 0]
    assert scheduler.due(0.11, RTT) == []
    assert scheduler.received(65535, 0.115)
    assert scheduler.due(0.13, RTT) == [0]
    assert scheduler.recovered == 1


def test_a_short_round_trip_does_not_make_a_flood():
    scheduler = scheduler_with_gap(min_retry=0.02)
    assert scheduler.due(0.02, 0.0) == [65535, 0]
    assert scheduler.due(0.03, 0.0) == []
    assert scheduler.due(0.041, 0.0) == [65535, 0]


def test_after_enough_requests_a_packet_is_given_up_and_a_keyframe_needed():
    scheduler = scheduler_with_gap(max_requests=2, max_age=100)
    assert scheduler.due(1.0, RTT) == [65535, 0]
    assert scheduler.due(2.0, RTT) == [65535, 0]
    assert not scheduler.keyframe_needed
    assert scheduler.due(3.0, RTT) == []
    assert scheduler.keyframe_needed
    assert (scheduler.abandoned, scheduler.missing) == (2, 0)
    scheduler.keyframe_arrived()
    assert not scheduler.keyframe_needed


def test_old_packets_are_given_up_even_if_never_asked_for():
    scheduler = scheduler_with_gap(max_age=1.0)
    assert scheduler.due(1.01, RTT) == []
    assert (scheduler.abandoned, scheduler.missing) == (2, 0)


def test_a_packet_that_comes_after_it_was_given_up_is_not_recovered():
    scheduler = scheduler_with_gap(max_age=1.0)
    scheduler.due(2.0, RTT)
    assert not scheduler.received(0, 2.0)
    assert scheduler.recovered == 0


def test_when_too_much_is_missing_a_keyframe_is_needed_and_nothing_is_asked_for():
    scheduler = NackScheduler(max_missing=100)
    scheduler.received(0, 0.0)
    scheduler.received(51, 0.0)
    assert scheduler.missing == 50
    scheduler.received(151, 0.0)
    assert scheduler.keyframe_needed
    assert scheduler.due(1.0, RTT) == []
    assert scheduler.abandoned == 149


def test_a_source_that_starts_anew_backwards_is_watched_from_there():
    scheduler = NackScheduler()
    scheduler.received(20000, 0.0)
    scheduler.received(100, 0.0)
    scheduler.received(102, 0.0)
    assert scheduler.due(1.0, RTT) == [101]
    assert not scheduler.keyframe_needed


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.floats(0, 0.2)), max_size=80))
def test_any_numbers_keep_the_list_bounded(packets):
    scheduler = NackScheduler(max_missing=50)
    now = 0.0
    for number, pause in packets:
        now += pause
        scheduler.received(number, now)
        due = scheduler.due(now, RTT)
        assert scheduler.missing <= 50
        assert number not in due
        assert all(0 <= asked <= 0xFFFF for asked in due)


@given(st.integers(0, 0xFFFF), st.sets(st.integers(1, 198), max_size=50))
def test_exactly_what_is_lost_is_asked_for(start, lost):
    scheduler = NackScheduler()
    for index in range(200):
        if index not in lost:
            scheduler.received((start + index) & 0xFFFF, 0.0)
    assert scheduler.due(0.5, RTT) == [(start + index) & 0xFFFF for index in sorted(lost)]


def test_a_source_with_gaps_for_ever_takes_no_more_memory():
    scheduler = NackScheduler()
    tracemalloc.start()
    try:
        for index in range(400):
            scheduler.received(index * 290 & 0xFFFF, index * 0.001)
        assert tracemalloc.get_traced_memory()[0] < 200_000
    finally:
        tracemalloc.stop()
