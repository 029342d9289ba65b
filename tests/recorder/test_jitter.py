import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from recorder.jitter import JitterBuffer
from tests.support.publishing import OPUS, rtp


def packet(number):
    return rtp(OPUS, 1, number, 0, False, b"\xfc")


def numbers(done):
    """The numbers that came out, marked where packets before them are missing."""
    return [("gap" if after_gap else "ok", packet.sequence_number) for packet, after_gap in done]


def test_packets_in_order_go_through_at_once_and_wrap():
    buffer = JitterBuffer()
    for number in (65534, 65535, 0, 1):
        assert numbers(buffer.push(packet(number), 0.0)) == [("ok", number)]


def test_a_late_packet_is_waited_for():
    buffer = JitterBuffer(max_wait=0.5)
    buffer.push(packet(65535), 0.0)
    assert buffer.push(packet(1), 0.1) == []
    assert buffer.push(packet(2), 0.2) == []
    assert numbers(buffer.push(packet(0), 0.3)) == [("ok", 0), ("ok", 1), ("ok", 2)]
    assert buffer.lost == 0


def test_a_packet_that_does_not_come_is_given_up_in_time():
    buffer = JitterBuffer(max_wait=0.5)
    buffer.push(packet(10), 0.0)
    buffer.push(packet(13), 0.1)
    buffer.push(packet(15), 0.3)
    assert buffer.expire(0.59) == []
    assert numbers(buffer.expire(0.61)) == [("gap", 13)]
    assert numbers(buffer.expire(0.81)) == [("gap", 15)]
    assert buffer.push(packet(12), 0.9) == []
    assert (buffer.lost, buffer.too_late) == (3, 1)


def test_time_that_passed_counts_also_when_packets_keep_coming():
    buffer = JitterBuffer(max_wait=0.5)
    buffer.push(packet(1), 0.0)
    buffer.push(packet(3), 0.1)
    assert numbers(buffer.push(packet(4), 0.7)) == [("gap", 3), ("ok", 4)]


def test_no_more_packets_wait_than_there_is_room_for():
    buffer = JitterBuffer(max_wait=9.0, max_packets=3)
    buffer.push(packet(0), 0.0)
    for number in (2, 4, 5):
        assert buffer.push(packet(number), 0.0) == []
    assert numbers(buffer.push(packet(6), 0.0)) == [("gap", 2)]


def test_duplicates_go_on_once():
    buffer = JitterBuffer()
    buffer.push(packet(1), 0.0)
    assert buffer.push(packet(1), 0.0) == []
    buffer.push(packet(3), 0.0)
    assert buffer.push(packet(3), 0.0) == []
    assert numbers(buffer.push(packet(2), 0.0)) == [("ok", 2), ("ok", 3)]
    assert buffer.too_late == 2


def test_a_sender_that_begins_anew_is_followed():
    buffer = JitterBuffer()
    buffer.push(packet(1), 0.0)
    buffer.push(packet(3), 0.0)
    assert numbers(buffer.push(packet(40_000), 0.1)) == [("gap", 3), ("gap", 40_000)]
    assert numbers(buffer.push(packet(40_001), 0.1)) == [("ok", 40_001)]


def test_at_the_end_all_that_waits_comes_out():
    buffer = JitterBuffer()
    for number in (1, 5, 3):
        buffer.push(packet(number), 0.0)
    assert numbers(buffer.flush()) == [("gap", 3), ("gap", 5)]
    assert buffer.flush() == []


@given(st.integers(0, 65535), st.integers(0, 2**32), st.integers(1, 120), st.floats(0, 0.2))
def test_what_comes_out_rises_and_gaps_are_told(first, seed, count, loss):
    chance = random.Random(seed)
    sent = [(index * 0.02 + chance.uniform(0, 0.3) * (index > 0), index) for index in range(count)]
    sent = sorted(one for one in sent if one[1] == 0 or chance.random() >= loss)
    buffer, out = JitterBuffer(), []
    for now, index in sent:
        out += buffer.push(packet(first + index), now)
    out += buffer.flush()
    got = [(packet.sequence_number - first) & 0xFFFF for packet, _ in out]
    assert got == sorted(index for _, index in sent)
    gaps = [after_gap for _, after_gap in out]
    assert gaps == [False] + [after - before > 1 for before, after in pairwise(got)]
