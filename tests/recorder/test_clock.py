import pytest

from recorder.clock import NodeClock, TrackClock
from tests.support.publishing import OPUS, VIDEO, Stream

VP8 = VIDEO["VP8"]


def track(node=None, codec=VP8):
    return Stream(codec, 1), TrackClock(node or NodeClock(), codec.clock_rate)


def told(clock, stream, captured, arrived):
    return clock.time_of(stream.timestamp(captured) & 0xFFFFFFFF, arrived)


def test_before_a_sender_report_the_fastest_packet_counts():
    stream, clock = track()
    clock.observe(stream.timestamp(0.0) & 0xFFFFFFFF, 0.30)
    clock.observe(stream.timestamp(0.1) & 0xFFFFFFFF, 0.25)
    assert told(clock, stream, 0.0, 0.3) == pytest.approx(0.15)
    assert told(clock, stream, 1.0, 1.3) == pytest.approx(1.15)


def test_sender_reports_line_tracks_up_whatever_their_delays():
    node = NodeClock()
    sound, sound_clock = track(node, OPUS)
    camera, camera_clock = track(node)
    camera_clock.observe(camera.timestamp(1.0) & 0xFFFFFFFF, 1.4)
    sound_clock.observe(sound.timestamp(1.0) & 0xFFFFFFFF, 1.1)
    sound_clock.sender_report(sound.report(1.0), 1.05)
    camera_clock.sender_report(camera.report(1.2), 1.6)
    assert told(sound_clock, sound, 2.0, 2.1) == pytest.approx(2.05, abs=1e-4)
    assert told(camera_clock, camera, 2.0, 2.4) == pytest.approx(2.05, abs=1e-4)


def test_timestamps_wrap():
    stream, clock = track()
    clock.sender_report(stream.report(0.0), 0.0)
    times = [told(clock, stream, second, second) for second in range(0, 100_000, 10_000)]
    assert times == pytest.approx(range(0, 100_000, 10_000), abs=1e-4)


def test_small_corrections_are_taken_in_steps_and_large_ones_at_once():
    node = NodeClock()
    _, other = track(node)
    stream, clock = track(node)
    other.sender_report(stream.report(0.0), 0.0)
    clock.sender_report(stream.report(1.0), 1.0)
    shifted = Stream(VP8, 1)
    for expected in (2.002, 2.004):
        report = shifted.report(1.99)
        clock.sender_report(type(report)(1, stream.report(2.0).ntp_time, report.rtp_time, 0, 0), 2.0)
        assert told(clock, stream, 2.0, 2.0) == pytest.approx(expected, abs=1e-4)
    report = shifted.report(1.9)
    clock.sender_report(type(report)(1, stream.report(2.0).ntp_time, report.rtp_time, 0, 0), 2.0)
    assert told(clock, stream, 2.0, 2.0) == pytest.approx(2.1, abs=1e-4)


def test_timestamps_that_began_anew_are_placed_by_their_arrival():
    stream, clock = track()
    clock.sender_report(stream.report(0.0), 0.0)
    assert told(clock, stream, 500.0, 3.0) == pytest.approx(3.0)
    assert not clock.synchronised
    assert told(clock, stream, 500.5, 3.6) == pytest.approx(3.5)


def test_a_node_whose_clock_was_set_is_learned_again():
    node = NodeClock()
    assert node.time_of(100 << 32, 1.0) == 1.0
    assert node.time_of(102 << 32, 3.3) == 3.0
    assert node.time_of(9000 << 32, 4.0) == 4.0
    assert node.time_of(9001 << 32, 5.1) == 5.0


def test_a_node_that_says_what_its_clock_shows_is_believed():
    node = NodeClock()
    node.learn(100.0, 1.0)
    assert node.time_of(102 << 32, 3.4) == 3.0
