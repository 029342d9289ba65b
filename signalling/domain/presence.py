"""Coming and going: join, leave, a lost connection and its return, the end of the session."""

from dataclasses import dataclass

from pydantic import JsonValue

from signalling.domain.effects import Effect
from signalling.domain.errors import Reason, RefusedError
from signalling.domain.events import (
    DisconnectReason,
    UserConnected,
    UserReconnected,
    UserReconnecting,
)
from signalling.domain.membership import end_for_all, remove
from signalling.domain.participant import Participant
from signalling.domain.room import Role
from signalling.domain.state import Handler, SessionState


@dataclass(frozen=True, slots=True)
class Join:
    """Someone with a valid token comes in. `client_id` is new and random, `joined_at` is UTC in ISO 8601."""

    client_id: str
    name: str
    role: Role
    user_ref: str
    data: dict[str, JsonValue]
    joined_at: str


@dataclass(frozen=True, slots=True)
class Leave:
    client_id: str


@dataclass(frozen=True, slots=True)
class LoseConnection:
    """The participant's connection broke; media may well go on."""

    client_id: str


@dataclass(frozen=True, slots=True)
class Resume:
    """The participant is back, on a new connection."""

    client_id: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class End:
    """The session ends for everyone, from outside."""

    reason: DisconnectReason
    message: str


def check_admission(state: SessionState, role: Role) -> None:
    """Raises RefusedError when nobody of this role can join now."""
    if state.ended:
        raise RefusedError(Reason.SESSION_ENDED, "The session has just ended: join again.")
    if role == "audience":
        raise RefusedError(Reason.ROLE_FORBIDDEN, "The audience watches the broadcast and does not enter the session.")
    if state.locked and role != "moderator":
        raise RefusedError(Reason.ROOM_LOCKED, "A moderator has locked the room.")
    settings = state.room.settings
    moderators = sum(1 for participant in state.participants.values() if participant.role == "moderator")
    if role == "moderator":
        if moderators >= settings.moderators:
            raise RefusedError(Reason.ROOM_FULL, f"The room takes at most {settings.moderators} moderators.")
    elif len(state.participants) - moderators >= settings.participants:
        raise RefusedError(Reason.ROOM_FULL, f"The room takes at most {settings.participants} participants.")


def join(state: SessionState, join: Join, now: float) -> list[Effect]:
    check_admission(state, join.role)
    if join.client_id in state.participants:
        raise RefusedError(Reason.ALREADY_JOINED, f"The client id {join.client_id} is in the session.")
    participant = Participant(
        client_id=join.client_id,
        name=join.name,
        role=join.role,
        user_ref=join.user_ref,
        data=join.data,
        joined_at=join.joined_at,
        silenced=state.hard_muted and join.role != "moderator",
    )
    state.participants[join.client_id] = participant
    return state.notify_others(join.client_id, UserConnected(participant.view(reconnecting=False)))


def leave(state: SessionState, leave: Leave, now: float) -> list[Effect]:
    state.participant(leave.client_id)
    return remove(state, leave.client_id, now, "left")


def lose_connection(state: SessionState, loss: LoseConnection, now: float) -> list[Effect]:
    state.participant(loss.client_id)
    if loss.client_id in state.lost:
        return []
    state.lost[loss.client_id] = now
    return state.notify_others(loss.client_id, UserReconnecting(loss.client_id))


def resume(state: SessionState, resume: Resume, now: float) -> list[Effect]:
    state.participant(resume.client_id)
    if state.lost.pop(resume.client_id, None) is None:
        return []
    return state.notify_others(resume.client_id, UserReconnected(resume.client_id))


def tick(state: SessionState, tick: Tick, now: float) -> list[Effect]:
    effects: list[Effect] = []
    overdue = [client_id for client_id, lost_at in state.lost.items() if lost_at + state.resume_grace <= now]
    for client_id in overdue:
        # What counts as the end of the connection is when it broke, not when patience ran out.
        effects += remove(state, client_id, state.lost[client_id], "connection-lost")
    return effects


def end(state: SessionState, end: End, now: float) -> list[Effect]:
    return end_for_all(state, now, end.reason, end.message, "session-ended")


HANDLERS: dict[type, Handler] = {
    Join: join,
    Leave: leave,
    LoseConnection: lose_connection,
    Resume: resume,
    Tick: tick,
    End: end,
}
