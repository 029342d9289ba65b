"""From packets to frames that a decoder can take: whole ones, and after a loss none before the next keyframe."""

from dataclasses import dataclass, field

from recorder.depacketise.frame import DepacketiseError, Frame, PayloadFormat
from sfu.link_messages import Kind

_MAX_FRAME = 8_000_000
"""Bytes. A keyframe of a 4K screen has under 2 MB; more is a sender that never ends its frames."""


@dataclass(slots=True)
class AssemblyCounts:
    """`broken` frames were incomplete or malformed, `undecodable` ones whole but built on a frame that is missing."""

    frames: int = 0
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

    def push(self, timestamp: int, marker: bool, payload: bytes) -> list[tuple[int, Frame]]:
        """The frames (with their RTP timestamps) that are complete now: none, one, or two when a marker was missing.

        An empty payload is a packet of padding only, which is no part of a frame.
        """
        if not payload:
            return []
        if self.kind == "audio":
            self._timestamp, self._payloads = timestamp, [payload]
            return self.flush()
        done = self.flush() if self._payloads and timestamp != self._timestamp else []
        self._timestamp = timestamp
        self._payloads.append(payload)
        self._size += len(payload)
        if self._size > _MAX_FRAME:
            self.gap()
        elif marker:
            done += self.flush()
        return done

    def flush(self) -> list[tuple[int, Frame]]:
        """No more packets of the present frame come: it is complete if any came."""
        if not self._payloads:
            return []
        payloads, self._payloads, self._size = self._payloads, [], 0
        try:
            frame = self.join(payloads)
        except DepacketiseError:
            self._lose()
            return []
        if self.keyframe_wanted and not frame.keyframe:
            self.counts.undecodable += 1
            return []
        self.keyframe_wanted = False
        self.counts.frames += 1
        return [(self._timestamp, frame)]

    def gap(self) -> None:
        """Packets are missing here. What has come of the present frame is of no use."""
        if self._payloads:
            self._payloads, self._size = [], 0
            self.counts.broken += 1
        self.restart()

    def restart(self) -> None:
        """What comes next does not build on what came before."""
        self.keyframe_wanted = self.kind == "video"

    def _lose(self) -> None:
        self.counts.broken += 1
        self.restart()
