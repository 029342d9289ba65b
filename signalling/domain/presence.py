"""Coming and going: join, leave, a lost connection and its return, the end of the session."""

from dataclasses import dataclass

from signalling.domain.duration import keep_time
from signalling.domain.effects import Effect
from signalling.domain.errors import Reason, RefusedError
from signalling.domain.events import (
    DisconnectReason,
    UserReconnected,
    UserReconnecting,
)
from signalling.domain.lobby import leave_lobby, must_wait, open_for_moderator, time_out, wait
from signalling.domain.membership import end_for_all, enter, interrupt_for_all, remove
from signalling.domain.participant import Entry
from signalling.domain.room import PARTICIPANTS_IN_GROUP_MODE, Role
from signalling.domain.state import Handler, SessionState


@dataclass(frozen=True, slots=True)
class Join(Entry):
    """Someone with a valid token comes in, or into the lobby. `client_id` is new and random.

    `admitted` says that they were in already, before the server was restarted: nobody has to let them in again.
    """

    admitted: bool = False


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


@dataclass(frozen=True, slots=True)
class Interrupt:
    """The server stops, and everybody is to come back when it has started again. `message` is for people."""

    message: str


def check_admission(state: SessionState, role: Role, *, returning: bool = False) -> None:
    """Raises RefusedError when nobody of this role can join now. The lock does not concern those who are `returning`
    after a restart of the server."""
    if state.ended:
        raise RefusedError(Reason.SESSION_ENDED, "The session has just ended: join again.")
    if role == "audience":
        raise RefusedError(Reason.ROLE_FORBIDDEN, "The audience watches the broadcast and does not enter the session.")
    if state.locked and role != "moderator" and not returning:
        raise RefusedError(Reason.ROOM_LOCKED, "A moderator has locked the room.")
    settings = state.room.settings
    moderators = sum(1 for participant in state.participants.values() if participant.role == "moderator")
    if role == "moderator":
        if moderators >= settings.moderators:
            raise RefusedError(Reason.ROOM_FULL, f"The room takes at most {settings.moderators} moderators.")
    else:
        # A lecture room that was switched to group mode takes fewer than it says.
        limit = settings.participants
        if state.mode == "group":
            limit = min(limit, PARTICIPANTS_IN_GROUP_MODE)
        if len(state.participants) - moderators + len(state.lobby) >= limit:
            raise RefusedError(Reason.ROOM_FULL, f"The room takes at most {limit} participants.")


def join(state: SessionState, join: Join, now: float) -> list[Effect]:
    check_admission(state, join.role, returning=join.was is not None)
    if join.client_id in state.participants or join.client_id in state.lobby:
        raise RefusedError(Reason.ALREADY_JOINED, f"The client id {join.client_id} is in the session.")
    if not join.admitted and must_wait(state, join.role):
        return wait(state, join, now)
    admitted = open_for_moderator(state, join.joined_at, now) if join.role == "moderator" else []
    return admitted + enter(state, join)


def leave(state: SessionState, leave: Leave, now: float) -> list[Effect]:
    if leave.client_id in state.lobby:
        return leave_lobby(state, leave.client_id, "withdrawn")
    state.participant(leave.client_id)
    return remove(state, leave.client_id, now, "left")


def lose_connection(state: SessionState, loss: LoseConnection, now: float) -> list[Effect]:
    _require_known(state, loss.client_id)
    if loss.client_id in state.lost:
        return []
    state.lost[loss.client_id] = now
    if loss.client_id in state.lobby:
        return []
    return state.notify_others(loss.client_id, UserReconnecting(loss.client_id))


def resume(state: SessionState, resume: Resume, now: float) -> list[Effect]:
    _require_known(state, resume.client_id)
    if state.lost.pop(resume.client_id, None) is None or resume.client_id in state.lobby:
        return []
    return state.notify_others(resume.client_id, UserReconnected(resume.client_id))


def tick(state: SessionState, tick: Tick, now: float) -> list[Effect]:
    effects: list[Effect] = []
    overdue = [client_id for client_id, lost_at in state.lost.items() if lost_at + state.resume_grace <= now]
    for client_id in overdue:
        if client_id in state.lobby:
            effects += leave_lobby(state, client_id, "withdrawn")
        else:
            # What counts as the end of the connection is when it broke, not when patience ran out.
            effects += remove(state, client_id, state.lost[client_id], "connection-lost")
    effects += time_out(state, now)
    return effects + keep_time(state, now)


def _require_known(state: SessionState, client_id: str) -> None:
    if client_id not in state.lobby:
        state.participant(client_id)


def end(state: SessionState, end: End, now: float) -> list[Effect]:
    return end_for_all(state, now, end.reason, end.message, "session-ended")


def interrupt(state: SessionState, interruption: Interrupt, now: float) -> list[Effect]:
    return interrupt_for_all(state, now, interruption.message)


HANDLERS: dict[type, Handler] = {
    Join: join,
    Leave: leave,
    LoseConnection: lose_connection,
    Resume: resume,
    Tick: tick,
    End: end,
    Interrupt: interrupt,
}
