import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.rtp.reception import Reception


def receive(reception: Reception, numbers, spacing: float = 0.02, clock_rate: int = 48000) -> None:
    for number in numbers:
        reception.received(number & 0xFFFF, int(number * spacing * clock_rate) & 0xFFFFFFFF, number * spacing)


def test_nothing_is_reported_before_the_first_packet():
    reception = Reception(48000)
    assert not reception.started
    block = reception.report_block(5, 1.0)
    assert (block.fraction_lost, block.packets_lost, block.highest_sequence) == (0, 0, 0)


def test_a_complete_stream_shows_no_loss_and_no_jitter():
    reception = Reception(48000)
    receive(reception, range(65500, 65600))
    block = reception.report_block(5, 0.0)
    assert (block.ssrc, block.fraction_lost, block.packets_lost) == (5, 0, 0)
    assert block.highest_sequence == 65599  # one cycle of 65536 and 63
    assert block.jitter <= 1


def test_loss_is_reported_in_full_and_since_the_last_report():
    reception = Reception(48000)
    receive(reception, [number for number in range(100) if number % 4 != 1])
    block = reception.report_block(5, 0.0)
    assert block.packets_lost == 25
    assert block.fraction_lost == 64  # a quarter of 256
    receive(reception, range(100, 200))
    block = reception.report_block(5, 0.0)
    assert block.packets_lost == 25
    assert block.fraction_lost == 0


def test_reordering_is_no_loss_and_duplicates_count_against_it():
    reception = Reception(48000)
    receive(reception, [0, 2, 1, 3, 3, 3])
    assert reception.packets_lost == -2
    assert reception.report_block(5, 0.0).fraction_lost == 0


def test_jitter_follows_the_formula_of_the_rfc():
    reception = Reception(8000)
    reception.received(1, 0, 0.0)
    reception.received(2, 160, 0.030)  # 10 ms late: 80 units
    assert reception.jitter == pytest.approx(80 / 16)
    reception.received(3, 320, 0.050)  # on time after the one before
    assert reception.jitter == pytest.approx(5 - 5 / 16)


def test_jitter_survives_the_wrap_of_the_timestamp():
    reception = Reception(8000)
    reception.received(1, 0xFFFFFFFF, 0.0)
    reception.received(2, 159, 0.020)
    assert reception.jitter == pytest.approx(0)


def test_the_delay_since_the_sender_report_is_in_65536ths_of_a_second():
    reception = Reception(48000)
    receive(reception, [1])
    assert reception.report_block(5, 10.0).last_sr == 0
    assert reception.report_block(5, 10.0).delay_since_last_sr == 0
    reception.sender_report(0xABCD1234, 10.0)
    block = reception.report_block(5, 10.5)
    assert (block.last_sr, block.delay_since_last_sr) == (0xABCD1234, 0x8000)


def test_one_stray_number_changes_nothing():
    reception = Reception(48000)
    receive(reception, range(10))
    reception.received(30000, 0, 1.0)
    receive(reception, range(10, 20))
    assert reception.report_block(5, 0.0).highest_sequence == 19
    assert reception.packets_lost == 0


def test_a_source_that_starts_anew_is_counted_anew():
    reception = Reception(48000)
    receive(reception, range(10))
    receive(reception, range(30000, 30010))
    assert reception.packets_lost == 0
    assert reception.report_block(5, 0.0).highest_sequence == 30009


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF), st.floats(0, 1e7)), max_size=60))
def test_any_numbers_make_a_block_that_can_be_written(packets):
    reception = Reception(90000)
    for number, timestamp, now in packets:
        reception.received(number, timestamp, now)
    assert len(reception.report_block(1, 2e7).to_bytes()) == 24
