"""Rooms in the database."""

import secrets
from collections.abc import Callable
from typing import Any

from pydantic import JsonValue
from sqlalchemy import Connection, Row, and_, bindparam, delete, insert, or_, select, update

from signalling.domain.room import Room, RoomSettings
from signalling.store import schema
from signalling.store.database import Database

_TABLE = schema.rooms
_GET = select(_TABLE).where(_TABLE.c.room_id == bindparam("room_id"))


class RoomInUseError(ValueError):
    """The room cannot be deleted: a session is open in it."""


class Rooms:
    """The rooms of all applications. Every call names the application, and sees no other's rooms."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self,
        app_id: str,
        name: str,
        owner_ref: str,
        *,
        now: float,
        settings: RoomSettings | None = None,
        dial_in: bool = False,
        data: dict[str, JsonValue] | None = None,
        text_numbers: frozenset[str] = frozenset(),
    ) -> Room:
        """A new room under a new id of 24 hexadecimal digits. `now` is in Unix seconds."""
        room = Room(
            room_id=secrets.token_hex(12),
            app_id=app_id,
            name=name,
            owner_ref=owner_ref,
            created_at=round(now, 3),
            settings=settings or RoomSettings(),
            dial_in=dial_in,
            data=data or {},
            text_numbers=text_numbers,
        )
        async with self._database.write() as connection:
            await connection.execute(insert(_TABLE).values(room_id=room.room_id, **_columns(room)))
        return room

    async def get(self, room_id: str, app_id: str | None = None) -> Room | None:
        """The room, or None when there is none of that id (or, with `app_id`, when another application has it)."""
        row = await self._database.read_with(
            lambda connection: connection.execute(_GET, {"room_id": room_id}).one_or_none()
        )
        return None if row is None or app_id not in (None, row.app_id) else room_from_row(row)

    async def list(self, app_id: str, limit: int | None = None, after: tuple[float, str] | None = None) -> list[Room]:
        """The application's rooms, oldest first: all, or the first `limit`.

        With `after`, those that follow a room of that `created_at` and `room_id`, which need not exist any more.
        """
        query = select(_TABLE).where(_TABLE.c.app_id == app_id).order_by(_TABLE.c.created_at, _TABLE.c.room_id)
        if after is not None:
            created_at, room_id = after
            query = query.where(
                or_(
                    _TABLE.c.created_at > created_at,
                    and_(_TABLE.c.created_at == created_at, _TABLE.c.room_id > room_id),
                )
            )
        if limit is not None:
            query = query.limit(limit)
        async with self._database.read() as connection:
            return [room_from_row(row) for row in await connection.execute(query)]

    async def update(self, app_id: str, room_id: str, change: Callable[[Room], Room]) -> Room | None:
        """Replace the room by what `change` makes of it, with nobody writing in between.

        Returns None when there is no such room. Whatever `change` raises leaves the room as it was. The ids, the
        application and the times of a room are not changed by it.
        """

        def replace(connection: Connection) -> Room | None:
            room = locked_room(connection, room_id)
            if room is None or room.app_id != app_id:
                return None
            changed = change(room)
            connection.execute(update(_TABLE).where(_TABLE.c.room_id == room_id).values(**_columns(changed)))
            return changed

        return await self._database.write_with(replace)

    async def delete(self, app_id: str, room_id: str) -> bool:
        """Delete the room; False when there is none. Raises RoomInUseError while a session is open in it.

        What its past sessions left stays.
        """

        def remove(connection: Connection) -> bool:
            room = locked_room(connection, room_id)
            if room is None or room.app_id != app_id:
                return False
            if has_open_session(connection, room_id):
                raise RoomInUseError("a session is open in the room")
            delete_room(connection, room_id)
            return True

        return await self._database.write_with(remove)

    async def delete_used_up(self, now: float) -> int:
        """Delete adhoc rooms whose time is over, and in which nobody is or may come back; returns how many."""
        query = select(_TABLE).where(_TABLE.c.kind == "adhoc", _TABLE.c.first_session_at.is_not(None))

        def remove(connection: Connection) -> int:
            used_up = [room for row in connection.execute(query) if (room := room_from_row(row)).is_used_up(now)]
            unused = [room for room in used_up if not _is_awaited(connection, room.room_id, now)]
            for room in unused:
                delete_room(connection, room.room_id)
            return len(unused)

        return await self._database.write_with(remove)


def locked_room(connection: Connection, room_id: str) -> Room | None:
    """The room, which nobody else changes or deletes until the transaction ends."""
    row = connection.execute(_GET.with_for_update(), {"room_id": room_id}).one_or_none()
    return None if row is None else room_from_row(row)


def has_open_session(connection: Connection, room_id: str) -> bool:
    """Whether a session was opened in the room and not closed yet."""
    table = schema.sessions
    query = select(table.c.session_number).where(table.c.room_id == room_id, table.c.closed_at.is_(None)).limit(1)
    return connection.execute(query).first() is not None


def _is_awaited(connection: Connection, room_id: str, now: float) -> bool:
    """Whether a session is open in the room, or people may come back to one that was interrupted."""
    table = schema.sessions
    awaited = or_(table.c.closed_at.is_(None), table.c.returnable_until > now)
    query = select(table.c.session_number).where(table.c.room_id == room_id, awaited).limit(1)
    return connection.execute(query).first() is not None


def delete_room(connection: Connection, room_id: str) -> None:
    """Delete the row of a room, in the caller's transaction."""
    connection.execute(delete(_TABLE).where(_TABLE.c.room_id == room_id))


def room_from_row(row: Row[Any]) -> Room:
    """The room that a row of the table holds."""
    return Room(
        room_id=row.room_id,
        app_id=row.app_id,
        name=row.name,
        owner_ref=row.owner_ref,
        created_at=row.created_at,
        settings=RoomSettings.model_validate(row.settings),
        dial_in=row.dial_in,
        data=row.data,
        text_numbers=frozenset(row.text_numbers),
        first_session_at=row.first_session_at,
    )


def _columns(room: Room) -> dict[str, Any]:
    return {
        "app_id": room.app_id,
        "name": room.name,
        "owner_ref": room.owner_ref,
        "kind": room.settings.kind,
        "settings": room.settings.model_dump(mode="json"),
        "dial_in": room.dial_in,
        "data": room.data,
        "text_numbers": sorted(room.text_numbers),
        "created_at": room.created_at,
        "first_session_at": room.first_session_at,
    }
