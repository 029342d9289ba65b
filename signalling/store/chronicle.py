"""Where the entries of the journal end up: the tables of sessions, connections and session events."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, update

from signalling.journal.entries import ConnectionBegan, ConnectionEnded, Entry, Happened, SessionEnded, UsageMeasured
from signalling.store import schema
from signalling.store.database import Database
from signalling.store.insertion import insert_new
from signalling.store.numbers import number_of
from signalling.store.sessions import close_session
from signalling.store.webhooks import Webhooks
from signalling.webhooks.announcements import announcement_of

_CONNECTIONS = schema.connections
# Statements are made once: to put one together costs more than to carry it out.
_OF_CLIENT = update(_CONNECTIONS).where(_CONNECTIONS.c.client_id == bindparam("of"))
_END = _OF_CLIENT.where(_CONNECTIONS.c.left_at.is_(None)).values(
    left_at=bindparam("left_at"), left_reason=bindparam("left_reason")
)
_MEASURE = _OF_CLIENT.values(usage=bindparam("usage"))


class Chronicle:
    """Keeps entries, each once, however often it comes, and announces those that an application wants to know of."""

    def __init__(self, database: Database, webhooks: Webhooks) -> None:
        self._database = database
        self._webhooks = webhooks

    async def keep(self, entries: Sequence[Entry]) -> None:
        """Store entries in their order, all of them or, when this raises SQLAlchemyError, none."""
        await self._database.write_with(lambda connection: self._keep_all(connection, entries))

    def _keep_all(self, connection: Connection, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if not _keep(connection, entry):
                continue
            announcement = announcement_of(entry)
            if announcement is not None:
                self._webhooks.announce(connection, number_of(entry.conf_num), announcement)


def _keep(connection: Connection, entry: Entry) -> bool:
    """Whether the entry was news."""
    match entry:
        case ConnectionBegan():
            return _begin(connection, entry)
        case ConnectionEnded():
            return _end(connection, entry)
        case UsageMeasured():
            return _measure(connection, entry)
        case Happened():
            return _note(connection, entry)
        case SessionEnded():
            return close_session(connection, number_of(entry.conf_num), entry.at, interrupted=entry.interrupted)


def _begin(connection: Connection, entry: ConnectionBegan) -> bool:
    values = {
        "client_id": entry.client_id,
        "session_number": number_of(entry.conf_num),
        "name": entry.name,
        "role": entry.role,
        "user_ref": entry.user_ref,
        "address": entry.address,
        "agent": entry.agent,
        "joined_at": entry.at,
    }
    return insert_new(connection, _CONNECTIONS, values)


def _end(connection: Connection, entry: ConnectionEnded) -> bool:
    """Leaving twice keeps the first time."""
    values = {"of": entry.client_id, "left_at": entry.at, "left_reason": entry.reason}
    return connection.execute(_END, values).rowcount > 0


def _measure(connection: Connection, entry: UsageMeasured) -> bool:
    values = {"of": entry.client_id, "usage": entry.usage.model_dump(mode="json")}
    return connection.execute(_MEASURE, values).rowcount > 0


def _note(connection: Connection, entry: Happened) -> bool:
    values = {
        "event_id": entry.event_id,
        "session_number": number_of(entry.conf_num),
        "at": entry.at,
        "name": entry.name,
        "client_id": entry.client_id,
        "details": entry.details,
    }
    return insert_new(connection, schema.session_events, values)
