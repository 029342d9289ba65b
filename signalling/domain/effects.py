"""Effects: what the surroundings have to do after an input of a session. In the order given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue

from sfu.link_messages import Slot, Track
from signalling.domain.events import DisconnectReason, Event, InterruptReason, LeaveReason
from signalling.domain.room import Role

RecordingKind = Literal["individual", "live"]


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell an event to some participants, who may be none: the log of the session has it all the same."""

    to: tuple[str, ...]
    event: Event


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Tell one participant that they are out (`room-disconnected`), then close their connection."""

    client_id: str
    reason: DisconnectReason
    message: str


@dataclass(frozen=True, slots=True)
class PutTransport:
    """Bring the media node to this state of one participant's transport: published tracks and all slots."""

    client_id: str
    transport_id: str
    tracks: tuple[Track, ...]
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class DeleteTransport:
    client_id: str
    transport_id: str


@dataclass(frozen=True, slots=True)
class PauseTracks:
    """Whether the packets of some tracks are dropped (muted)."""

    client_id: str
    transport_id: str
    paused: dict[str, bool]


@dataclass(frozen=True, slots=True)
class LimitSlots:
    """The largest useful height (pixels) of some slots; None for the best, 0 for none."""

    client_id: str
    transport_id: str
    max_heights: dict[str, int | None]


@dataclass(frozen=True, slots=True)
class ArrangeStage:
    """Who stands before the talkers, and who after them, by client id."""

    first: tuple[str, ...]
    last: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordJoin:
    """Store that someone has come in; `was` is their client id from before a restart of the server."""

    client_id: str
    name: str
    role: Role
    user_ref: str
    was: str | None = None


@dataclass(frozen=True, slots=True)
class Forget:
    """Someone who waited in the lobby is gone; there is nothing to store, for they were never in."""

    client_id: str


@dataclass(frozen=True, slots=True)
class RecordLeave:
    """Store that a connection ended. `left_at` is on the clock of the session's `now`: for a connection that was lost
    and never resumed it lies in the past."""

    client_id: str
    left_at: float
    reason: LeaveReason | InterruptReason


@dataclass(frozen=True, slots=True)
class WebLayout:
    """A page that lays out what a live recording shows. `options` are for the page to understand."""

    url: str
    chat_overlay: bool = False
    options: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BeginRecording:
    """Let a recorder begin a segment. The segments of each kind count up from 1 within a session.

    One that replaces another segment of its kind, without a `FinishRecording` between, goes on where a recorder failed.
    """

    kind: RecordingKind
    segment: int
    layout: WebLayout | None = None


@dataclass(frozen=True, slots=True)
class FinishRecording:
    """End the running segment of a kind, and keep its files."""

    kind: RecordingKind


@dataclass(frozen=True, slots=True)
class EndSession:
    """Nobody is left: close the session. `interrupted` says that the server stops, and people come back."""

    interrupted: bool = False


Effect = (
    Notify
    | Disconnect
    | PutTransport
    | DeleteTransport
    | PauseTracks
    | LimitSlots
    | ArrangeStage
    | RecordJoin
    | RecordLeave
    | Forget
    | BeginRecording
    | FinishRecording
    | EndSession
)
