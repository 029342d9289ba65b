from hypothesis import given
from hypothesis import strategies as st

from sfu.congestion.feedback import FeedbackRecorder
from sfu.rtcp.packets import TransportFeedback, parse_rtcp


def reported(feedbacks: list[TransportFeedback]) -> dict[int, int | None]:
    """What the sender reads: ticks of 250 us by sequence number."""
    result: dict[int, int | None] = {}
    for feedback in feedbacks:
        (parsed,) = parse_rtcp(feedback.to_bytes())
        assert parsed == feedback
        result.update(parsed.arrivals())
    return result


def test_nothing_arrived_makes_no_feedback():
    assert FeedbackRecorder().build(1, 2, 0.1) == []


def test_arrivals_and_gaps_are_reported_once():
    recorder = FeedbackRecorder()
    recorder.received(65534, 10.0)
    recorder.received(1, 10.01)
    (feedback,) = recorder.build(1, 2, 10.1)
    assert (feedback.sender_ssrc, feedback.media_ssrc, feedback.base_sequence) == (1, 2, 65534)
    assert reported([feedback]) == {65534: 40000, 65535: None, 0: None, 1: 40040}
    assert recorder.build(1, 2, 10.2) == []


def test_loss_between_two_feedbacks_is_reported_in_the_second():
    recorder = FeedbackRecorder()
    recorder.received(1, 0.0)
    recorder.build(1, 2, 0.1)
    recorder.received(4, 0.15)
    assert reported(recorder.build(1, 2, 0.2)) == {2: None, 3: None, 4: 600}


def test_a_late_packet_is_reported_with_what_came_after_it():
    recorder = FeedbackRecorder()
    recorder.received(1, 0.0)
    recorder.received(3, 0.02)
    recorder.build(1, 2, 0.1)
    recorder.received(2, 0.12)
    assert reported(recorder.build(1, 2, 0.2)) == {2: 480, 3: 80}


def test_a_packet_older_than_the_history_is_left_out():
    recorder = FeedbackRecorder()
    recorder.received(1, 0.0)
    recorder.received(3, 0.02)
    recorder.build(1, 2, 0.1)
    recorder.received(4, 5.0)
    recorder.build(1, 2, 5.1)
    recorder.received(2, 5.2)
    assert recorder.build(1, 2, 5.3) == []


def test_a_duplicate_keeps_the_first_arrival():
    recorder = FeedbackRecorder()
    recorder.received(1, 0.0)
    recorder.received(1, 0.05)
    assert reported(recorder.build(1, 2, 0.1)) == {1: 0}


def test_feedbacks_are_counted_modulo_256():
    recorder = FeedbackRecorder()
    counts = []
    for index in range(300):
        recorder.received(index, index * 0.1)
        counts += [feedback.feedback_count for feedback in recorder.build(1, 2, index * 0.1)]
    assert counts == [index % 256 for index in range(300)]


def test_a_pause_longer_than_a_delta_holds_splits_the_feedback():
    recorder = FeedbackRecorder()
    recorder.received(1, 0.0)
    recorder.received(2, 60.0)
    feedbacks = recorder.build(1, 2, 60.0)
    assert len(feedbacks) == 2
    assert reported(feedbacks) == {1: 0, 2: 240000}


def test_a_long_list_is_split_to_fit_into_datagrams():
    recorder = FeedbackRecorder()
    for index in range(0, 4000, 2):
        recorder.received(index, index * 1e-5)
    feedbacks = recorder.build(1, 2, 1.0)
    assert all(len(feedback.to_bytes()) <= 1200 for feedback in feedbacks)
    assert reported(feedbacks) == {index: int(index * 1e-5 * 4000) if index % 2 == 0 else None for index in range(3999)}


def test_a_jump_in_the_numbers_starts_anew():
    recorder = FeedbackRecorder()
    recorder.received(1, 0.0)
    recorder.received(30000, 0.01)
    recorder.received(30001, 0.02)
    assert reported(recorder.build(1, 2, 0.1)) == {30000: 40, 30001: 80}


def test_a_large_clock_wraps_in_the_reference_time():
    recorder = FeedbackRecorder()
    recorder.received(1, 1e7)
    recorder.received(2, 1e7 + 0.001)
    times = reported(recorder.build(1, 2, 1e7))
    assert times[2] - times[1] == 4


@given(
    start=st.integers(0, 0xFFFF),
    packets=st.lists(st.tuples(st.booleans(), st.integers(0, 2000)), min_size=1, max_size=300),
)
def test_what_is_parsed_is_what_arrived(start, packets):
    recorder = FeedbackRecorder()
    time = 1_000_000
    expected: dict[int, int | None] = {}
    for index, (arrived, pause) in enumerate(packets):
        time += pause
        expected[(start + index) & 0xFFFF] = time if arrived else None
        if arrived:
            # Amid the tick, where a float cannot slip into the one before.
            recorder.received((start + index) & 0xFFFF, (time + 0.5) / 4000)
    # Before the first and after the last arrival nothing is known.
    numbers = list(expected)
    while numbers and expected[numbers[-1]] is None:
        del expected[numbers.pop()]
    while numbers and expected[numbers[0]] is None:
        del expected[numbers.pop(0)]
    assert reported(recorder.build(1, 2, time / 4000)) == expected


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.floats(0, 20), st.booleans()), max_size=60))
def test_any_numbers_make_feedback_that_can_be_written(packets):
    recorder = FeedbackRecorder()
    now = 0.0
    for number, pause, build in packets:
        now += pause
        recorder.received(number, now)
        if build:
            assert all(len(feedback.to_bytes()) <= 1200 for feedback in recorder.build(1, 2, now))


def test_numbers_that_leap_make_no_more_feedback_than_a_fast_sender():
    recorder = FeedbackRecorder()
    for index in range(100):
        recorder.received(index * 4999 & 0xFFFF, index * 0.001)
    feedbacks = recorder.build(1, 2, 0.1)
    assert len(feedbacks) <= 11
    assert feedbacks[-1].deltas[-1] is not None
