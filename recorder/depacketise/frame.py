"""What depacketisers make of payloads."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class DepacketiseError(ValueError):
    """Payloads that do not make up a frame of their codec; the sentence says what is wrong."""


class Frame(NamedTuple):
    """One encoded picture or piece of sound, as a Matroska block holds it.

    `width` and `height` in pixels and `codec_private` (what decoders want to know before the first frame: avcC, av1C)
    are told by keyframes, where the codec has them. `duration` is in seconds, of sound only.
    """

    data: bytes
    keyframe: bool
    width: int = 0
    height: int = 0
    codec_private: bytes = b""
    duration: float = 0.0


class PayloadFormat(Protocol):
    """A codec's RTP payload format."""

    def __call__(self, payloads: Sequence[bytes]) -> Frame:
        """The frame whose packets had these payloads (without padding, none empty), in order, none missing.

        Raises DepacketiseError, also for payloads that begin in the middle of a frame.
        """
        ...
