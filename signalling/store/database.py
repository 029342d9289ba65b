"""The engine: one code for SQLite and PostgreSQL, transactions that mean the same on both, and migrations."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
# Any number will do, as long as every roomcast takes the same.
_MIGRATION_LOCK = 0x726F6F6D
_READERS = 4
"""Threads that read at the same time."""

T = TypeVar("T")


class StoreError(ValueError):
    """A database URL that cannot be used; the text says why."""


def database_url(text_url: str) -> URL:
    """The URL with the driver that roomcast uses. Raises StoreError for anything but SQLite and PostgreSQL."""
    try:
        url = make_url(text_url)
    except (ArgumentError, ValueError) as error:
        raise StoreError(
            "the database URL is malformed: write sqlite:///FILE or postgresql://USER@HOST/NAME"
        ) from error
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        raise StoreError(f"the database {url.drivername} is not supported: use sqlite or postgresql")
    return url.set(drivername=driver)


class Database:
    """Transactions, in two forms each. `await database.write_with(work)` is for what happens often: `work` is a plain
    function that gets the connection, and is carried out as a whole. `async with database.write() as connection` is
    for what does other things meanwhile. So with `read_with` and `read`, whose changes are not kept.

    On SQLite a write begins with BEGIN IMMEDIATE: two writers queue up (busy timeout 30 s) instead of failing in the
    middle, and what a transaction has read cannot change before it writes. On PostgreSQL rows are locked where needed.
    """

    def __init__(self, url: str) -> None:
        """Raises StoreError for a URL that cannot be used; does not connect yet."""
        parsed = database_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        arguments: dict[str, Any] = {"connect_args": {"timeout": 30}} if self.is_sqlite else {"pool_pre_ping": True}
        try:
            # Errors are logged, and parameters are what people wrote to each other.
            self._engine: AsyncEngine = create_async_engine(parsed, hide_parameters=True, **arguments)
        except (ArgumentError, NoSuchModuleError) as error:
            raise StoreError(f"the database URL cannot be used: {error}") from error
        self._file: _SqliteFile | None = None
        if self.is_sqlite:
            _listen(self._engine.sync_engine)
            if parsed.database not in (None, "", ":memory:"):
                self._file = _SqliteFile(parsed)
        self._writer = self._engine.execution_options(**_WRITING)

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection whose changes are not kept."""
        return self._engine.connect()

    def write(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction: committed at the end of the block, rolled back when the block raises."""
        return self._writer.begin()

    async def read_with(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, or raises, of a connection whose changes are not kept."""
        if self._file is not None:
            return await self._file.read(work)
        async with self.read() as connection:
            return await connection.run_sync(work)

    async def write_with(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns in a transaction, which is rolled back when it raises. Once begun, a transaction is
        carried out even when the caller is cancelled."""
        if self._file is not None:
            return await self._file.write(work)
        async with self.write() as connection:
            return await connection.run_sync(work)

    async def migrate(self) -> None:
        """Bring the schema up to date. Several processes may do this at the same time."""
        async with self.write() as connection:
            if not self.is_sqlite:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            await connection.run_sync(_upgrade)

    async def close(self) -> None:
        """Close every pooled connection."""
        if self._file is not None:
            await asyncio.to_thread(self._file.close)
        await self._engine.dispose()


class _SqliteFile:
    """Whole transactions in threads. Through aiosqlite each step of each statement goes to a thread and back by itself,
    which costs far more than what SQLite does. One thread writes, for SQLite's lock is waited for by sleeping."""

    def __init__(self, url: URL) -> None:
        self._engine = create_engine(
            url.set(drivername="sqlite"), hide_parameters=True, pool_size=_READERS + 1, connect_args={"timeout": 30}
        )
        _listen(self._engine)
        self._writer: Connection | None = None
        self._readers = ThreadPoolExecutor(_READERS, "sqlite-reader")
        self._writers = ThreadPoolExecutor(1, "sqlite-writer")

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writers, self._write, work)

    def close(self) -> None:
        """Finish what was begun, and close the connections."""
        for threads in (self._writers, self._readers):
            threads.shutdown()
        if self._writer is not None:
            self._writer.close()
        self._engine.dispose()

    def _read(self, work: Callable[[Connection], T]) -> T:
        with self._engine.connect() as connection:
            return work(connection)

    def _write(self, work: Callable[[Connection], T]) -> T:
        if self._writer is None:
            # Kept: to take it from the pool and give it back costs as much as the transaction.
            self._writer = self._engine.connect().execution_options(**_WRITING)
        with self._writer.begin():
            return work(self._writer)


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", "signalling.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


_WRITING: Final = {"sqlite_begin": "BEGIN IMMEDIATE"}
"""Options of the engine for transactions that write."""


def _listen(engine: Engine) -> None:
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # Left alone, the driver begins transactions late and not for every statement, which would break migrations.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))
