"""Reception statistics of one source (RFC 3550 sections 6.4.1, A.1, A.3 and A.8)."""

from sfu.rtcp.reports import MAX_LOST, MIN_LOST, ReportBlock
from sfu.rtp.sequence import seq_delta

_MAX_DROPOUT = 3000  # packets; a larger step forward is a source that started anew, once a second packet confirms it
_MAX_MISORDER = 100  # packets; likewise backward
_FRACTION_UNITS = 65536  # of DLSR per second


class Reception:
    """Counts the packets of one SSRC, original packets only: retransmissions belong to the statistics of their SSRC."""

    def __init__(self, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._base: int | None = None
        self._highest = 0  # extended
        self._received = 0
        self._restart_at: int | None = None
        self._expected_before = 0
        self._received_before = 0
        self._jitter = 0.0
        self._last_timestamp = 0
        self._last_arrival = 0.0
        self._last_sr = 0
        self._sr_arrival = 0.0

    @property
    def started(self) -> bool:
        """Whether any packet came; before, there is nothing to report."""
        return self._base is not None

    @property
    def packets_received(self) -> int:
        """Duplicates included."""
        return self._received

    @property
    def packets_lost(self) -> int:
        """Expected less received packets; negative with duplicates."""
        return self._expected - self._received

    @property
    def jitter(self) -> float:
        """Interarrival jitter in units of the RTP clock."""
        return self._jitter

    def received(self, sequence_number: int, timestamp: int, now: float) -> None:
        """Counts a packet that arrived at `now` (seconds)."""
        if self._base is None:
            self._start(sequence_number, timestamp, now)
            return
        step = seq_delta(sequence_number, self._highest & 0xFFFF)
        if not -_MAX_MISORDER < step < _MAX_DROPOUT:
            if sequence_number != self._restart_at:
                # A stray packet, or the first of a source that started anew: the next one will tell.
                self._restart_at = (sequence_number + 1) & 0xFFFF
                return
            self._start(sequence_number, timestamp, now)
            return
        self._restart_at = None
        self._received += 1
        self._highest = max(self._highest, self._highest + step)
        self._update_jitter(timestamp, now)

    @property
    def highest(self) -> int:
        """The newest number, extended."""
        return self._highest

    @property
    def last_timestamp(self) -> int:
        """Of the packet that arrived last."""
        return self._last_timestamp

    @property
    def last_arrival(self) -> float:
        """In seconds."""
        return self._last_arrival

    def skip(self, packets: int, timestamp: int, arrived: float, jitter: float) -> None:
        """Counts so many packets that followed the newest one, with none missing between them. `timestamp` and
        `arrived` are those of the last, `jitter` is what it is after them, in units of the RTP clock."""
        self._received += packets
        self._highest += packets
        self._last_timestamp, self._last_arrival, self._jitter = timestamp, arrived, jitter

    def sender_report(self, ntp_middle32: int, now: float) -> None:
        """Notes a sender report that arrived at `now`, for the sender to measure the round trip by."""
        self._last_sr = ntp_middle32
        self._sr_arrival = now

    def report_block(self, ssrc: int, now: float) -> ReportBlock:
        """The block for the next report. `fraction_lost` covers the time since the block before."""
        expected, received = self._expected, self._received
        expected_now = expected - self._expected_before
        lost_now = expected_now - (received - self._received_before)
        self._expected_before, self._received_before = expected, received
        fraction = min(255, (lost_now << 8) // expected_now) if expected_now > 0 and lost_now > 0 else 0
        delay = int((now - self._sr_arrival) * _FRACTION_UNITS) & 0xFFFFFFFF if self._last_sr else 0
        lost = max(MIN_LOST, min(MAX_LOST, expected - received))
        jitter = min(int(self._jitter), 0xFFFFFFFF)
        return ReportBlock(ssrc, fraction, lost, self._highest & 0xFFFFFFFF, jitter, self._last_sr, delay)

    @property
    def _expected(self) -> int:
        return 0 if self._base is None else self._highest - self._base + 1

    def _start(self, sequence_number: int, timestamp: int, now: float) -> None:
        self._base = self._highest = sequence_number
        self._received = 1
        self._restart_at = None
        self._expected_before = self._received_before = 0
        self._last_timestamp, self._last_arrival = timestamp, now

    def _update_jitter(self, timestamp: int, now: float) -> None:
        sent = ((timestamp - self._last_timestamp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        difference = abs((now - self._last_arrival) * self._clock_rate - sent)
        self._last_timestamp, self._last_arrival = timestamp, now
        self._jitter += (difference - self._jitter) / 16
