"""Compound and reduced-size RTCP packets (RFC 3550 section 6.1, RFC 5506)."""

from dataclasses import dataclass

from sfu.rtcp.description import GOODBYE, SOURCE_DESCRIPTION, Bye, SourceChunk, SourceDescription
from sfu.rtcp.errors import RtcpError
from sfu.rtcp.feedback import (
    APPLICATION_LAYER,
    FIR,
    NACK,
    PAYLOAD_FEEDBACK,
    PLI,
    TRANSPORT_FEEDBACK,
    Fir,
    Nack,
    Pli,
    Remb,
)
from sfu.rtcp.framing import frame
from sfu.rtcp.reports import RECEIVER_REPORT, SENDER_REPORT, ReceiverReport, ReportBlock, SenderReport
from sfu.rtcp.transport_feedback import TRANSPORT_WIDE, TransportFeedback

__all__ = [
    "Bye",
    "Fir",
    "Nack",
    "Pli",
    "ReceiverReport",
    "Remb",
    "ReportBlock",
    "RtcpError",
    "RtcpPacket",
    "SenderReport",
    "SourceChunk",
    "SourceDescription",
    "TransportFeedback",
    "Unknown",
    "parse_packet",
    "parse_rtcp",
    "split_rtcp",
]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A packet whose type or feedback format this package does not read. `body` follows the common header."""

    payload_type: int
    count: int
    body: bytes

    def to_bytes(self) -> bytes:
        return frame(self.count, self.payload_type, self.body)


RtcpPacket = (
    SenderReport | ReceiverReport | SourceDescription | Bye | Nack | Pli | Fir | Remb | TransportFeedback | Unknown
)


def parse_rtcp(data: bytes) -> list[RtcpPacket]:
    """The packets of one decrypted RTCP datagram. One bad packet spoils the datagram: raises `RtcpError`."""
    return [parse_packet(*packet) for packet in split_rtcp(data)]


def split_rtcp(data: bytes) -> list[tuple[int, int, bytes]]:
    """Payload type, count and body of each packet of a datagram. Raises `RtcpError`."""
    packets: list[tuple[int, int, bytes]] = []
    size = len(data)
    position = 0
    while position < size or not packets:
        if position + 4 > size:
            raise RtcpError("an RTCP header is cut off")
        first = data[position]
        if first >> 6 != 2:
            raise RtcpError(f"RTCP version {first >> 6}")
        end = position + 4 + 4 * (data[position + 2] << 8 | data[position + 3])
        if end > size:
            raise RtcpError("an RTCP packet is cut off")
        body = data[position + 4 : end]
        if first & 0x20:
            body = _without_padding(body)
        packets.append((data[position + 1], first & 0x1F, body))
        position = end
    return packets


def _without_padding(body: bytes) -> bytes:
    padding = body[-1] if body else 0
    if padding == 0 or padding % 4 or padding > len(body):
        raise RtcpError(f"padding of {padding} bytes in an RTCP packet of {len(body)} bytes")
    return body[:-padding]


def parse_packet(payload_type: int, count: int, body: bytes) -> RtcpPacket:
    """One packet, by what its common header says and what follows that. Raises `RtcpError`."""
    if payload_type == RECEIVER_REPORT:
        return ReceiverReport.parse(count, body)
    if payload_type == SENDER_REPORT:
        return SenderReport.parse(count, body)
    if payload_type == SOURCE_DESCRIPTION:
        return SourceDescription.parse(count, body)
    if payload_type == GOODBYE:
        return Bye.parse(count, body)
    if payload_type == TRANSPORT_FEEDBACK:
        if count == TRANSPORT_WIDE:
            return TransportFeedback.parse(body)
        if count == NACK:
            return Nack.parse(body)
    elif payload_type == PAYLOAD_FEEDBACK:
        if count == PLI:
            return Pli.parse(body)
        if count == FIR:
            return Fir.parse(body)
        if count == APPLICATION_LAYER and Remb.recognises(body):
            return Remb.parse(body)
    return Unknown(payload_type, count, body)
