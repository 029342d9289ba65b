import ctypes
import random
import socket

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pylibsrtp import Policy

from bench.client.answers import CompiledAnswers
from bench.client.compiled import library
from bench.client.feedback import Arrivals, Reporter, Requests, only_a_sender_report
from bench.client.intake import read_sequence_numbers
from sfu.rtcp.description import SourceDescription
from sfu.rtcp.feedback import Pli
from sfu.rtcp.packets import parse_rtcp
from sfu.rtcp.reports import ReceiverReport, SenderReport
from sfu.rtcp.transport_feedback import TransportFeedback
from sfu.rtp.extensions import write_extensions
from sfu.srtp import SrtpKeys, SrtpReceiver, SrtpSender

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


class Compiled(CompiledAnswers):
    """With arrivals noted one by one, as `intake.c` does it."""

    def note(self, owner: int, numbers: list[int], arrivals: list[int]) -> None:
        note = library().note_arrival  # type: ignore[union-attr]  # tests without a compiler are skipped
        note.argtypes, note.restype = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64], None
        for number, arrival in zip(numbers, arrivals, strict=True):
            note(self._peer(owner), number, arrival)


needs_compiler = pytest.mark.skipif(library() is None, reason="there is no compiler")


def disorderly(rand: random.Random, first: int, first_at: int) -> tuple[list[int], list[int]]:
    """Numbers with some lost, doubled and out of order, and arrivals with pauses and a clock that is set back."""
    loss, leap = rand.choice((0.0, 0.1, 0.9)), rand.choice((0, 0, 5000))
    numbers: list[int] = []
    times: list[int] = []
    for _ in range(rand.choice((0, 1, 2, 40, 900))):
        first += 1 + (rand.random() < loss) * rand.randrange(3) + (rand.random() < 0.005) * leap
        first_at += rand.choice((0, 1, 300, 2000)) * MILLISECOND // 10 if rand.random() < 0.95 else -5 * MILLISECOND
        first_at += (rand.random() < 0.01) * 20 * SECOND
        numbers.append(first & 0xFFFF)
        times.append(first_at)
    for _ in range(len(numbers) // 50):
        place = rand.randrange(len(numbers) - 1)
        numbers[place : place + 2] = reversed(numbers[place : place + 2])
        numbers[rand.randrange(len(numbers))] = rand.choice(numbers)
    return numbers, times


@needs_compiler
@given(st.integers(0, 2**32), st.integers(0, 65535))
@settings(max_examples=60, deadline=None)
def test_compiled_code_writes_the_same_feedback_whatever_is_lost_late_or_doubled(seed: int, start: int):
    rand = random.Random(seed)
    arrivals, compiled = Arrivals(), Compiled(library())
    compiled.add(2)
    for turn in range(3):
        numbers, times = disorderly(rand, start + 900 * turn, (turn + 1) * 100 * SECOND)
        arrivals.note(numbers, times)
        compiled.note(2, numbers, times)
        assert compiled.build(2, 77) == arrivals.build(77)
    compiled.remove(2)


@needs_compiler
def test_compiled_code_reports_for_the_endpoints_of_a_slice_that_are_connected():
    keys = SrtpKeys(Policy.SRTP_PROFILE_AEAD_AES_128_GCM, bytes(28), bytes(28))
    compiled, sender, receiver = Compiled(library()), SrtpSender(keys), SrtpReceiver(keys, lambda name: None)
    ours, server = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, server:
        server.setblocking(False)
        for owner in (1, 2, 3, 4):
            compiled.add(owner)
            compiled.note(owner, [7, 8], [SECOND, SECOND])
        # 1 is of the other slice, as is 3, which has no connection yet.
        for owner in (1, 2, 4):
            compiled.send_from(owner, 77, ours, sender)
        assert compiled.send(0, 2) == (2, 0)
        plain = [receiver.unprotect_rtcp(server.recv(2048)) for _ in range(2)]
        with pytest.raises(BlockingIOError):
            server.recv(2048)
        assert list(told([one for one in plain if one is not None])) == [7, 8]
        assert compiled.send(0, 2) == (0, 0), "nothing came since"
        assert list(told(compiled.build(3, 77))) == [7, 8]
        server.close()
        assert compiled.send(1, 2) == (1, 1)
        compiled.note(1, [9], [SECOND])
        compiled.remove(1)
        assert compiled.send(1, 2) == (0, 0)


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


def test_a_sender_report_is_read_by_itself_and_with_a_description_behind_it():
    report = SenderReport(5, 0x0123_4567_89AB_CDEF, 1, 2, 3).to_bytes()
    description = SourceDescription.of_cname("name", [5]).to_bytes()
    for data in (report, report + description):
        (told, *_) = parse_rtcp(data)
        assert isinstance(told, SenderReport)
        assert only_a_sender_report(data) == (told.ssrc, told.ntp_middle32) == (5, 0x4567_89AB)
    pli = Pli(1, 5).to_bytes()
    for data in (b"", description, pli, report + pli, report + description + pli, report[:-4], report + b"\x80\xca"):
        assert only_a_sender_report(data) is None


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
