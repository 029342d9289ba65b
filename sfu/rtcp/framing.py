"""The common header of RTCP packets (RFC 3550 section 6.4.1)."""

from struct import Struct

from sfu.rtcp.errors import RtcpError

_HEADER = Struct("!BBH").pack


def frame(count: int, payload_type: int, body: bytes) -> bytes:
    """One packet: header and body. `count` is the five bits of report count or feedback message type.

    Raises `RtcpError` when the body is no multiple of 32 bits or does not fit.
    """
    if len(body) % 4 or len(body) > 0xFFFF * 4 or not 0 <= count < 32:
        raise RtcpError(f"{len(body)} bytes with count {count} make no RTCP packet")
    return _HEADER(0x80 | count, payload_type, len(body) // 4) + body
