"""The retransmission payload format (RFC 4588)."""

from sfu.rtp.errors import RtpError

ORIGINAL_SEQUENCE_SIZE = 2


def unwrap_rtx(payload: bytes) -> tuple[int, bytes]:
    """The original sequence number and payload of an RTX payload without padding (RFC 4588 section 4).

    Raises `RtpError` for a payload without original packet. A sender that probes for bandwidth sends RTX packets of
    padding only, whose payload is empty: check for that first, it is no fault.
    """
    if len(payload) < ORIGINAL_SEQUENCE_SIZE:
        raise RtpError(f"an RTX payload of {len(payload)} bytes")
    return payload[0] << 8 | payload[1], payload[ORIGINAL_SEQUENCE_SIZE:]
