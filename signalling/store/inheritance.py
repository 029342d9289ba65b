"""What a session goes on with that follows one which the server interrupted."""

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, select

from signalling.domain.decrees import DECREEING, NO_DECREES, Decrees, standing
from signalling.store import schema

_DECREES = TypeAdapter(Decrees)


@dataclass(frozen=True, slots=True)
class Inheritance:
    """What stands, and until when (Unix seconds) people may come back for whom it does."""

    decrees: Decrees
    returnable_until: float


def columns_of(inherited: Inheritance | None) -> dict[str, Any]:
    """How the table of sessions holds it."""
    if inherited is None:
        return {}
    return {
        "decrees": _DECREES.dump_python(inherited.decrees, mode="json"),
        "returnable_until": inherited.returnable_until,
    }


def inheritance_of(connection: Connection, room_id: str, now: float) -> Inheritance | None:
    """What stands of the room's last session, when that was interrupted and people may still come back to it. The same
    holds for one that followed it, and ended before any of them was back."""
    sessions = schema.sessions
    last = select(sessions).where(sessions.c.room_id == room_id).order_by(sessions.c.session_number.desc()).limit(1)
    row = connection.execute(last).one_or_none()
    if row is None or row.returnable_until is None or row.returnable_until <= now:
        return None
    events, stays = schema.session_events, schema.connections
    log = connection.execute(
        select(events.c.name, events.c.details)
        .where(events.c.session_number == row.session_number, events.c.name.in_(DECREEING))
        .order_by(events.c.event_number)
    )
    lines = [(line.name, line.details) for line in log]
    if not row.interrupted and any(name == "user-returned" for name, _ in lines):
        return None
    people = connection.execute(
        select(stays.c.client_id, stays.c.user_ref).where(stays.c.session_number == row.session_number)
    )
    user_refs = {one.client_id: one.user_ref for one in people}
    began_with = NO_DECREES if row.decrees is None else _DECREES.validate_python(row.decrees)
    return Inheritance(standing(lines, user_refs, began_with), row.returnable_until)
