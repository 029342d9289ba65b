"""Sessions in the database: which conferences took place, in which room, from when to when."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue, TypeAdapter
from sqlalchemy import Connection, Row, and_, func, insert, or_, select, update

from signalling.domain.events import InterruptReason
from signalling.domain.room import Room
from signalling.store import schema
from signalling.store.database import Database
from signalling.store.inheritance import Inheritance, columns_of, inheritance_of
from signalling.store.numbers import conf_num_of, number_of
from signalling.store.rooms import delete_room, locked_room
from signalling.store.selection import SessionSelection
from signalling.store.webhooks import Webhooks
from signalling.webhooks.announcements import participant_left, session_ended, session_started

_TABLE = schema.sessions
_ROOM = TypeAdapter(Room)
LEFT_BY_RESTART: InterruptReason = "server-restart"
"""The reason for leaving of those whose signalling process died or was stopped."""


class UnknownRoomError(ValueError):
    """There is no such room (any more)."""


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One session. Instants are Unix seconds; `closed_at` is None while it is open; `interrupted` says that
    the process that had it died or was stopped.

    `room` is the definition that the room had when the session began, see `definition`.
    """

    conf_num: str
    app_id: str
    room_id: str
    room: dict[str, JsonValue]
    opened_at: float
    closed_at: float | None
    interrupted: bool
    returnable_until: float | None

    def definition(self) -> Room:
        """The room as it was when the session began."""
        return _ROOM.validate_python({"room_id": self.room_id, "app_id": self.app_id, **self.room})

    def is_returnable(self, now: float) -> bool:
        """Whether those who were in it when it was interrupted may come back now."""
        return self.interrupted and self.returnable_until is not None and now < self.returnable_until


class Sessions:
    """The sessions of all rooms. A room has at most one open session."""

    def __init__(self, database: Database, webhooks: Webhooks) -> None:
        self._database = database
        self._webhooks = webhooks

    async def open(self, room_id: str, now: float, inherited: Inheritance | None = None) -> str:
        """Open a session and return its `conf_num`. Raises UnknownRoomError when the room was deleted.

        A session of the room that is still open was left by a signalling process that died: it is closed.
        """
        return conf_num_of(
            await self._database.write_with(lambda connection: self._open(connection, room_id, now, inherited))
        )

    def _open(self, connection: Connection, room_id: str, now: float, inherited: Inheritance | None) -> int:
        room = locked_room(connection, room_id)
        if room is None:
            raise UnknownRoomError(f"there is no room {room_id}")
        left_open = select(_TABLE.c.session_number).where(_TABLE.c.room_id == room_id, _TABLE.c.closed_at.is_(None))
        for number in list(connection.execute(left_open).scalars()):
            self._close_where_it_died(connection, number)
        definition = {
            "name": room.name,
            "owner_ref": room.owner_ref,
            "settings": room.settings.model_dump(mode="json"),
            "data": room.data,
            "created_at": room.created_at,
            "dial_in": room.dial_in,
            "text_numbers": sorted(room.text_numbers),
        }
        inserted = connection.execute(
            insert(_TABLE)
            .values(app_id=room.app_id, room_id=room_id, room=definition, opened_at=now, **columns_of(inherited))
            .returning(_TABLE.c.session_number)
        )
        session_number: int = inserted.scalar_one()
        if room.first_session_at is None:
            rooms = schema.rooms
            connection.execute(update(rooms).where(rooms.c.room_id == room_id).values(first_session_at=now))
        self._webhooks.announce(connection, session_number, session_started(now))
        return session_number

    async def seen(self, conf_nums: Collection[str], now: float) -> None:
        """Note that these sessions are alive."""
        numbers = [number_of(conf_num) for conf_num in conf_nums]
        async with self._database.write() as connection:
            await connection.execute(
                update(_TABLE)
                .where(_TABLE.c.session_number.in_(numbers), _TABLE.c.closed_at.is_(None))
                .values(seen_at=now)
            )

    async def get(self, conf_num: str) -> SessionRecord | None:
        """The session, or None when there was none of that number."""
        query = select(_TABLE).where(_TABLE.c.session_number == number_of(conf_num))
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else session_from_row(row)

    async def find(self, selection: SessionSelection, limit: int, after: str | None = None) -> list[SessionRecord]:
        """The first `limit` of the selected sessions, in the order of their numbers, which is that of their beginning.

        With `after`, the first of those that follow the session of that `conf_num`, which need not exist.
        """
        query = select(_TABLE).where(*selection.conditions()).order_by(_TABLE.c.session_number).limit(limit)
        if after is not None:
            query = query.where(_TABLE.c.session_number > number_of(after))
        async with self._database.read() as connection:
            return [session_from_row(row) for row in await connection.execute(query)]

    async def close_left_open(self) -> list[str]:
        """Close what a signalling process left open when it died; returns which sessions that were.

        They ended when they were seen last, and so did the connections in them. Call it at the start, when this
        process is the only one that opens sessions, and what the journal held is kept.
        """

        def close(connection: Connection) -> list[int]:
            rows = connection.execute(select(_TABLE.c.session_number).where(_TABLE.c.closed_at.is_(None)))
            numbers = list(rows.scalars())
            for number in numbers:
                self._close_where_it_died(connection, number)
            return numbers

        return [conf_num_of(number) for number in await self._database.write_with(close)]

    async def await_return(self, now: float, until: float) -> None:
        """Let those come back until then whose sessions were interrupted since the server was started last, and those
        who could still come back. Call it at the start."""
        interrupted = and_(_TABLE.c.interrupted, _TABLE.c.returnable_until.is_(None))
        awaited = or_(interrupted, _TABLE.c.returnable_until > now)
        renew = update(_TABLE).where(awaited).values(returnable_until=until)
        await self._database.write_with(lambda connection: connection.execute(renew))

    async def inheritance(self, room_id: str, now: float) -> Inheritance | None:
        """What a session that begins now in a room goes on with, None for one that begins anew."""
        return await self._database.read_with(lambda connection: inheritance_of(connection, room_id, now))

    def _close_where_it_died(self, connection: Connection, session_number: int) -> None:
        """Close a session, and who was in it, at the last instant at which it is known to have gone on."""
        connections, events = schema.connections, schema.session_events
        instants = [
            select(func.coalesce(_TABLE.c.seen_at, _TABLE.c.opened_at)).where(
                _TABLE.c.session_number == session_number
            ),
            select(func.max(connections.c.joined_at)).where(connections.c.session_number == session_number),
            select(func.max(connections.c.left_at)).where(connections.c.session_number == session_number),
            select(func.max(events.c.at)).where(events.c.session_number == session_number),
        ]
        known: list[float | None] = [connection.execute(query).scalar_one() for query in instants]
        last = max(instant for instant in known if instant is not None)
        left = connection.execute(
            update(connections)
            .where(connections.c.session_number == session_number, connections.c.left_at.is_(None))
            .values(left_at=last, left_reason=LEFT_BY_RESTART)
            .returning(connections.c.client_id)
        )
        for client_id in list(left.scalars()):
            announcement = participant_left(client_id, LEFT_BY_RESTART, last)
            self._webhooks.announce(connection, session_number, announcement)
        close_session(connection, session_number, last, interrupted=True)
        self._webhooks.announce(connection, session_number, session_ended(LEFT_BY_RESTART, last))


def close_session(connection: Connection, session_number: int, now: float, *, interrupted: bool) -> bool:
    """Close a session, and whether that was news. An adhoc room that has served its purpose is deleted with it, but not
    when the session was `interrupted`, so that people can come back; a session in which people only waited in the lobby
    is no use of the room.
    """
    end: dict[str, Any] = {"closed_at": now}
    if interrupted:
        end |= {"interrupted": True, "returnable_until": None}
    closed = connection.execute(
        update(_TABLE)
        .where(_TABLE.c.session_number == session_number, _TABLE.c.closed_at.is_(None))
        .values(end)
        .returning(_TABLE.c.room_id)
    )
    room_id: str | None = closed.scalar_one_or_none()
    if room_id is None:
        return False
    _forget_first_session_without_participants(connection, session_number, room_id)
    if interrupted:
        _leave_room_to_its_only_session(connection, room_id)
        return True
    room = locked_room(connection, room_id)
    if room is not None and room.is_used_up(now):
        delete_room(connection, room_id)
    return True


def _leave_room_to_its_only_session(connection: Connection, room_id: str) -> None:
    """An adhoc room for a single session is not used up by one that was cut short: people come back to it."""
    room = locked_room(connection, room_id)
    if room is not None and room.settings.kind == "adhoc" and room.settings.duration is None:
        rooms = schema.rooms
        connection.execute(update(rooms).where(rooms.c.room_id == room_id).values(first_session_at=None))


def _forget_first_session_without_participants(connection: Connection, session_number: int, room_id: str) -> None:
    stays, rooms = schema.connections, schema.rooms
    somebody = select(stays.c.client_id).where(stays.c.session_number == session_number).limit(1)
    if connection.execute(somebody).first() is not None:
        return
    opened = select(_TABLE.c.opened_at).where(_TABLE.c.session_number == session_number).scalar_subquery()
    connection.execute(
        update(rooms)
        .where(rooms.c.room_id == room_id, rooms.c.first_session_at == opened)
        .values(first_session_at=None)
    )


def session_from_row(row: Row[Any]) -> SessionRecord:
    """The session that a row of the table holds, or one of a join that has its columns."""
    return SessionRecord(
        conf_num=conf_num_of(row.session_number),
        app_id=row.app_id,
        room_id=row.room_id,
        room=row.room,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        interrupted=row.interrupted,
        returnable_until=row.returnable_until,
    )
