"""What transport-wide feedback says of what was sent, read by both readers."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.congestion.delivery import DeliveryMeter, Outcome, read_outcome
from sfu.congestion.send_history import SIZE, SendHistory
from sfu.native import is_built
from sfu.native.egress import NativeEgress
from sfu.native.feedback import read_feedback
from sfu.rtcp.packets import RtcpError, TransportFeedback

Reader = Callable[[bytes, SendHistory], Outcome]


def compiled(body: bytes, history: SendHistory) -> Outcome:
    native = NativeEgress()
    native.remember_in(history)
    return read_feedback(body, history, native)


needs_compiled = pytest.mark.skipif(not is_built(), reason="the compiled part was not built")


@pytest.fixture(params=[read_outcome, pytest.param(compiled, marks=needs_compiled)])
def read(request: pytest.FixtureRequest) -> Reader:
    reader: Reader = request.param
    return reader


def history_of(number: int, *, first: int = 0, size: int = 1000, interval: int = 10_000) -> SendHistory:
    """Packets sent `interval` microseconds apart, from the transport-wide number `first` on."""
    history = SendHistory()
    history.next[0] = first
    for index in range(number):
        history.sent(size, index * interval)
    return history


def body(base: int, deltas: tuple[int | None, ...], reference: int = 0) -> bytes:
    return TransportFeedback(1, 2, base, reference, 0, deltas).to_bytes()[4:]


def test_what_came_and_what_did_not(read: Reader) -> None:
    history = history_of(4)
    # Sent at 0, 10, 20 and 30 ms; the first came after 5 ms, the last after 7.
    outcome = read(body(0, (20, None, 60, 68)), history)
    assert outcome == Outcome(received=3, octets=3000, lost=1, first_delay=5000, delay_sum=-5000 + 2000)


def test_what_comes_late_is_no_longer_lost(read: Reader) -> None:
    history = history_of(3)
    assert read(body(0, (0, None, 80)), history).lost == 1
    again = read(body(1, (90, 0)), history)
    assert (again.received, again.octets, again.lost) == (1, 1000, -1)


def test_what_was_reported_before_does_not_count_twice(read: Reader) -> None:
    history = history_of(3)
    read(body(0, (0, None, 80)), history)
    assert read(body(0, (0, None, 80)), history) == Outcome(0, 0, 0, 0, 0)


def test_numbers_wrap(read: Reader) -> None:
    history = history_of(10, first=0x1FFFB)
    assert read(body(0xFFFB, (0,) * 10), history).received == 10


def test_numbers_that_were_not_sent_do_not_count(read: Reader) -> None:
    history = history_of(5)
    assert read(body(3, (0,) * 10), history).received == 2
    assert read(body(30_000, (0,) * 10), history).received == 0
    assert read(body(0, (0,) * 10), SendHistory()).received == 0


def test_numbers_that_were_forgotten_do_not_count(read: Reader) -> None:
    history = history_of(SIZE + 100)
    assert read(body(90, (0,) * 20), history).received == 10


def test_malformed_feedback_is_refused_and_changes_nothing(read: Reader) -> None:
    history = history_of(20)
    whole = body(0, (0, None, 300, -5) * 5)
    for size in range(len(whole) - 4):
        with pytest.raises(RtcpError):
            read(whole[:size], history)
    reserved = bytearray(whole)
    reserved[16:18] = b"\xff\xff"
    with pytest.raises(RtcpError):
        read(bytes(reserved), history)
    assert set(history.sizes[:20]) == {1000}


deltas = st.lists(st.none() | st.integers(-0x8000, 0x7FFF), min_size=1, max_size=60).map(tuple)
feedbacks = st.builds(body, st.integers(0, 0xFFFF), deltas, st.integers(-0x800000, 0x7FFFFF))


@needs_compiled
@given(
    first=st.integers(0, 0xFFFF_FFFF - 200),
    bodies=st.lists(st.builds(lambda distance, deltas: (distance, deltas), st.integers(-90, 10), deltas), max_size=5),
    noise=st.lists(feedbacks | st.binary(max_size=80), max_size=5),
)
def test_both_readers_agree(first: int, bodies: list[tuple[int, tuple[int | None, ...]]], noise: list[bytes]) -> None:
    plain, native = history_of(100, first=first), history_of(100, first=first)
    for data in [*(body((first + 100 + at) & 0xFFFF, deltas) for at, deltas in bodies), *noise]:
        assert outcome_of(read_outcome, data, plain) == outcome_of(compiled, data, native)
    assert plain.sizes == native.sizes


def outcome_of(reader: Reader, data: bytes, history: SendHistory) -> Outcome | None:
    try:
        return reader(data, history)
    except RtcpError:
        return None


def test_figures_of_a_few_seconds() -> None:
    meter = DeliveryMeter()
    meter.sample(100.0)
    # The delay grows by 20 ms each second, while the clocks' difference is just below a wrap.
    for index in range(20):
        now = 100.0 + index / 10
        meter.add(Outcome(10, 12_500, 1, (0xFFFFFF00 + index * 2000) & 0xFFFFFFFF, 0), now)
    meter.sample(102.0)
    figures = meter.take()
    assert figures is not None
    assert (figures.packets, figures.lost, figures.bitrate) == (200, 20, 1_000_000)
    assert figures.delay_trend == pytest.approx(20.0)


def test_no_feedback_makes_no_figures() -> None:
    meter = DeliveryMeter()
    meter.sample(1.0)
    meter.sample(2.0)
    assert meter.take() is None


def test_one_feedback_has_no_trend() -> None:
    meter = DeliveryMeter()
    meter.sample(1.0)
    meter.add(Outcome(1, 1000, 0, 77, 0), 1.5)
    meter.sample(2.0)
    figures = meter.take()
    assert figures is not None
    assert (figures.bitrate, figures.delay_trend) == (8000, 0.0)
