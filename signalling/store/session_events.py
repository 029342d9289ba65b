"""The log of a session, as the chronicle wrote it."""

from dataclasses import dataclass

from pydantic import JsonValue
from sqlalchemy import delete, select

from signalling.store import schema
from signalling.store.database import Database
from signalling.store.numbers import number_of

_TABLE = schema.session_events


@dataclass(frozen=True, slots=True)
class SessionEvent:
    """Something that happened at `at` (Unix seconds). `client_id` is who did it, None if nobody in it did."""

    at: float
    name: str
    client_id: str | None
    details: dict[str, JsonValue]


class SessionEvents:
    """The logs of all sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, conf_num: str, name: str | None = None) -> list[SessionEvent]:
        """What happened in a session, in the order of events; with `name`, events of that name alone."""
        query = select(_TABLE).where(_TABLE.c.session_number == number_of(conf_num)).order_by(_TABLE.c.event_number)
        if name is not None:
            query = query.where(_TABLE.c.name == name)
        async with self._database.read() as connection:
            return [
                SessionEvent(row.at, row.name, row.client_id, row.details) for row in await connection.execute(query)
            ]

    async def forget(self, conf_num: str, name: str) -> None:
        """Delete the events of this name from the log of a session."""
        async with self._database.write() as connection:
            await connection.execute(
                delete(_TABLE).where(_TABLE.c.session_number == number_of(conf_num), _TABLE.c.name == name)
            )
