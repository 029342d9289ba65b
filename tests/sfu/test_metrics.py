"""What a media node measures of itself."""

from sfu.metrics import WINDOW, DelayMeter


def test_the_worst_delay_is_remembered_for_a_minute_and_all_are_counted() -> None:
    delays = DelayMeter()
    for delay in (0.0005, 0.007, 0.003):
        delays.add(delay, 0.0)
    assert [delays.worst() for _ in range(WINDOW)] == [0.007] * WINDOW
    delays.add(0.002, 0.0)
    assert delays.worst() == 0.002
    totals = delays.totals()
    assert (totals.buckets[0], totals.buckets[1], totals.buckets[2], totals.buckets[-1]) == (1, 2, 3, 4)
    assert abs(totals.seconds - 0.0125) < 1e-9


def test_the_longest_turn_is_by_processor_time_and_not_by_the_clock() -> None:
    delays = DelayMeter()
    # What the process used before it began to read packets kept none of them waiting.
    # Nor do several short turns make a long one.
    for delay, worked in ((0.001, 5.0), (0.9, 5.003), (0.001, 5.011)):
        delays.add(delay, worked)
    assert abs(delays.longest_turn() - 0.003) < 1e-9
