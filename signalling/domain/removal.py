"""Moderators send people out: some, all but the moderators, or everyone, which ends the session."""

from dataclasses import dataclass

from signalling.domain.effects import Effect
from signalling.domain.membership import end_for_all, expel
from signalling.domain.state import Handler, SessionState


@dataclass(frozen=True, slots=True)
class DropUsers:
    """Disconnect some; with no `targets`, everyone who is no moderator."""

    client_id: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Destroy:
    """End the session for everyone."""

    client_id: str


def drop_users(state: SessionState, drop: DropUsers, now: float) -> list[Effect]:
    state.moderator(drop.client_id)
    named = [state.participant(target).client_id for target in dict.fromkeys(drop.targets)]
    everyone = [one.client_id for one in state.participants.values() if one.role != "moderator"]
    message = "A moderator has sent you out."
    return expel(state, named or everyone, now, "disconnected-by-moderator", message, "disconnected-by-moderator")


def destroy(state: SessionState, destroy: Destroy, now: float) -> list[Effect]:
    state.moderator(destroy.client_id)
    message = "A moderator has ended the session."
    return end_for_all(state, now, "disconnected-by-moderator", message, "disconnected-by-moderator")


HANDLERS: dict[type, Handler] = {DropUsers: drop_users, Destroy: destroy}
