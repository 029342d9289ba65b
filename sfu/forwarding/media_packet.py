"""One media packet of a publisher, taken apart once, ready to be written for any number of participants."""

from dataclasses import dataclass

NO_NUMBER = -1
OPUS_IN_RED = 111
"""The payload type that Opus blocks within RED have in a `MediaPacket`, whatever the publisher calls Opus."""


@dataclass(slots=True)
class MediaPacket:
    """A decrypted RTP packet without header extensions, padding and publisher's payload type.

    `picture_id` and `tl0` are NO_NUMBER where the codec's payload carries none that must stay unbroken. For AV1
    with a dependency descriptor the picture id is the descriptor's 16-bit frame number, and lies in `descriptor`
    instead of the payload (AV1 RTP specification, appendix A).
    """

    format: str
    sequence_number: int
    timestamp: int
    marker: bool
    payload: bytes
    picture_id: int = NO_NUMBER
    picture_id_offset: int = 0
    tl0: int = NO_NUMBER
    tl0_offset: int = 0
    descriptor: bytes | None = None
    audio_level: bytes | None = None
