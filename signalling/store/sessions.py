"""Sessions in the database: which conferences took place, in which room, from when to when."""

from dataclasses import dataclass

from pydantic import JsonValue
from sqlalchemy import insert, select, update

from signalling.store import schema
from signalling.store.database import Database
from signalling.store.rooms import delete_room, locked_room

_TABLE = schema.sessions
_PREFIX = "CONF-"
# Numbers of six digits from the first one on.
_FIRST = 100_000


class UnknownRoomError(ValueError):
    """There is no such room (any more)."""


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One session. Instants are Unix seconds; `closed_at` is None while it is open.

    `room` is the definition that the room had when the session began: name, owner_ref, settings, data.
    """

    conf_num: str
    app_id: str
    room_id: str
    room: dict[str, JsonValue]
    opened_at: float
    closed_at: float | None


class Sessions:
    """The sessions of all rooms. A room has at most one open session."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, room_id: str, now: float) -> str:
        """Open a session and return its `conf_num`. Raises UnknownRoomError when the room was deleted.

        A session of the room that is still open was left by a signalling process that died: it is closed.
        """
        async with self._database.write() as connection:
            room = await locked_room(connection, room_id)
            if room is None:
                raise UnknownRoomError(f"there is no room {room_id}")
            left_open = (_TABLE.c.room_id == room_id, _TABLE.c.closed_at.is_(None))
            await connection.execute(update(_TABLE).where(*left_open).values(closed_at=now))
            definition = {
                "name": room.name,
                "owner_ref": room.owner_ref,
                "settings": room.settings.model_dump(mode="json"),
                "data": room.data,
            }
            inserted = await connection.execute(
                insert(_TABLE)
                .values(app_id=room.app_id, room_id=room_id, room=definition, opened_at=now)
                .returning(_TABLE.c.session_number)
            )
            number: int = inserted.scalar_one()
            if room.first_session_at is None:
                rooms = schema.rooms
                await connection.execute(update(rooms).where(rooms.c.room_id == room_id).values(first_session_at=now))
        return conf_num_of(number)

    async def close(self, conf_num: str, now: float) -> None:
        """Close the session. An adhoc room that has served its purpose is deleted with it. Closing twice is fine."""
        async with self._database.write() as connection:
            closed = await connection.execute(
                update(_TABLE)
                .where(_TABLE.c.session_number == number_of(conf_num), _TABLE.c.closed_at.is_(None))
                .values(closed_at=now)
                .returning(_TABLE.c.room_id)
            )
            room_id: str | None = closed.scalar_one_or_none()
            if room_id is None:
                return
            room = await locked_room(connection, room_id)
            if room is not None and room.is_used_up(now):
                await delete_room(connection, room_id)

    async def get(self, conf_num: str) -> SessionRecord | None:
        """The session, or None when there was none of that number."""
        query = select(_TABLE).where(_TABLE.c.session_number == number_of(conf_num))
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        return SessionRecord(
            conf_num=conf_num,
            app_id=row.app_id,
            room_id=row.room_id,
            room=row.room,
            opened_at=row.opened_at,
            closed_at=row.closed_at,
        )

    async def close_left_open(self, now: float) -> int:
        """Close what a signalling process left open when it died; returns how many sessions that were.

        Call it at the start, when this process is the only one that opens sessions.
        """
        connections = schema.connections
        async with self._database.write() as connection:
            await connection.execute(update(connections).where(connections.c.left_at.is_(None)).values(left_at=now))
            closed = await connection.execute(update(_TABLE).where(_TABLE.c.closed_at.is_(None)).values(closed_at=now))
        return closed.rowcount


def conf_num_of(session_number: int) -> str:
    """How the number of a session is written for people: CONF-100001."""
    return f"{_PREFIX}{_FIRST + session_number}"


def number_of(conf_num: str) -> int:
    """The number behind a `conf_num`; one that is never given out when the text is none."""
    digits = conf_num.removeprefix(_PREFIX)
    if digits == conf_num or not (digits.isascii() and digits.isdecimal()) or len(digits) > 9:
        return 0
    return int(digits) - _FIRST
