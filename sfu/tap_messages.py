"""What goes over a tap: the connection that a recorder dials to a media node, for a copy of what a session publishes.

Everything is in RFC 4571 frames, over TLS. The recorder's first frame is `TapCredentials`; all that it may say once it
is accepted is `KeyframeWanted`. The node's frames are RTP
packets, RTCP sender reports (told apart as in RFC 5761), and control frames: one model of `ControlFrame` as JSON, so
that their first byte is `{`, which no RTP or RTCP packet begins with. The first one is `TapAccepted` or `TapRefused`.

Times (`at`) are in seconds since 1900 on the node's NTP clock, the one of which its sender reports speak.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from sfu.link_messages import Codec, Identifier, Kind, Message, Source, Ssrc, TapToken

AUDIO_LEVEL_ID = 1
"""The header extension of a tap's RTP packets (RFC 6464); there are no others."""

MAX_CREDENTIALS = 1024
"""Bytes of a frame of the recorder."""


class TapCredentials(Message):
    """What the recorder shows; both were given to it by signalling."""

    tap_id: Identifier
    token: TapToken


class KeyframeWanted(Message):
    """From the recorder: nothing of this track can be shown before a keyframe comes. The node asks its publisher for
    one each few seconds at most, however often this comes."""

    type: Literal["keyframe"] = "keyframe"
    track_id: Identifier


class TapAccepted(Message):
    """The recorder is let in. Someone else who had shown the same credentials has been cut off."""

    type: Literal["accepted"] = "accepted"
    at: float


class TapRefused(Message):
    """There is no such tap, or the token is another one. The node closes the connection."""

    type: Literal["refused"] = "refused"


class TrackBegan(Message):
    """The RTP packets of this SSRC that follow are of this track, and all of this codec.

    Told before a track's first packet, again when its codec changes, and again when the recorder has dialled anew.
    `codec.payload_type` is that of the packets. Sequence numbers, timestamps and picture ids are unbroken for the
    life of the SSRC, whatever layer is sent.
    """

    type: Literal["track"] = "track"
    ssrc: Ssrc
    track_id: Identifier
    endpoint_id: Identifier
    source: Source
    kind: Kind
    codec: Codec


class TrackPaused(Message):
    """A track that had begun was muted: no packet comes until it is resumed."""

    type: Literal["paused"] = "paused"
    track_id: Identifier
    at: float


class TrackResumed(Message):
    type: Literal["resumed"] = "resumed"
    track_id: Identifier
    at: float


class TrackEnded(Message):
    """A track that had begun is gone, or is no longer wanted."""

    type: Literal["track-ended"] = "track-ended"
    track_id: Identifier


class PacketsDropped(Message):
    """The recorder read too slowly: so many packets were left out before what follows."""

    type: Literal["dropped"] = "dropped"
    packets: Annotated[int, Field(gt=0)]


class TapClosed(Message):
    """The last frame: the tap or its session was ended on purpose."""

    type: Literal["bye"] = "bye"


ControlFrame = Annotated[
    TapAccepted | TapRefused | TrackBegan | TrackPaused | TrackResumed | TrackEnded | PacketsDropped | TapClosed,
    Field(discriminator="type"),
]
CONTROL_FRAMES: TypeAdapter[ControlFrame] = TypeAdapter(ControlFrame)
