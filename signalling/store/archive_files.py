"""Which files the archive has, and of which sessions it still has to be made."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, Select, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from signalling.store import schema
from signalling.store.database import Database
from signalling.store.numbers import conf_num_of, number_of
from signalling.store.selection import SessionSelection
from signalling.store.sessions import SessionRecord, session_from_row
from signalling.store.webhooks import Webhooks
from signalling.webhooks.announcements import file_ready

_TABLE = schema.archive_files
_SESSIONS = schema.sessions

FileKind = Literal["recording", "transcoded", "live", "chat", "metadata"]


class UnknownSessionError(LookupError):
    """There is no such session."""


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """A file of the archive. Instants are Unix seconds; `location` is where the storage has it, `size` is in bytes.

    `sha256` is in hexadecimal digits. `expires_at` is None for what is kept until somebody deletes it.
    """

    file_id: str
    conf_num: str
    kind: FileKind
    name: str
    location: str
    content_type: str
    size: int
    sha256: str
    ready_at: float
    expires_at: float | None = None


class ArchiveFiles:
    """The files of all sessions. A session has at most one of each name."""

    def __init__(self, database: Database, webhooks: Webhooks) -> None:
        self._database = database
        self._webhooks = webhooks

    async def keep(self, file: ArchiveFile) -> str:
        """Note a file that the storage has, and return its id: that of the file of this name that there was before.

        The application is told of it. Raises UnknownSessionError.
        """
        values: dict[str, Any] = {
            "kind": file.kind,
            "location": file.location,
            "content_type": file.content_type,
            "size": file.size,
            "sha256": file.sha256,
            "ready_at": file.ready_at,
            "expires_at": file.expires_at,
        }
        number = number_of(file.conf_num)
        same = (_TABLE.c.session_number == number, _TABLE.c.name == file.name)
        async with self._database.write() as connection:
            session = select(_SESSIONS.c.session_number).where(_SESSIONS.c.session_number == number)
            if (await connection.execute(session)).first() is None:
                raise UnknownSessionError(f"There is no session {file.conf_num}.")
            known = await connection.execute(update(_TABLE).where(*same).values(**values).returning(_TABLE.c.file_id))
            file_id: str | None = known.scalar_one_or_none()
            if file_id is None:
                file_id = file.file_id
                await connection.execute(
                    insert(_TABLE).values(file_id=file_id, session_number=number, name=file.name, **values)
                )
            announcement = file_ready(file_id, file.kind, file.name, file.size, file.sha256, file.ready_at)
            await connection.run_sync(self._webhooks.announce, number, announcement)
        return file_id

    async def get(self, file_id: str, app_id: str, now: float) -> ArchiveFile | None:
        """A file that has not expired, of a session of the application."""
        query = (
            select(_TABLE)
            .join(_SESSIONS, _SESSIONS.c.session_number == _TABLE.c.session_number)
            .where(_TABLE.c.file_id == file_id, _SESSIONS.c.app_id == app_id, _is_there(now))
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _file(row)

    async def find(
        self, selection: SessionSelection, now: float, limit: int, after: str | None = None
    ) -> list[tuple[SessionRecord, list[ArchiveFile]]]:
        """The first `limit` of the selected sessions that have files which have not expired, with these files.

        In the order of the sessions' numbers, the files by name. With `after`, those that follow the session of that
        `conf_num`.
        """
        query = _with_files(selection, now).order_by(_SESSIONS.c.session_number).limit(limit)
        if after is not None:
            query = query.where(_SESSIONS.c.session_number > number_of(after))
        async with self._database.read() as connection:
            return await _read_sessions(connection, query, now)

    async def latest(
        self, app_id: str, now: float, limit: int, before: str | None = None
    ) -> list[tuple[SessionRecord, list[ArchiveFile]]]:
        """The last `limit` sessions of the application that have files, the last one first; otherwise as `find`.

        With `before`, those that precede the session of that `conf_num`.
        """
        query = _with_files(SessionSelection(app_id), now).order_by(_SESSIONS.c.session_number.desc()).limit(limit)
        if before is not None:
            query = query.where(_SESSIONS.c.session_number < number_of(before))
        async with self._database.read() as connection:
            return await _read_sessions(connection, query, now)

    async def expired(self, now: float, limit: int, after: str = "") -> list[ArchiveFile]:
        """The first `limit` files whose time is over, by their ids; with `after`, those that follow this id."""
        query = (
            select(_TABLE)
            .where(_TABLE.c.expires_at <= now, _TABLE.c.file_id > after)
            .order_by(_TABLE.c.file_id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [_file(row) for row in await connection.execute(query)]

    async def forget(self, file: ArchiveFile) -> None:
        """Note that a file was deleted. One that took its place meanwhile stays."""
        async with self._database.write() as connection:
            await connection.execute(
                delete(_TABLE).where(_TABLE.c.file_id == file.file_id, _TABLE.c.ready_at == file.ready_at)
            )

    async def awaited(self, limit: int, after: str | None = None) -> list[SessionRecord]:
        """The first `limit` of the ended sessions of which no archive was made yet, after that of a `conf_num`."""
        query = (
            select(_SESSIONS)
            .where(_SESSIONS.c.closed_at.is_not(None), _SESSIONS.c.archived_at.is_(None))
            .order_by(_SESSIONS.c.session_number)
            .limit(limit)
        )
        if after is not None:
            query = query.where(_SESSIONS.c.session_number > number_of(after))
        async with self._database.read() as connection:
            return [session_from_row(row) for row in await connection.execute(query)]

    async def made(self, conf_num: str, now: float) -> None:
        """Note that the files are there which are made of what the database knows of a session."""
        async with self._database.write() as connection:
            await connection.execute(
                update(_SESSIONS).where(_SESSIONS.c.session_number == number_of(conf_num)).values(archived_at=now)
            )


def _with_files(selection: SessionSelection, now: float) -> Select[Any]:
    """The selected sessions that have files which have not expired."""
    file = select(_TABLE.c.file_id).where(_TABLE.c.session_number == _SESSIONS.c.session_number, _is_there(now))
    return select(_SESSIONS).where(*selection.conditions(), file.exists())


async def _read_sessions(
    connection: AsyncConnection, query: Select[Any], now: float
) -> list[tuple[SessionRecord, list[ArchiveFile]]]:
    """The sessions of a query, in its order, each with its files."""
    sessions = [session_from_row(row) for row in await connection.execute(query)]
    numbers = [number_of(session.conf_num) for session in sessions]
    files = select(_TABLE).where(_TABLE.c.session_number.in_(numbers), _is_there(now)).order_by(_TABLE.c.name)
    by_session = defaultdict(list)
    for row in await connection.execute(files):
        by_session[row.session_number].append(_file(row))
    return [(session, by_session[number]) for session, number in zip(sessions, numbers, strict=True)]


def _is_there(now: float) -> ColumnElement[bool]:
    return or_(_TABLE.c.expires_at.is_(None), _TABLE.c.expires_at > now)


def _file(row: Row[Any]) -> ArchiveFile:
    return ArchiveFile(
        file_id=row.file_id,
        conf_num=conf_num_of(row.session_number),
        kind=row.kind,
        name=row.name,
        location=row.location,
        content_type=row.content_type,
        size=row.size,
        sha256=row.sha256,
        ready_at=row.ready_at,
        expires_at=row.expires_at,
    )
