"""What a browser answers to what it receives: receiver reports, requests for what is missing, arrival times."""

from collections import deque
from collections.abc import Iterable
from itertools import takewhile
from operator import sub
from struct import Struct

import numpy as np
from numpy.typing import NDArray

from sfu.rtcp.description import SOURCE_DESCRIPTION
from sfu.rtcp.framing import frame
from sfu.rtcp.reports import MAX_LOST, SENDER_REPORT, ReceiverReport, ReportBlock
from sfu.rtcp.transport_feedback import MAX_DELTA, MIN_DELTA, TICKS_PER_REFERENCE, TransportFeedback

FEEDBACK_PERIOD = 0.075
"""Seconds: about 13 transport-wide reports a second, as Chromium sends them."""
REPORT_PERIOD = 1.0
SENDER_SSRC = 1

_TICK_NS = 250_000
_MOST_STATUSES = 400
_MOST_ENTRIES = 2000
_MOST_BLOCKS = 31
_RETRY, _TRIES = 0.05, 10
_MOST_NUMBERS = 200
_HEADER = Struct("!IIHHI")
_TRANSPORT_FEEDBACK, _TRANSPORT_WIDE = 205, 15
_SENDER_REPORT, _SENDER_REPORT_BYTES = Struct("!BBHI2xI2x"), 28
_RUN_OF_SMALL = 1 << 13
_MOST_SMALL = 0xFF


class Arrivals:
    """Transport-wide sequence numbers of one transport and when they came, until the next feedback."""

    def __init__(self) -> None:
        self._sequences: list[int] = []
        self._times: list[int] = []
        self._count = 0
        self._next: int | None = None

    def note(self, sequences: list[int], arrivals: list[int]) -> None:
        """16-bit numbers, and nanoseconds."""
        self._sequences += sequences
        self._times += arrivals

    def build(self, media_ssrc: int) -> list[bytes]:
        """The feedback on what came since the last call; empty when nothing did."""
        if not self._sequences:
            return []
        numbers, times = self._sequences, [time // _TICK_NS for time in self._times]
        self._sequences, self._times = [], []
        start = numbers[0] if self._next is None else self._next
        usual = self._usual(start, numbers, times, media_ssrc)
        if usual is not None:
            self._next = (start + len(numbers)) & 0xFFFF
            return [usual]
        sequences, ticks = np.array(numbers, np.int64), np.array(times, np.int64)
        ahead = ((sequences - start + 0x8000) & 0xFFFF) - 0x8000
        # What was reported as missing before is let go; of a number that came twice the first time counts.
        in_time = ahead >= 0
        ahead, places = np.unique(ahead[in_time], return_index=True)
        ticks = ticks[in_time][places]
        feedback = []
        base = 0
        for first in range(0, len(ahead), _MOST_STATUSES):
            chunk = slice(first, first + _MOST_STATUSES)
            feedback.append(self._one(start + base, ahead[chunk] - base, ticks[chunk], media_ssrc))
            base = int(ahead[chunk][-1]) + 1
        self._next = (start + base) & 0xFFFF
        return feedback

    def _usual(self, start: int, numbers: list[int], times: list[int], media_ssrc: int) -> bytes | None:
        """The feedback where nothing is missing and nothing late; a thousand receivers have to be quick about it."""
        count = len(numbers)
        if count > _MOST_STATUSES or (start + count - 1) & 0xFFFF != numbers[-1]:
            return None
        if numbers != [number & 0xFFFF for number in range(start, start + count)]:
            return None
        reference = times[0] // TICKS_PER_REFERENCE
        deltas = list(map(sub, times, [reference * TICKS_PER_REFERENCE, *times[:-1]]))
        if min(deltas) < 0 or max(deltas) > _MOST_SMALL:
            return None
        return self._framed(start, bytes(deltas), reference, media_ssrc)

    def _one(self, base: int, ahead: NDArray[np.int64], ticks: NDArray[np.int64], media_ssrc: int) -> bytes:
        """One message on the packets that are `ahead` of `base`."""
        reference = int(ticks[0]) // TICKS_PER_REFERENCE
        deltas = np.diff(ticks, prepend=reference * TICKS_PER_REFERENCE)
        number = int(ahead[-1]) + 1
        if number == len(ahead) and ((deltas >= 0) & (deltas <= _MOST_SMALL)).all():
            return self._framed(base, deltas.astype(np.uint8).tobytes(), reference, media_ssrc)
        number = min(number, _MOST_ENTRIES)
        entries: list[int | None] = [None] * number
        for place, delta in zip(ahead.tolist(), deltas.tolist(), strict=True):
            if place < number:
                entries[place] = max(MIN_DELTA, min(MAX_DELTA, delta))
        return TransportFeedback(
            SENDER_SSRC, media_ssrc, base & 0xFFFF, reference & 0xFFFFFF, self._counted(), tuple(entries)
        ).to_bytes()

    def _framed(self, base: int, deltas: bytes, reference: int, media_ssrc: int) -> bytes:
        """Packets that all came, one run of small deltas, written without a loop."""
        number = len(deltas)
        reference = (reference & 0xFFFFFF) << 8 | self._counted()
        body = _HEADER.pack(SENDER_SSRC, media_ssrc, base & 0xFFFF, number, reference)
        body += (_RUN_OF_SMALL | number).to_bytes(2, "big") + deltas
        return frame(_TRANSPORT_WIDE, _TRANSPORT_FEEDBACK, body + bytes(-len(body) % 4))

    def _counted(self) -> int:
        """The number of this message."""
        count, self._count = self._count, (self._count + 1) & 0xFF
        return count


class Requests:
    """Which of the missing packets of one stream are asked for now: at once, then each 50 ms, ten times in all.

    What this costs does not grow with how many are missing, only with how many are asked for: a server that loses
    packets of five hundred streams would else keep the load client busy with looking through them.
    """

    def __init__(self) -> None:
        self._tries: dict[int, int] = {}
        # As all are asked for again after the same time, the first in the row is due first.
        self._row: deque[tuple[float, int]] = deque()

    def due(self, missing: dict[int, None], now: float) -> list[int]:
        """The 16-bit numbers to ask for, of `missing` extended ones in the order in which they were missed; those asked
        for in vain are taken out of it."""
        fresh = list(takewhile(lambda number: number not in self._tries, reversed(missing)))
        for number in fresh:
            self._tries[number] = 0
            self._row.appendleft((now, number))
        numbers: list[int] = []
        while self._row and self._row[0][0] <= now and len(numbers) < _MOST_NUMBERS:
            _, number = self._row.popleft()
            tries = self._tries.pop(number)
            if number not in missing:
                continue
            if tries == _TRIES:
                del missing[number]
                continue
            numbers.append(number & 0xFFFF)
            self._tries[number] = tries + 1
            self._row.append((now + _RETRY, number))
        return numbers


def only_a_sender_report(data: bytes) -> tuple[int, int] | None:
    """The SSRC and the middle 32 bits of the NTP time of a sender report that has at most a source description behind
    it, which is what nearly all RTCP from a server is; None of anything else, or of what is not well-formed."""
    if len(data) < _SENDER_REPORT.size or data[1] != SENDER_REPORT:
        return None
    first, _, length, ssrc, middle = _SENDER_REPORT.unpack_from(data)
    behind = 4 * length + 4
    if first >> 6 != 2 or behind < _SENDER_REPORT_BYTES or behind > len(data):
        return None
    if behind < len(data):
        rest = len(data) - behind
        if (
            rest < 4
            or data[behind + 1] != SOURCE_DESCRIPTION
            or 4 * (data[behind + 2] << 8 | data[behind + 3]) + 4 != rest
        ):
            return None
    return ssrc, middle


class Reporter:
    """Receiver reports of one transport."""

    def __init__(self) -> None:
        self._before: dict[int, tuple[int, int]] = {}
        self._sender_reports: dict[int, tuple[int, float]] = {}

    def sender_report(self, ssrc: int, ntp_middle32: int, now: float) -> None:
        self._sender_reports[ssrc] = (ntp_middle32, now)

    def build(self, streams: Iterable[tuple[int, int, int, int]], now: float) -> bytes:
        """`streams` are SSRC, expected and received packets so far, and the highest number; jitter is not measured."""
        blocks = []
        for ssrc, expected, received, highest in streams:
            expected_before, received_before = self._before.get(ssrc, (0, 0))
            self._before[ssrc] = (expected, received)
            interval = expected - expected_before
            lost = interval - (received - received_before)
            last, at = self._sender_reports.get(ssrc, (0, now))
            blocks.append(
                ReportBlock(
                    ssrc,
                    fraction_lost=min(255, (lost << 8) // interval) if interval > 0 and lost > 0 else 0,
                    packets_lost=max(0, min(MAX_LOST, expected - received)),
                    highest_sequence=highest & 0xFFFFFFFF,
                    last_sr=last,
                    delay_since_last_sr=int((now - at) * 65536) if last else 0,
                )
            )
        return b"".join(
            ReceiverReport(SENDER_SSRC, tuple(blocks[first : first + _MOST_BLOCKS])).to_bytes()
            for first in range(0, len(blocks), _MOST_BLOCKS)
        )
