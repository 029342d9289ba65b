"""The quality of a room: how large pictures may be and how many bits per second a layer may take.

The answer to an offer tells the publisher the bitrate, and the media node holds everyone to all of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sfu.link_messages import Cap, Excess, Source
from signalling.domain.effects import Effect, Notify
from signalling.domain.events import LimitedLayer, TrackLimited
from signalling.domain.room import Quality
from signalling.domain.state import Handler, SessionState

_CAMERA: Mapping[Quality, Cap] = {
    "LD": Cap(long_side=640, short_side=360, bitrate=600_000),
    "SD": Cap(long_side=640, short_side=480, bitrate=1_000_000),
    "HD": Cap(long_side=1280, short_side=720, bitrate=2_500_000),
}
# Text has to be legible, so a screen keeps its size, and sends fewer pictures when it may not send enough bits.
_SCREEN: Mapping[Quality, Cap] = {
    "LD": Cap(bitrate=1_500_000),
    "SD": Cap(bitrate=2_500_000),
    "HD": Cap(bitrate=4_000_000),
}


def caps_of(quality: Quality) -> dict[Source, Cap]:
    """The caps of what is video, by source."""
    return {"camera": _CAMERA[quality], "canvas": _CAMERA[quality], "screen": _SCREEN[quality]}


@dataclass(frozen=True, slots=True)
class LimitTrack:
    """The media node withholds these layers of a track (by RID) because they exceed the cap; none: no more."""

    client_id: str
    transport_id: str
    track_id: str
    layers: Mapping[str, Excess]


def limit_track(state: SessionState, limit: LimitTrack, now: float) -> list[Effect]:
    participant = state.participants.get(limit.client_id)
    media = participant.media if participant else None
    # The node may speak of a transport that was replaced a moment ago.
    if media is None or media.transport_id != limit.transport_id or limit.track_id not in media.tracks:
        return []
    layers = tuple(LimitedLayer(rid, reason) for rid, reason in limit.layers.items())
    return [Notify((limit.client_id,), TrackLimited(limit.track_id, layers))]


HANDLERS: dict[type, Handler] = {LimitTrack: limit_track}
