"""From packets to frames that a decoder can take: whole ones, and after a loss none before the next keyframe."""

from dataclasses import dataclass, field

from recorder.depacketise.frame import DepacketiseError, Frame, PayloadFormat
from sfu.link_messages import Kind

_MAX_FRAME = 8_000_000
"""Bytes. A keyframe of a 4K screen has under 2 MB; more is a sender that never ends its frames."""


@dataclass(slots=True)
class AssemblyCounts:
    """What was left out: `broken` frames were incomplete or malformed, `undecodable` ones needed one of those."""

    broken: int = 0
    undecodable: int = 0


@dataclass(slots=True)
class FrameAssembler:
    """Takes the payloads of one track in order, `gap` where packets are missing for good.

    Packets of one timestamp are a frame (each packet is, of sound). Which frames are needed to decode another is not
    known here, so after any missing frame of video everything is left out until a keyframe.
    """

    join: PayloadFormat
    kind: Kind
    counts: AssemblyCounts = field(default_factory=AssemblyCounts, init=False)
    keyframe_wanted: bool = field(default=False, init=False)
    """Whether frames are left out until a keyframe comes: ask the sender for one."""
    _payloads: list[bytes] = field(default_factory=list, init=False)
    _size: int = field(default=0, init=False)
    _timestamp: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.keyframe_wanted = self.kind == "video"

    def push(self, timestamp: int, marker: bool, payload: bytes) -> Frame | None:
        """The frame that this packet completes.

        Pictures end with a marker. One without was cut off, as when a sender goes over to another layer: what follows
        is of no use until a keyframe then. An empty payload is a packet of padding only, which is no part of a frame.
        """
        if not payload:
            return None
        if self.kind == "audio":
            return self._join([payload])
        if self._payloads and timestamp != self._timestamp:
            self.gap()
        self._timestamp = timestamp
        self._payloads.append(payload)
        self._size += len(payload)
        if self._size > _MAX_FRAME:
            self.gap()
        elif marker:
            payloads, self._payloads, self._size = self._payloads, [], 0
            return self._join(payloads)
        return None

    def gap(self) -> None:
        """Packets are missing here, or the stream starts anew. What has come of the present frame is of no use."""
        if self._payloads:
            self._payloads, self._size = [], 0
            self.counts.broken += 1
        self.keyframe_wanted = self.kind == "video"

    def _join(self, payloads: list[bytes]) -> Frame | None:
        try:
            frame = self.join(payloads)
        except DepacketiseError:
            self.counts.broken += 1
            self.gap()
            return None
        if self.keyframe_wanted and not frame.keyframe:
            self.counts.undecodable += 1
            return None
        self.keyframe_wanted = False
        return frame
