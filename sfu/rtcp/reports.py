"""Sender and receiver reports (RFC 3550 section 6.4)."""

from dataclasses import dataclass
from struct import Struct
from typing import Self

from sfu.rtcp.errors import RtcpError
from sfu.rtcp.framing import frame

SENDER_REPORT = 200
RECEIVER_REPORT = 201

_BLOCK = Struct("!IIIIII")
_SENDER_INFO = Struct("!IQIII")
_SSRC = Struct("!I")
MAX_LOST = 0x7FFFFF
MIN_LOST = -0x800000


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What a receiver says of one source.

    `fraction_lost` in 1/256 since the last report; `packets_lost` since the beginning, -2^23 to 2^23-1 (negative with
    duplicates); `highest_sequence` extended to 32 bits; `jitter` in units of the RTP clock; `last_sr` the middle 32
    bits of the last sender report's NTP time, and `delay_since_last_sr` since it came, in 1/65536 s; both 0 without.
    """

    ssrc: int
    fraction_lost: int = 0
    packets_lost: int = 0
    highest_sequence: int = 0
    jitter: int = 0
    last_sr: int = 0
    delay_since_last_sr: int = 0

    def to_bytes(self) -> bytes:
        lost = max(MIN_LOST, min(MAX_LOST, self.packets_lost)) & 0xFFFFFF
        return _BLOCK.pack(
            self.ssrc,
            self.fraction_lost << 24 | lost,
            self.highest_sequence,
            self.jitter,
            self.last_sr,
            self.delay_since_last_sr,
        )


@dataclass(frozen=True, slots=True)
class SenderReport:
    """`ntp_time` is 64 bits, 32 of them fraction; `rtp_time` is the same instant on the RTP clock."""

    ssrc: int
    ntp_time: int
    rtp_time: int
    packet_count: int
    octet_count: int
    reports: tuple[ReportBlock, ...] = ()

    @property
    def ntp_middle32(self) -> int:
        """What a report block gives back as `last_sr`."""
        return self.ntp_time >> 16 & 0xFFFFFFFF

    def to_bytes(self) -> bytes:
        info = _SENDER_INFO.pack(self.ssrc, self.ntp_time, self.rtp_time, self.packet_count, self.octet_count)
        return frame(len(self.reports), SENDER_REPORT, info + _write_blocks(self.reports))

    @classmethod
    def parse(cls, count: int, body: bytes) -> Self:
        """`body` is the packet after its common header. Raises `RtcpError`."""
        if len(body) < _SENDER_INFO.size:
            raise RtcpError("a sender report is cut off")
        ssrc, ntp_time, rtp_time, packet_count, octet_count = _SENDER_INFO.unpack_from(body)
        reports = _read_blocks(count, body, _SENDER_INFO.size)
        return cls(ssrc, ntp_time, rtp_time, packet_count, octet_count, reports)


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    ssrc: int
    reports: tuple[ReportBlock, ...] = ()

    def to_bytes(self) -> bytes:
        return frame(len(self.reports), RECEIVER_REPORT, _SSRC.pack(self.ssrc) + _write_blocks(self.reports))

    @classmethod
    def parse(cls, count: int, body: bytes) -> Self:
        """`body` is the packet after its common header. Raises `RtcpError`."""
        if len(body) < _SSRC.size:
            raise RtcpError("a receiver report is cut off")
        (ssrc,) = _SSRC.unpack_from(body)
        return cls(ssrc, _read_blocks(count, body, _SSRC.size))


def _write_blocks(reports: tuple[ReportBlock, ...]) -> bytes:
    return b"".join(report.to_bytes() for report in reports)


def _read_blocks(count: int, body: bytes, offset: int) -> tuple[ReportBlock, ...]:
    """What follows the blocks is a profile's own and left out."""
    if len(body) < offset + count * _BLOCK.size:
        raise RtcpError(f"{count} report blocks do not fit into their packet")
    blocks = []
    for position in range(offset, offset + count * _BLOCK.size, _BLOCK.size):
        ssrc, loss, highest, jitter, last_sr, delay = _BLOCK.unpack_from(body, position)
        lost = ((loss & 0xFFFFFF) ^ 0x800000) - 0x800000
        blocks.append(ReportBlock(ssrc, loss >> 24, lost, highest, jitter, last_sr, delay))
    return tuple(blocks)
