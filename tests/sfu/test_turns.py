"""Each item has its turn once in a period, and the work is spread."""

from hypothesis import given
from hypothesis import strategies as st

from sfu.turns import Turns


@given(st.integers(1, 60), st.sets(st.integers(0, 59)))
def test_everyone_has_one_turn_in_a_period_and_nobody_who_left(number: int, leaving: set[int]) -> None:
    turns: Turns[int] = Turns(20)
    for item in range(number):
        turns.add(str(item), item)
    gone = {item for item in leaving if item < number}
    for item in gone:
        turns.remove(str(item))
    seen = [item for tick in range(7, 27) for item in turns.due(tick)]
    assert sorted(seen) == sorted(set(range(number)) - gone)
    often = [item for tick in range(20) for item in turns.due(tick, each=5)]
    assert sorted(often) == sorted(seen * 4)


def test_turns_are_spread_evenly_also_after_many_have_left() -> None:
    turns: Turns[int] = Turns(10)
    for item in range(40):
        turns.add(str(item), item)
    for item in range(0, 40, 10):
        turns.remove(str(item))
    for item in range(100, 104):
        turns.add(str(item), item)
    assert [len(list(turns.due(tick))) for tick in range(10)] == [4] * 10
