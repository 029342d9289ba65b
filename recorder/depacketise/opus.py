"""Opus: the payload format of RFC 7587, where each packet is an Opus packet (RFC 6716), and RED around it."""

from collections.abc import Sequence

from recorder.depacketise.frame import DepacketiseError, Frame
from sfu.codecs import CodecError, red

_SILK = (0.010, 0.020, 0.040, 0.060)
_HYBRID = (0.010, 0.020)
_CELT = (0.0025, 0.005, 0.010, 0.020)
_LONGEST = 0.120


def join_opus(payloads: Sequence[bytes]) -> Frame:
    """The packet and how long it sounds. Raises DepacketiseError."""
    if len(payloads) != 1 or not payloads[0]:
        raise DepacketiseError(f"{len(payloads)} Opus payloads with one timestamp, or an empty one")
    return Frame(payloads[0], keyframe=True, duration=opus_duration(payloads[0]))


def join_red(payloads: Sequence[bytes]) -> Frame:
    """The primary block; the tap's packets have been recovered already. Raises DepacketiseError."""
    try:
        return join_opus([red.primary(payload).payload for payload in payloads])
    except CodecError as error:
        raise DepacketiseError(str(error)) from error


def opus_duration(packet: bytes) -> float:
    """Seconds of sound in a packet that is not empty (RFC 6716 section 3.1). Raises DepacketiseError."""
    configuration = packet[0] >> 3
    if configuration < 12:
        frame = _SILK[configuration & 3]
    elif configuration < 16:
        frame = _HYBRID[configuration & 1]
    else:
        frame = _CELT[configuration & 3]
    code = packet[0] & 3
    if code < 3:
        return frame * (1 if code == 0 else 2)
    if len(packet) < 2:
        raise DepacketiseError("an Opus packet without its frame count")
    duration = frame * (packet[1] & 0x3F)
    if not 0 < duration <= _LONGEST:
        raise DepacketiseError("an Opus packet of no or too many frames")
    return duration
