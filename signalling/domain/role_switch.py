"""A moderator hands the role on: one participant becomes moderator, and the moderator a participant."""

from dataclasses import dataclass

from signalling.domain.effects import Effect, Notify
from signalling.domain.errors import Reason, RefusedError
from signalling.domain.events import ModeratorChange, UserAwaited, UserRoleChanged
from signalling.domain.hard_mutes import apply_room_mute, exempt
from signalling.domain.media import muted_tracks, pause_changes, unpublish_all
from signalling.domain.roles import permissions_of
from signalling.domain.state import Handler, SessionState


@dataclass(frozen=True, slots=True)
class SwitchRole:
    client_id: str
    target: str


def switch_role(state: SessionState, switch: SwitchRole, now: float) -> list[Effect]:
    old, new = state.moderator(switch.client_id), state.participant(switch.target)
    if new.role != "participant":
        raise RefusedError(Reason.ROLE_FORBIDDEN, f"Only a participant can become moderator, not a {new.role}.")
    old.role, new.role = "participant", "moderator"
    muted_before = muted_tracks(new)
    exempt(state, new)
    state.floor.remove(new.client_id)
    change = ModeratorChange(new=new.client_id, old=old.client_id)
    permissions = {one.client_id: permissions_of(one.role) for one in (new, old)}
    effects = state.notify_all(UserRoleChanged(change, state.floor.raised, state.floor.approved, permissions))
    effects += pause_changes(state, new, muted_before)
    for participant in (new, old):
        effects += apply_room_mute(state, participant)
    if not state.may_publish(old):
        effects += unpublish_all(state, old)
    for waiting in state.awaited_participants():
        effects.append(Notify((new.client_id,), UserAwaited(waiting.client_id, waiting.name)))
    return effects


HANDLERS: dict[type, Handler] = {SwitchRole: switch_role}
