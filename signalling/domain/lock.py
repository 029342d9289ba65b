"""The lock: nobody but moderators comes in while it is closed; those who are in stay, and may resume."""

from dataclasses import dataclass

from signalling.domain.effects import Effect
from signalling.domain.events import RoomLocked, RoomUnlocked
from signalling.domain.state import Handler, SessionState


@dataclass(frozen=True, slots=True)
class LockRoom:
    """Lock the room or, with `locked` false, unlock it."""

    client_id: str
    locked: bool


def lock_room(state: SessionState, change: LockRoom, now: float) -> list[Effect]:
    state.moderator(change.client_id)
    if change.locked == state.locked:
        return []
    state.locked = change.locked
    return state.notify_all((RoomLocked if change.locked else RoomUnlocked)(change.client_id))


HANDLERS: dict[type, Handler] = {LockRoom: lock_room}
