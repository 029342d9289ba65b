"""What participants get to see of a session, as immutable values."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from sfu.link_messages import Kind, SlotUse, Source
from signalling.domain.roles import Permissions
from signalling.domain.room import Mode, Role, Room, RoomSettings

Awaited = Literal["approval", "moderator"]


@dataclass(frozen=True, slots=True)
class RoomView:
    """The room, as its session began with."""

    room_id: str
    name: str
    settings: RoomSettings
    data: dict[str, JsonValue]


def view_of_room(room: Room) -> RoomView:
    return RoomView(room.room_id, room.name, room.settings, room.data)


@dataclass(frozen=True, slots=True)
class TrackView:
    """A published track of someone."""

    track_id: str
    source: Source
    kind: Kind
    muted: bool


@dataclass(frozen=True, slots=True)
class OwnTrackView:
    """A negotiated track, as only its owner sees it. `mid` is the m-line that brings it."""

    track_id: str
    mid: str
    source: Source
    kind: Kind
    muted: bool
    published: bool


@dataclass(frozen=True, slots=True)
class SlotView:
    """A slot and who is in it; `client_id` and `track_id` are None together, while the slot is idle."""

    slot_id: str
    mid: str
    use: SlotUse
    index: int
    client_id: str | None
    track_id: str | None


@dataclass(frozen=True, slots=True)
class TalkerView:
    """A place of the stage. `speaking` is about right now, the place about the recent past."""

    client_id: str
    speaking: bool


@dataclass(frozen=True, slots=True)
class ParticipantView:
    """A participant of the roster. `joined_at` is UTC in ISO 8601; `reconnecting` while the connection is lost.

    `hard_muted` are the kinds that a moderator took from this one; what holds for the whole room is in `RoomState`.
    """

    client_id: str
    name: str
    role: Role
    user_ref: str
    data: dict[str, JsonValue]
    tracks: tuple[TrackView, ...]
    joined_at: str
    reconnecting: bool
    hard_muted: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class RoomState:
    """What moderators have made of the session, the same for all who are in it.

    `raised_hands` ask for the floor of a lecture, `approved_hands` have it. `extendable` says whether the
    duration can be extended now. `recording` and `live_recording` say what is being recorded.
    """

    hard_muted: bool
    locked: bool
    pinned: tuple[str, ...]
    spotlighted: tuple[str, ...]
    mode: Mode
    raised_hands: Annotated[tuple[str, ...], Field(serialization_alias="raisedHands")]
    approved_hands: Annotated[tuple[str, ...], Field(serialization_alias="approvedHands")]
    extendable: bool
    recording: bool
    live_recording: bool


@dataclass(frozen=True, slots=True)
class AwaitedView:
    """Someone who knocked and waits for a moderator's approval."""

    client_id: Annotated[str, Field(serialization_alias="clientId")]
    name: str


@dataclass(frozen=True, slots=True)
class SessionView:
    """Everything that one participant sees of the session. `participants` are the others.

    `awaited` says what someone in the lobby waits for: a moderator's approval, or a moderator. They see nothing of the
    session. `awaited_participants` are those who wait for approval; only moderators see them.
    """

    client_id: str
    conf_num: str
    role: Role
    permissions: Permissions
    participants: tuple[ParticipantView, ...]
    tracks: tuple[OwnTrackView, ...]
    slots: tuple[SlotView, ...]
    active_talkers: tuple[TalkerView, ...]
    hard_muted: tuple[Kind, ...]
    room_state: RoomState
    awaited: Awaited | None = None
    awaited_participants: Annotated[tuple[AwaitedView, ...], Field(serialization_alias="awaitedParticipants")] = ()
