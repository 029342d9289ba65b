"""Coming back after the server was restarted: what was decreed of somebody holds for them again, under the new client
id."""

from collections.abc import Sequence

from sfu.link_messages import Kind
from signalling.domain.arrangement import arrange_stage
from signalling.domain.effects import Effect
from signalling.domain.events import FloorAction, FloorChanged, PinnedUsersUpdated, SpotlightUpdated
from signalling.domain.participant import Entry
from signalling.domain.state import SessionState


def hard_mutes_of(state: SessionState, entry: Entry) -> set[Kind]:
    """What a moderator took from somebody who comes in now, when they were in before."""
    if entry.role == "moderator":
        return set()
    kept = state.kept_hard_mutes.get(entry.user_ref, ()) if entry.user_ref else ()
    return {*kept, *(state.inherited.hard_mutes.get(entry.was, ()) if entry.was else ())}


def take_places_again(state: SessionState, entry: Entry) -> list[Effect]:
    """Give a participant the lasting places and the floor that they had."""
    if entry.was is None:
        return []
    state.returned[entry.was] = entry.client_id
    return _take_stage(state, entry.was, entry.client_id) + _take_floor(state, entry.was, entry.client_id)


def _take_stage(state: SessionState, was: str, client_id: str) -> list[Effect]:
    inherited, most = state.inherited, state.room.settings.max_active_talkers
    effects: list[Effect] = []
    if was in inherited.pinned:
        # The room may take fewer than it did.
        if len(state.pinned) < most - 1:
            state.pinned = _with(state, state.pinned, inherited.pinned, client_id)
        effects += state.notify_others(client_id, PinnedUsersUpdated(None, state.pinned))
    if was in inherited.spotlighted:
        if len(state.spotlighted) < most:
            state.spotlighted = _with(state, state.spotlighted, inherited.spotlighted, client_id)
        effects += state.notify_others(client_id, SpotlightUpdated(None, state.spotlighted))
    return [*effects, arrange_stage(state)] if effects else []


def _take_floor(state: SessionState, was: str, client_id: str) -> list[Effect]:
    if state.mode != "lecture" or state.participant(client_id).role != "participant":
        return []
    inherited, floor = state.inherited, state.floor
    action: FloorAction
    if was in inherited.approved:
        floor.approved = _with(state, floor.approved, inherited.approved, client_id)
        action = "granted"
    elif was in inherited.raised:
        floor.raised = _with(state, floor.raised, inherited.raised, client_id)
        action = "requested"
    elif was in inherited.invited:
        floor.invited = _with(state, floor.invited, inherited.invited, client_id)
        action = "invited"
    else:
        return []
    # They are told, too: of an invitation, the view of a session says nothing.
    return state.notify_all(FloorChanged(client_id, action, floor.raised, floor.approved))


def _with(state: SessionState, places: tuple[str, ...], before: Sequence[str], client_id: str) -> tuple[str, ...]:
    """The places with one more, those who were there before in their order of then, and after them the others."""
    now = {*places, client_id}
    back = [state.returned[was] for was in before if state.returned.get(was) in now]
    return (*back, *(one for one in places if one not in back))
