"""What a browser answers to what it receives: receiver reports, requests for what is missing, arrival times."""

from collections.abc import Iterable, MutableMapping
from struct import Struct

import numpy as np
from numpy.typing import NDArray

from sfu.rtcp.framing import frame
from sfu.rtcp.reports import MAX_LOST, ReceiverReport, ReportBlock
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
_RUN_OF_SMALL = 1 << 13


class Arrivals:
    """Transport-wide sequence numbers of one transport and when they came, until the next feedback."""

    def __init__(self) -> None:
        self._sequences: list[NDArray[np.int64]] = []
        self._times: list[NDArray[np.int64]] = []
        self._count = 0
        self._next: int | None = None

    def note(self, sequences: NDArray[np.int64], arrivals: NDArray[np.int64]) -> None:
        """16-bit numbers, and nanoseconds."""
        self._sequences.append(sequences)
        self._times.append(arrivals)

    def build(self, media_ssrc: int) -> list[bytes]:
        """The feedback on what came since the last call; empty when nothing did."""
        if not self._sequences:
            return []
        sequences, ticks = np.concatenate(self._sequences), np.concatenate(self._times) // _TICK_NS
        self._sequences, self._times = [], []
        start = int(sequences[0]) if self._next is None else self._next
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

    def _one(self, base: int, ahead: NDArray[np.int64], ticks: NDArray[np.int64], media_ssrc: int) -> bytes:
        """One message on the packets that are `ahead` of `base`."""
        reference = int(ticks[0]) // TICKS_PER_REFERENCE
        deltas = np.diff(ticks, prepend=reference * TICKS_PER_REFERENCE)
        number = int(ahead[-1]) + 1
        reference &= 0xFFFFFF
        count, self._count = self._count, (self._count + 1) & 0xFF
        if number == len(ahead) and ((deltas >= 0) & (deltas <= 0xFF)).all():
            # Nothing is missing and nothing late: the usual case, written without a loop.
            body = _HEADER.pack(SENDER_SSRC, media_ssrc, base & 0xFFFF, number, reference << 8 | count)
            body += (_RUN_OF_SMALL | number).to_bytes(2, "big") + deltas.astype(np.uint8).tobytes()
            return frame(_TRANSPORT_WIDE, _TRANSPORT_FEEDBACK, body + bytes(-len(body) % 4))
        number = min(number, _MOST_ENTRIES)
        entries: list[int | None] = [None] * number
        for place, delta in zip(ahead.tolist(), deltas.tolist(), strict=True):
            if place < number:
                entries[place] = max(MIN_DELTA, min(MAX_DELTA, delta))
        return TransportFeedback(SENDER_SSRC, media_ssrc, base & 0xFFFF, reference, count, tuple(entries)).to_bytes()


class Requests:
    """Which of the missing packets of one stream are asked for now: at once, then each 50 ms, ten times in all."""

    def __init__(self) -> None:
        self._asked: dict[int, tuple[float, int]] = {}

    def due(self, missing: MutableMapping[int, None], now: float) -> list[int]:
        """The 16-bit numbers to ask for, of `missing` extended ones; those asked for in vain are taken out of it."""
        asked = {}
        numbers: list[int] = []
        given_up = []
        for number in missing:
            again, tries = self._asked.get(number, (0.0, 0))
            if now >= again and tries == _TRIES:
                given_up.append(number)
                continue
            if now >= again and len(numbers) < _MOST_NUMBERS:
                numbers.append(number & 0xFFFF)
                again, tries = now + _RETRY, tries + 1
            asked[number] = (again, tries)
        self._asked = asked
        for number in given_up:
            del missing[number]
        return numbers


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
