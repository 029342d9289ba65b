"""Where the entries of the journal end up: the tables of sessions, connections and session events."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from signalling.journal.entries import ConnectionBegan, ConnectionEnded, Entry, Happened, SessionEnded, UsageMeasured
from signalling.store import schema
from signalling.store.database import Database
from signalling.store.numbers import number_of
from signalling.store.sessions import close_session
from signalling.store.webhooks import Webhooks
from signalling.webhooks.announcements import announcement_of


class Chronicle:
    """Keeps entries, each once, however often it comes, and announces those that an application wants to know of."""

    def __init__(self, database: Database, webhooks: Webhooks) -> None:
        self._database = database
        self._webhooks = webhooks

    async def keep(self, entries: Sequence[Entry]) -> None:
        """Store entries in their order, all of them or, when this raises SQLAlchemyError, none."""
        async with self._database.write() as connection:
            for entry in entries:
                if not await _keep(connection, entry):
                    continue
                announcement = announcement_of(entry)
                if announcement is not None:
                    await self._webhooks.announce(connection, number_of(entry.conf_num), announcement)


async def _keep(connection: AsyncConnection, entry: Entry) -> bool:
    """Whether the entry was news."""
    match entry:
        case ConnectionBegan():
            return await _begin(connection, entry)
        case ConnectionEnded():
            return await _end(connection, entry)
        case UsageMeasured():
            return await _measure(connection, entry)
        case Happened():
            return await _note(connection, entry)
        case SessionEnded():
            return await close_session(connection, number_of(entry.conf_num), entry.at, interrupted=entry.interrupted)


async def _begin(connection: AsyncConnection, entry: ConnectionBegan) -> bool:
    table = schema.connections
    if await _is_there(connection, table.c.client_id, entry.client_id):
        return False
    await connection.execute(
        insert(table).values(
            client_id=entry.client_id,
            session_number=number_of(entry.conf_num),
            name=entry.name,
            role=entry.role,
            user_ref=entry.user_ref,
            address=entry.address,
            agent=entry.agent,
            joined_at=entry.at,
        )
    )
    return True


async def _end(connection: AsyncConnection, entry: ConnectionEnded) -> bool:
    """Leaving twice keeps the first time."""
    table = schema.connections
    ended = await connection.execute(
        update(table)
        .where(table.c.client_id == entry.client_id, table.c.left_at.is_(None))
        .values(left_at=entry.at, left_reason=entry.reason)
    )
    return ended.rowcount > 0


async def _measure(connection: AsyncConnection, entry: UsageMeasured) -> bool:
    table = schema.connections
    measured = await connection.execute(
        update(table).where(table.c.client_id == entry.client_id).values(usage=entry.usage.model_dump(mode="json"))
    )
    return measured.rowcount > 0


async def _note(connection: AsyncConnection, entry: Happened) -> bool:
    table = schema.session_events
    if await _is_there(connection, table.c.event_id, entry.event_id):
        return False
    await connection.execute(
        insert(table).values(
            event_id=entry.event_id,
            session_number=number_of(entry.conf_num),
            at=entry.at,
            name=entry.name,
            client_id=entry.client_id,
            details=entry.details,
        )
    )
    return True


async def _is_there(connection: AsyncConnection, column: Any, value: str) -> bool:
    # Only the one server that owns the journal writes these rows, so nobody gets in between.
    return (await connection.execute(select(column).where(column == value))).first() is not None
