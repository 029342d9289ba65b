"""What a node tells signalling: its replies, and what happened."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from sfu.link_messages.figures import LoopDelays, TransportFigures
from sfu.link_messages.parameters import Candidate, Excess, Fingerprint, Identifier, Message, TapAddress

LINK_VERSION = 2


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


class NodeLoad(Message):
    """Sent every two seconds. `cpu` is the share of one core that the process used since the last one.

    `counters` are totals since the process started, by name (`packets-forwarded`, `srtp-auth-failed`, …).
    `loop_delay` is the event loop's worst delay in the last minute, in seconds; `loop_delays` tells of all.
    `longest_turn` is the most processor time, in seconds, that the node itself used during one of those delays.
    `taps` are those with a recorder. `compiled` says whether the compiled packet path is at work.
    """

    type: Literal["node-load"] = "node-load"
    transports: int
    taps: int = 0
    cpu: float
    loop_delay: float = 0.0
    loop_delays: LoopDelays | None = None
    longest_turn: float = 0.0
    compiled: bool = False
    counters: dict[str, int] = Field(default_factory=dict)


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

NODE_MESSAGES: TypeAdapter[NodeMessage] = TypeAdapter(NodeMessage)
