from hypothesis import given
from hypothesis import strategies as st

from sfu.rtp.sequence import Unwrapper, seq_delta


def test_the_difference_goes_across_the_wrap():
    assert seq_delta(2, 65534) == 4
    assert seq_delta(65534, 2) == -4
    assert seq_delta(0x8000, 0) == -0x8000


@given(st.integers(0, 0xFFFF), st.integers(-0x8000, 0x7FFF))
def test_the_difference_is_what_was_added(start, step):
    assert seq_delta((start + step) & 0xFFFF, start) == step


@given(
    st.sampled_from((7, 15, 16, 32)).flatmap(
        lambda bits: st.tuples(
            st.just(bits),
            st.integers(0, (1 << bits) - 1),
            st.lists(st.integers(-(1 << bits - 1), (1 << bits - 1) - 1)),
        )
    )
)
def test_unwrapping_follows_every_step_of_less_than_half(case):
    bits, value, steps = case
    unwrapper = Unwrapper(bits)
    assert unwrapper.unwrap(value) == value
    for step in steps:
        value += step
        assert unwrapper.unwrap(value & (1 << bits) - 1) == value
