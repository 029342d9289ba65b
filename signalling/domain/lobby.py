"""The lobby: where those wait who knocked, or who came before a moderator did.

They hold a place of the room, so that letting somebody in never fails for want of one.
"""

from dataclasses import dataclass, replace

from signalling.domain.effects import Disconnect, Effect, Forget, Notify
from signalling.domain.errors import Reason, RefusedError
from signalling.domain.events import AwaitedUserGone, LobbyLeaveReason, RoomAllowed, UserAwaited
from signalling.domain.membership import close_if_empty, enter
from signalling.domain.participant import Entry, Waiting
from signalling.domain.room import Role
from signalling.domain.state import Handler, SessionState
from signalling.domain.views import view_of_room

# Seconds. A knock is answered soon or never; a moderator may be late.
PATIENCE_FOR_APPROVAL = 5 * 60
PATIENCE_FOR_MODERATOR = 30 * 60


@dataclass(frozen=True, slots=True)
class ApproveAwaited:
    """Let somebody in. `at` is UTC in ISO 8601: they have joined from then on."""

    client_id: str
    target: str
    at: str


@dataclass(frozen=True, slots=True)
class DenyAwaited:
    """Send somebody away who knocked."""

    client_id: str
    target: str


def must_wait(state: SessionState, role: Role) -> bool:
    """Whether someone of this role who comes now has to wait."""
    settings = state.room.settings
    return role != "moderator" and (settings.knock or (settings.wait_for_moderator and not state.has_moderator()))


def wait(state: SessionState, entry: Entry, now: float) -> list[Effect]:
    knocks = state.room.settings.knock
    patience = PATIENCE_FOR_APPROVAL if knocks else PATIENCE_FOR_MODERATOR
    state.lobby[entry.client_id] = Waiting(entry, now + patience)
    return state.notify_moderators(UserAwaited(entry.client_id, entry.name)) if knocks else []


def open_for_moderator(state: SessionState, at: str, now: float) -> list[Effect]:
    """A moderator is about to come in: those who only waited for that come in first."""
    effects: list[Effect] = []
    if not state.room.settings.knock:
        for client_id in list(state.lobby):
            effects += _let_in(state, client_id, at, now)
    return effects


def leave_lobby(state: SessionState, client_id: str, reason: LobbyLeaveReason) -> list[Effect]:
    """Someone who waits goes away, or is sent away."""
    del state.lobby[client_id]
    state.lost.pop(client_id, None)
    return [
        *state.notify_moderators(AwaitedUserGone(client_id, reason)),
        Forget(client_id),
        *close_if_empty(state),
    ]


def time_out(state: SessionState, now: float) -> list[Effect]:
    """Send those away whose patience, which is ours, has run out."""
    effects: list[Effect] = []
    for client_id in [client_id for client_id, one in state.lobby.items() if one.deadline <= now]:
        effects.append(Disconnect(client_id, "awaited-too-long", "Nobody has let you in."))
        effects += leave_lobby(state, client_id, "timed-out")
    return effects


def approve(state: SessionState, approval: ApproveAwaited, now: float) -> list[Effect]:
    state.moderator(approval.client_id)
    _require_waiting(state, approval.target)
    return [
        *state.notify_moderators(AwaitedUserGone(approval.target, "approved")),
        *_let_in(state, approval.target, approval.at, now),
    ]


def deny(state: SessionState, denial: DenyAwaited, now: float) -> list[Effect]:
    state.moderator(denial.client_id)
    _require_waiting(state, denial.target)
    message = "A moderator did not let you in."
    return [
        Disconnect(denial.target, "denied-by-moderator", message),
        *leave_lobby(state, denial.target, "denied"),
    ]


def _let_in(state: SessionState, client_id: str, at: str, now: float) -> list[Effect]:
    effects = enter(state, replace(state.lobby.pop(client_id).entry, joined_at=at))
    allowed = RoomAllowed(view_of_room(state.room), state.view_for(client_id), state.time_left(now))
    return [*effects, Notify((client_id,), allowed)]


def _require_waiting(state: SessionState, client_id: str) -> None:
    if client_id not in state.lobby:
        raise RefusedError(Reason.UNKNOWN_PARTICIPANT, f"Nobody with the client id {client_id} waits to be let in.")


HANDLERS: dict[type, Handler] = {ApproveAwaited: approve, DenyAwaited: deny}
