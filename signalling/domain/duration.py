"""The time of a session that ends by itself: its notices, its extension, its end."""

import math
from dataclasses import dataclass

from signalling.domain.effects import Effect
from signalling.domain.errors import Reason, RefusedError
from signalling.domain.events import DurationExtended, RemainingDuration
from signalling.domain.membership import end_for_all
from signalling.domain.roles import permissions_of
from signalling.domain.state import Handler, Schedule, SessionState

# Seconds before the end at which everybody is told, and may extend.
NOTICES = (10 * 60.0, 5 * 60.0)
EXTENSION_MINUTES = 10


@dataclass(frozen=True, slots=True)
class ExtendDuration:
    """Anyone in the session may ask for more time, once for each notice."""

    client_id: str


def schedule_until(ends_at: float) -> Schedule:
    return Schedule(ends_at, NOTICES)


def keep_time(state: SessionState, now: float) -> list[Effect]:
    """Give the notices that are due, or end the session."""
    schedule = state.schedule
    if schedule is None:
        return []
    left = schedule.ends_at - now
    if left <= 0:
        return end_for_all(state, now, "expired", "The time of the session is over.", "session-ended")
    ahead = tuple(notice for notice in schedule.notices if notice < left)
    if ahead == schedule.notices:
        return []
    schedule.notices = ahead
    schedule.extendable = True
    return state.notify_all(RemainingDuration(math.ceil(left / 60)))


def extend(state: SessionState, extension: ExtendDuration, now: float) -> list[Effect]:
    participant = state.participant(extension.client_id)
    if not permissions_of(participant.role).controlhandlers:
        raise RefusedError(Reason.ROLE_FORBIDDEN, f"A {participant.role} does not extend the session.")
    schedule = state.schedule
    if schedule is None or not schedule.extendable:
        raise RefusedError(Reason.EXTENSION_CLOSED, "The session cannot be extended now.")
    schedule.ends_at += EXTENSION_MINUTES * 60
    schedule.extendable = False
    left = schedule.ends_at - now
    schedule.notices = tuple(notice for notice in NOTICES if notice < left)
    event = DurationExtended(extension.client_id, EXTENSION_MINUTES, math.ceil(left / 60))
    return state.notify_all(event)


HANDLERS: dict[type, Handler] = {ExtendDuration: extend}
