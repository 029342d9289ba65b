"""What commands and reports speak of: codecs, tracks, slots, addresses. Parameters are those of ORTC and mediasoup."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["audio", "video"]
Source = Literal["microphone", "camera", "screen", "canvas"]
SlotUse = Literal["audio", "video", "screen"]
CodecName = Literal["opus", "red", "VP8", "VP9", "H264", "AV1"]
ExtensionName = Literal[
    "mid",
    "rid",
    "repaired-rid",
    "audio-level",
    "abs-send-time",
    "transport-wide-cc",
    "dependency-descriptor",
]

Excess = Literal["resolution", "bitrate"]

PayloadType = Annotated[int, Field(ge=0, le=127)]
Ssrc = Annotated[int, Field(ge=0, le=0xFFFFFFFF)]
ExtensionId = Annotated[int, Field(ge=1, le=255)]
Identifier = Annotated[str, Field(min_length=1, max_length=128)]
TapToken = Annotated[str, Field(min_length=16, max_length=256, repr=False)]


class Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Codec(Message):
    """One payload type of one m-line.

    `format` names what the bytes mean, independent of anyone's payload type: two participants whose codecs have
    the same format can be forwarded to each other (`opus`, `red`, `VP8`, `VP9/0`, `H264/42e0/1`, `AV1/0`).
    """

    format: Identifier
    name: CodecName
    payload_type: PayloadType
    clock_rate: Annotated[int, Field(gt=0)]
    rtx_payload_type: PayloadType | None = None


class Cap(Message):
    """The most that each layer of a track may be: pixels of its longer and its shorter side (None for any size), and
    bits per second."""

    long_side: Annotated[int, Field(gt=0)] | None = None
    short_side: Annotated[int, Field(gt=0)] | None = None
    bitrate: Annotated[int, Field(gt=0)]


class Track(Message):
    """A published stream: what one sendonly m-line of an offer brings.

    `rids` are the simulcast layers in the offer's order, lowest first; empty without simulcast. `ssrcs` and
    `rtx_ssrcs` are those that the offer names (none for simulcast by RID). Layers that exceed `cap` are withheld.
    """

    track_id: Identifier
    mid: Annotated[str, Field(max_length=32)]
    source: Source
    kind: Kind
    codecs: Annotated[tuple[Codec, ...], Field(min_length=1)]
    extensions: dict[ExtensionName, ExtensionId]
    rids: tuple[str, ...] = ()
    ssrcs: tuple[Ssrc, ...] = ()
    rtx_ssrcs: tuple[Ssrc, ...] = ()
    cap: Cap | None = None
    paused: bool = False


class Slot(Message):
    """An outgoing stream to a participant: one SSRC for ever, filled with whoever the node chooses.

    Audio slot k and video slot k share their msid stream, so the node fills both from the same endpoint.
    `max_height` is in pixels; None asks for the best layer, 0 for none at all.
    """

    slot_id: Identifier
    mid: Annotated[str, Field(max_length=32)]
    use: SlotUse
    index: Annotated[int, Field(ge=0, le=63)]
    ssrc: Ssrc
    rtx_ssrc: Ssrc | None = None
    codecs: tuple[Codec, ...]
    extensions: dict[ExtensionName, ExtensionId]
    max_height: Annotated[int, Field(ge=0)] | None = None


class Ice(Message):
    """Credentials of one ICE generation (RFC 8445 section 5.3). A changed `local_ufrag` is an ICE restart."""

    local_ufrag: Annotated[str, Field(min_length=4, max_length=256)]
    local_pwd: Annotated[str, Field(min_length=22, max_length=256)]
    remote_ufrag: Annotated[str, Field(min_length=4, max_length=256)]


class Fingerprint(Message):
    algorithm: Literal["sha-256", "sha-384", "sha-512"]
    value: Annotated[str, Field(pattern=r"^[0-9A-F]{2}(:[0-9A-F]{2})+$")]


class Candidate(Message):
    """An address on which the node listens."""

    protocol: Literal["udp", "tcp"]
    ip: str
    port: Annotated[int, Field(ge=1, le=65535)]


class TapAddress(Message):
    """Where recorders dial the node's tap port. `host` empty: the address by which the node is known anyway.

    The node shows a certificate of its own making, which the recorder knows by this fingerprint.
    """

    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)]
    fingerprint: Fingerprint
