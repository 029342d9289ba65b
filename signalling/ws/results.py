"""The results of the methods."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from sfu.link_messages import Kind
from signalling.domain.roles import Permissions
from signalling.domain.room import Role
from signalling.domain.views import (
    Awaited,
    AwaitedView,
    OwnTrackView,
    RoomState,
    RoomView,
    SlotView,
    TalkerView,
    view_of_room,
)
from signalling.live.encoding import to_json
from signalling.live.member import Member
from signalling.live.negotiation import Agreement, RefusedMedia
from signalling.live.session import LiveSession


@dataclass(frozen=True, slots=True)
class JoinResult:
    """Of `join` and `resume`. `answer` and `refused` are there only when an offer was sent. `participants` is JSON
    already, see `encode_result`.

    `time_left` is in seconds, None for a session that has no end of its own.
    `events_lost` is how many events after the `last_seq` of a resume are remembered no more.
    """

    client_id: str
    room: RoomView
    conf_num: str
    role: Role
    permissions: Permissions
    participants: Annotated[str, Field(exclude=True)]
    active_talkers: tuple[TalkerView, ...]
    tracks: tuple[OwnTrackView, ...]
    slots: tuple[SlotView, ...]
    hard_muted: tuple[Kind, ...]
    room_state: RoomState
    time_left: float | None
    awaited: Awaited | None
    awaited_participants: Annotated[tuple[AwaitedView, ...], Field(serialization_alias="awaitedParticipants")]
    resume_token: str
    resume_grace: float
    ice_servers: tuple[str, ...]
    events_lost: int
    answer: str | None
    refused: tuple[RefusedMedia, ...]


@dataclass(frozen=True, slots=True)
class NegotiateResult:
    answer: str
    tracks: tuple[OwnTrackView, ...]
    slots: tuple[SlotView, ...]
    refused: tuple[RefusedMedia, ...]


@dataclass(frozen=True, slots=True)
class SentResult:
    """`at` is what the recipients see as the time of the message."""

    at: str


@dataclass(frozen=True, slots=True)
class PlacesResult:
    """All who are pinned, or in the spotlight, now."""

    clients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExtendResult:
    """Minutes."""

    extended_time: Annotated[int, Field(serialization_alias="extendedTime")]


@dataclass(frozen=True, slots=True)
class Done:
    """An empty object: nothing more to say."""


def encode_result(result: object) -> str:
    """The JSON of a method's result."""
    text = to_json(result)
    if isinstance(result, JoinResult):
        # Most of it, in a large room; pydantic knows no way to take in what is encoded already.
        return f'{{"participants":{result.participants},{text[1:]}'
    return text


def join_result(
    session: LiveSession, member: Member, *, grace: float, agreement: Agreement | None, events_lost: int = 0
) -> JoinResult:
    """Everything a participant has to know to begin, or to go on."""
    view = session.view_for(member)
    return JoinResult(
        client_id=view.client_id,
        room=view_of_room(session.room),
        conf_num=view.conf_num,
        role=view.role,
        permissions=view.permissions,
        participants=session.encoder.participants(view.participants),
        active_talkers=view.active_talkers,
        tracks=view.tracks,
        slots=view.slots,
        hard_muted=view.hard_muted,
        room_state=view.room_state,
        time_left=session.time_left(),
        awaited=view.awaited,
        awaited_participants=view.awaited_participants,
        resume_token=member.resume_token,
        resume_grace=grace,
        ice_servers=(),
        events_lost=events_lost,
        answer=agreement.sdp.sdp if agreement else None,
        refused=agreement.refused if agreement else (),
    )


def negotiate_result(session: LiveSession, member: Member, agreement: Agreement) -> NegotiateResult:
    view = session.view_for(member)
    return NegotiateResult(agreement.sdp.sdp, view.tracks, view.slots, agreement.refused)
