import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bench.client.tally import MAX_MISSING, Gap, Tally

OWNER, SSRC = 3, 0x9234_5678


def counted(*batches: list[int]) -> tuple[Tally, list[Gap]]:
    """A tally of one stream after batches of sequence numbers, and the gaps they made."""
    tally = Tally()
    tally.add(OWNER, SSRC)
    gaps = [gap for batch in batches for gap in count(tally, batch)]
    return tally, gaps


def count(tally: Tally, numbers: list[int]) -> list[Gap]:
    length = len(numbers)
    streams = tally.find(np.full(length, OWNER), np.full(length, SSRC))
    assert (streams == 0).all()
    ones = np.ones(length, np.int64)
    return tally.count(streams, np.array(numbers, np.int64), ones * 100, ones * 7)


def test_an_ssrc_belongs_to_who_was_told_of_it():
    tally = Tally()
    tally.add(1, 5)
    second = tally.add(2, 5)
    assert tally.find(np.array([2, 1, 3, 2]), np.array([5, 5, 5, 6])).tolist() == [second, 0, -1, -1]


def test_what_comes_in_order_is_received_and_nothing_is_lost():
    tally, gaps = counted([1, 2, 3], [4, 5])
    assert tally.received.tolist() == [5]
    assert (tally.lost, gaps) == (0, [])
    assert tally.octets.tolist() == [500]
    assert tally.first_arrival.tolist() == [7]


def test_numbers_may_wrap():
    tally, gaps = counted([65533, 65534, 65535, 0, 1], [2])
    assert tally.received.tolist() == [6]
    assert gaps == []
    assert tally.expected(0) == 6


def test_gaps_within_a_batch_and_between_batches_are_lost():
    tally, gaps = counted([10, 11, 14], [16])
    assert tally.lost == 3
    assert [(gap.first & 0xFFFF, gap.last & 0xFFFF) for gap in gaps] == [(12, 13), (15, 15)]
    assert tally.expected(0) - int(tally.received[0]) == 3


def test_who_comes_late_was_not_lost():
    tally, _ = counted([1, 3], [2])
    assert (tally.lost, tally.late, tally.received.tolist()) == (0, 1, [3])


def test_who_comes_twice_is_a_duplicate():
    tally, _ = counted([1, 2, 2], [2, 3])
    assert (tally.duplicates, tally.received.tolist()) == (2, [3])


def test_a_retransmission_recovers_what_was_lost_once():
    tally, _ = counted([1, 4])
    assert tally.repaired(0, 2)
    assert not tally.repaired(0, 2)
    assert not tally.repaired(0, 9)
    assert (tally.lost, tally.recovered) == (2, 1)


def test_numbers_below_the_first_are_told_while_it_was_lately():
    tally, _ = counted([5, 6, 7])
    asked = [4, 5, 65535, 8]
    streams = np.zeros(4, np.int64)
    assert tally.before_first(streams, np.array(asked)).tolist() == [True, False, True, False]
    count(tally, [20_000])
    count(tally, [40_000])
    assert not tally.before_first(streams, np.array(asked)).any()


def test_after_a_long_outage_nothing_is_asked_for():
    tally, gaps = counted([1], [1 + MAX_MISSING + 2])
    assert (tally.lost, len(gaps)) == (MAX_MISSING + 1, 1)
    assert not tally.missing[0]


def test_streams_of_one_batch_are_kept_apart():
    tally = Tally()
    tally.add(OWNER, 1)
    tally.add(OWNER, 2)
    streams = np.array([0, 1, 0, 1, 0])
    gaps = tally.count(streams, np.array([5, 900, 6, 902, 7]), np.ones(5, np.int64), np.arange(5))
    assert [(gap.stream, gap.first & 0xFFFF) for gap in gaps] == [(1, 901)]
    assert tally.received.tolist() == [3, 2]
    assert tally.first_arrival.tolist() == [0, 1]


@given(
    st.integers(0, 65535),
    st.lists(st.booleans(), min_size=1, max_size=300),
    st.lists(st.integers(1, 40), min_size=1, max_size=10),
)
def test_received_and_lost_add_up_however_packets_are_batched(start: int, kept: list[bool], sizes: list[int]):
    # The first and the last always come: what is lost before or after nobody can know.
    kept = [True, *kept, True]
    numbers = [(start + index) & 0xFFFF for index, here in enumerate(kept) if here]
    batches = []
    while numbers:
        size = sizes[len(batches) % len(sizes)]
        batches.append(numbers[:size])
        numbers = numbers[size:]
    tally, _ = counted(*batches)
    assert int(tally.received[0]) == sum(kept)
    assert tally.lost == len(kept) - sum(kept)
    assert tally.expected(0) == len(kept)
