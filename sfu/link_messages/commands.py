"""Commands: what signalling tells a node to have. Each is answered by one `Reply`."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from sfu.link_messages.parameters import Fingerprint, Ice, Identifier, Kind, Message, Slot, Source, TapToken, Track


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

COMMANDS: TypeAdapter[Command] = TypeAdapter(Command)
