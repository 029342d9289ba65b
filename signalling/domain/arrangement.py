"""Who has a lasting place on the stage: spotlighted participants before the talkers, pinned ones after them."""

from dataclasses import dataclass

from signalling.domain.effects import ArrangeStage, Effect
from signalling.domain.errors import Reason, RefusedError
from signalling.domain.events import PinnedUsersUpdated, SpotlightUpdated
from signalling.domain.state import Handler, SessionState


@dataclass(frozen=True, slots=True)
class PinUsers:
    """Pin some more or, with `pinned` false, let go of some."""

    client_id: str
    targets: tuple[str, ...]
    pinned: bool


@dataclass(frozen=True, slots=True)
class SpotlightUsers:
    """Put some more into the spotlight or, with `spotlighted` false, take some out of it."""

    client_id: str
    targets: tuple[str, ...]
    spotlighted: bool


def pin_users(state: SessionState, change: PinUsers, now: float) -> list[Effect]:
    after = _changed(state, change.client_id, state.pinned, change.targets, change.pinned)
    limit = state.room.settings.max_active_talkers - 1
    if change.pinned and len(after) > limit:
        raise RefusedError(Reason.TOO_MANY_PINNED, f"At most {limit} can be pinned in this room.")
    if after == state.pinned:
        return []
    state.pinned = after
    return [*state.notify_all(PinnedUsersUpdated(change.client_id, after)), arrange_stage(state)]


def spotlight_users(state: SessionState, change: SpotlightUsers, now: float) -> list[Effect]:
    after = _changed(state, change.client_id, state.spotlighted, change.targets, change.spotlighted)
    limit = state.room.settings.max_active_talkers
    if change.spotlighted and len(after) > limit:
        raise RefusedError(Reason.TOO_MANY_SPOTLIGHTED, f"At most {limit} can be in the spotlight in this room.")
    if after == state.spotlighted:
        return []
    state.spotlighted = after
    return [*state.notify_all(SpotlightUpdated(change.client_id, after)), arrange_stage(state)]


def arrange_stage(state: SessionState) -> ArrangeStage:
    """What the media node should know of lasting places."""
    return ArrangeStage(first=state.spotlighted, last=state.pinned)


def _changed(
    state: SessionState, actor: str, before: tuple[str, ...], targets: tuple[str, ...], added: bool
) -> tuple[str, ...]:
    state.moderator(actor)
    for target in targets:
        state.participant(target)
    if added:
        return tuple(dict.fromkeys((*before, *targets)))
    return tuple(client_id for client_id in before if client_id not in targets)


HANDLERS: dict[type, Handler] = {PinUsers: pin_users, SpotlightUsers: spotlight_users}
