"""The typed messages of the link, the WebSocket that a media node dials to signalling.

The parameters are those of ORTC and mediasoup (transport, track, slot), never SDP. Commands describe a wanted
state (`Put…`), so sending one twice does no harm: the node compares it with what it has and changes the difference.
Every command gets exactly one `Reply`; events are not answered.

One JSON text message of the WebSocket holds one model of `NodeMessage` (node to signalling) or `Command`
(signalling to node).
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

LINK_VERSION = 2

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


# Parameters


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


# Commands, signalling to node


class PutRouter(Message):
    """A session's place on the node. `first` and `last` are endpoints set before and after the talkers."""

    type: Literal["put-router"] = "put-router"
    request_id: int
    router_id: Identifier
    max_video_slots: Annotated[int, Field(ge=1, le=16)] = 16
    first: tuple[Identifier, ...] = ()
    last: tuple[Identifier, ...] = ()


class DeleteRouter(Message):
    type: Literal["delete-router"] = "delete-router"
    request_id: int
    router_id: Identifier


class PutTransport(Message):
    """One peer connection: its ICE, its DTLS, what it publishes and its slots. The node is the DTLS server.

    `endpoint_id` is whoever owns the transport; no slot of an endpoint ever carries a track of the same endpoint.
    """

    type: Literal["put-transport"] = "put-transport"
    request_id: int
    router_id: Identifier
    transport_id: Identifier
    endpoint_id: Identifier
    cname: Annotated[str, Field(max_length=128)] = "roomcast"
    ice: Ice
    fingerprints: Annotated[tuple[Fingerprint, ...], Field(min_length=1)]
    tracks: tuple[Track, ...] = ()
    slots: tuple[Slot, ...] = ()


class DeleteTransport(Message):
    type: Literal["delete-transport"] = "delete-transport"
    request_id: int
    transport_id: Identifier


class PauseTracks(Message):
    """Mute and unmute: packets of a paused track are dropped, whatever the client sends."""

    type: Literal["pause-tracks"] = "pause-tracks"
    request_id: int
    transport_id: Identifier
    paused: dict[Identifier, bool]


class LimitSlots(Message):
    """The largest useful height of some slots; see `Slot.max_height`."""

    type: Literal["limit-slots"] = "limit-slots"
    request_id: int
    transport_id: Identifier
    max_heights: dict[Identifier, Annotated[int, Field(ge=0)] | None]


class PutTap(Message):
    """Let one recorder have a copy of everything that is published on a router.

    The recorder dials in and shows `tap_id` and `token`; a changed token cuts off who came in with the one before.
    `exclude` says which sources or kinds of which endpoints are left out; what it names later ends, and what it no
    longer names begins.
    """

    type: Literal["put-tap"] = "put-tap"
    request_id: int
    router_id: Identifier
    tap_id: Identifier
    token: TapToken
    exclude: dict[Identifier, tuple[Source | Kind, ...]] = Field(default_factory=dict)


class ChangeTap(Message):
    """What a tap leaves out of these endpoints from now on, which may be nothing; of the others as before.

    `PutTap` says all of it, which would be much to say again each time that one of a thousand comes.
    """

    type: Literal["change-tap"] = "change-tap"
    request_id: int
    tap_id: Identifier
    exclude: dict[Identifier, tuple[Source | Kind, ...]]


class DeleteTap(Message):
    type: Literal["delete-tap"] = "delete-tap"
    request_id: int
    tap_id: Identifier


Command = Annotated[
    PutRouter
    | DeleteRouter
    | PutTransport
    | DeleteTransport
    | PauseTracks
    | LimitSlots
    | PutTap
    | ChangeTap
    | DeleteTap,
    Field(discriminator="type"),
]


# Node to signalling


class Hello(Message):
    """The first message of a node. Whatever it forwarded under an earlier link is gone unless listed here.

    `tap` is None for a node that lets no recorder in.
    """

    type: Literal["hello"] = "hello"
    version: int = LINK_VERSION
    node_id: Identifier
    zone: Annotated[str, Field(max_length=32)] = "XX"
    candidates: tuple[Candidate, ...]
    fingerprint: Fingerprint
    transports: tuple[Identifier, ...] = ()
    tap: TapAddress | None = None
    taps: tuple[Identifier, ...] = ()


class Reply(Message):
    """`error` is None, or a stable code with a sentence in `detail`."""

    type: Literal["reply"] = "reply"
    request_id: int
    error: Literal["unknown-router", "unknown-transport", "invalid", "overloaded"] | None = None
    detail: str = ""


class TransportState(Message):
    """`failed`: the DTLS handshake failed or timed out. `lost`: consent expired (RFC 7675); the node keeps nothing."""

    type: Literal["transport-state"] = "transport-state"
    transport_id: Identifier
    state: Literal["connected", "failed", "lost"]
    reason: str = ""


class StageChanged(Message):
    """The stage of a session, first place first, and who of it is speaking now."""

    type: Literal["stage-changed"] = "stage-changed"
    router_id: Identifier
    endpoints: tuple[Identifier, ...]
    speaking: tuple[Identifier, ...]


class SlotsFilled(Message):
    """Who is in the slots of each transport that changed: slot to track, None when the slot is idle."""

    type: Literal["slots-filled"] = "slots-filled"
    router_id: Identifier
    transports: dict[Identifier, dict[Identifier, Identifier | None]]


class TrackLimited(Message):
    """Which layers of a track are withheld because they exceed the track's cap, by RID ("" without simulcast); empty
    when all are forwarded again."""

    type: Literal["track-limited"] = "track-limited"
    transport_id: Identifier
    track_id: Identifier
    layers: dict[str, Excess]


DELAY_BOUNDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds: the upper bounds of the buckets of `LoopDelays`, but for the last, which has none."""


class LoopDelays(Message):
    """The event loop's delays since the process started: how many were at most as long as each bound, at last how many
    there were, and their sum in seconds."""

    buckets: Annotated[tuple[int, ...], Field(min_length=len(DELAY_BOUNDS) + 1, max_length=len(DELAY_BOUNDS) + 1)]
    seconds: Annotated[float, Field(ge=0)]


class NodeLoad(Message):
    """Sent every two seconds. `cpu` is the share of one core that the process used since the last one.

    `counters` are totals since the process started, by name (`packets-forwarded`, `srtp-auth-failed`, …).
    `loop_delay` is the event loop's worst delay since the last message, in seconds; `loop_delays` tells of all.
    `taps` are those with a recorder. `compiled` says whether the compiled packet path is at work.
    """

    type: Literal["node-load"] = "node-load"
    transports: int
    taps: int = 0
    cpu: float
    loop_delay: float = 0.0
    loop_delays: LoopDelays | None = None
    compiled: bool = False
    counters: dict[str, int] = Field(default_factory=dict)


class Flow(Message):
    """Media of one use in one direction since the last message.

    `octets` are those of RTP payloads. `lost` are packets that did not arrive at first, as whoever should have got
    them says; those sent again are among them. `jitter` is the worst seen, in seconds (RFC 3550 section 6.4.1).
    `bitrate` (bits per second, of payloads, all streams together) is that of `seconds` in which the number of streams
    stayed the same, on average `streams`; 0 with no such time. A publisher's stream counts as long as its track is
    not paused, so that `seconds` with a bitrate of 0 mean that nothing came though it should have.
    """

    packets: Annotated[int, Field(ge=0)] = 0
    octets: Annotated[int, Field(ge=0)] = 0
    lost: Annotated[int, Field(ge=0)] = 0
    jitter: Annotated[float, Field(ge=0)] = 0.0
    seconds: Annotated[float, Field(ge=0)] = 0.0
    bitrate: Annotated[int, Field(ge=0)] = 0
    streams: Annotated[float, Field(ge=0)] = 0.0


class Delivery(Message):
    """How packets reached the client since the last message, retransmissions too, by its transport-wide feedback.

    `packets` came, `lost` did not. `bitrate` is that of what came, in bits per second of encrypted RTP packets.
    `delay_trend` is how fast the delay on the way grows, in milliseconds per second; negative while a queue empties.
    """

    packets: Annotated[int, Field(ge=0)] = 0
    lost: Annotated[int, Field(ge=0)] = 0
    bitrate: Annotated[int, Field(ge=0)] = 0
    delay_trend: float = 0.0


class TransportFigures(Message):
    """`received` came from the transport's client, `sent` went to it; uses of which nothing flowed are left out.
    All simulcast layers of a track count as one stream. `rtt` is the round-trip time in seconds, None while unknown.
    `delivery` is None without transport-wide feedback."""

    received: dict[SlotUse, Flow] = Field(default_factory=dict)
    sent: dict[SlotUse, Flow] = Field(default_factory=dict)
    rtt: Annotated[float, Field(ge=0)] | None = None
    delivery: Delivery | None = None


class TransportStats(Message):
    """What flowed over the transports of a router, each since it was last told; due each 5 seconds.

    Transports of which there is nothing to tell are left out; those of a large session come in several messages.
    """

    type: Literal["transport-stats"] = "transport-stats"
    router_id: Identifier
    transports: dict[Identifier, TransportFigures]


NodeMessage = Annotated[
    Hello | Reply | TransportState | StageChanged | SlotsFilled | TrackLimited | TransportStats | NodeLoad,
    Field(discriminator="type"),
]

COMMANDS: TypeAdapter[Command] = TypeAdapter(Command)
NODE_MESSAGES: TypeAdapter[NodeMessage] = TypeAdapter(NodeMessage)
