import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bench.client.feedback import Arrivals, Reporter, Requests
from bench.client.intake import read_sequence_numbers
from sfu.rtcp.packets import parse_rtcp
from sfu.rtcp.reports import ReceiverReport
from sfu.rtcp.transport_feedback import TransportFeedback
from sfu.rtp.extensions import write_extensions

MILLISECOND = 1_000_000
SECOND = 1000 * MILLISECOND


def told(feedbacks: list[bytes]) -> dict[int, int | None]:
    """Arrival in ticks of 250 µs by sequence number, None for what is missing."""
    found: dict[int, int | None] = {}
    for data in feedbacks:
        (packet,) = parse_rtcp(data)
        assert isinstance(packet, TransportFeedback)
        found |= dict(packet.arrivals())
    return found


def noted(arrivals: Arrivals, numbers: list[int], first_at: int = SECOND) -> None:
    arrivals.note(numbers, [first_at + index * MILLISECOND for index in range(len(numbers))])


def test_without_packets_there_is_no_feedback():
    assert Arrivals().build(1) == []


def test_each_packet_is_told_with_its_time_across_the_wrap():
    arrivals = Arrivals()
    noted(arrivals, [65534, 65535, 0, 1])
    times = told(arrivals.build(1))
    assert list(times) == [65534, 65535, 0, 1]
    steps = [times[65535] - times[65534], times[0] - times[65535], times[1] - times[0]]  # type: ignore[operator]
    assert steps == [4, 4, 4]


def test_missing_packets_are_told_also_between_two_feedbacks():
    arrivals = Arrivals()
    noted(arrivals, [10, 12])
    assert [number for number, at in told(arrivals.build(1)).items() if at is None] == [11]
    noted(arrivals, [15], 2 * SECOND)
    assert [number for number, at in told(arrivals.build(1)).items() if at is None] == [13, 14]


def test_late_ones_are_let_go_and_doubles_count_once():
    arrivals = Arrivals()
    noted(arrivals, [10, 12])
    arrivals.build(1)
    noted(arrivals, [11], 2 * SECOND)
    assert arrivals.build(1) == []
    noted(arrivals, [13, 13, 14], 3 * SECOND)
    assert list(told(arrivals.build(1))) == [13, 14]


@given(st.integers(0, 65535), st.lists(st.booleans(), min_size=1, max_size=1500))
def test_whatever_is_lost_every_packet_that_came_is_told(start: int, kept: list[bool]):
    kept = [True, *kept]
    numbers = [(start + index) & 0xFFFF for index, here in enumerate(kept) if here]
    arrivals = Arrivals()
    noted(arrivals, numbers)
    times = told(arrivals.build(1))
    assert [number for number, at in times.items() if at is not None] == numbers


def test_requests_come_at_once_then_each_50_ms_and_end():
    requests = Requests()
    missing: dict[int, None] = {70_000: None, 70_001: None}
    assert requests.due(missing, 0.0) == [70_000 & 0xFFFF, 70_001 & 0xFFFF]
    assert requests.due(missing, 0.03) == []
    del missing[70_001]
    times = sum(len(requests.due(missing, 0.06 * step)) for step in range(1, 40))
    assert times == 9
    assert missing == {}


def test_what_is_missed_while_others_are_asked_for_again_is_asked_for_at_once():
    requests = Requests()
    missing = dict.fromkeys(range(300))
    assert len(requests.due(missing, 0.0)) == 200
    missing[1000] = None
    assert 1000 in requests.due(missing, 0.01)
    missing.clear()
    assert requests.due(missing, 1.0) == []
    missing[2000] = None
    assert requests.due(missing, 1.0) == [2000]


def test_a_receiver_report_tells_the_loss_since_the_last():
    reporter = Reporter()
    reporter.build([(5, 100, 100, 100)], 1.0)
    reporter.sender_report(5, 0xABCD, 1.5)
    (report,) = parse_rtcp(reporter.build([(5, 200, 150, 200)], 2.0))
    assert isinstance(report, ReceiverReport)
    (block,) = report.reports
    assert (block.ssrc, block.fraction_lost, block.packets_lost, block.highest_sequence) == (5, 128, 50, 200)
    assert (block.last_sr, block.delay_since_last_sr) == (0xABCD, 32768)


def row(block: bytes, first: int = 0x90) -> bytes:
    return (bytes([first, 96]) + bytes(10) + block).ljust(200, b"\0")


def test_sequence_numbers_are_found_wherever_they_stand():
    rows = [
        row(write_extensions([(3, b"\x01\x02")])),
        row(write_extensions([(1, b"\x7f"), (3, b"\xff\xfe")])),
        row(write_extensions([(4, b"video"), (1, b"\x7f")])),
        row(write_extensions([(4, b"video"), (1, b"\x7f"), (3, b"\x00\x09")])),
        row(b"", first=0x80),
        row(write_extensions([(3, b"")])),
        row(b"\xbe\xde\x00\x02\x00\x00\x00\x31\x04\x05\x00\x00"),
    ]
    table = np.array([list(one) for one in rows], np.uint8)
    found, numbers = read_sequence_numbers(table, np.arange(len(rows)), 3)
    assert found.tolist() == [True, True, False, True, False, False, True]
    assert numbers.tolist() == [0x0102, 0xFFFE, 9, 0x0405]


@given(st.lists(st.binary(min_size=64, max_size=64), min_size=1, max_size=5), st.integers(1, 14))
def test_random_headers_are_read_without_harm(rows: list[bytes], extension_id: int):
    table = np.array([list(one) for one in rows], np.uint8)
    found, numbers = read_sequence_numbers(table, np.arange(len(rows)), extension_id)
    assert len(numbers) == int(found.sum())
