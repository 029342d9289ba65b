"""The engine: one code for SQLite and PostgreSQL, transactions that mean the same on both, and migrations."""

from contextlib import AbstractAsyncContextManager
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event, text
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
    """An engine with two views of it: `read` and `write`, each used as `async with database.write() as connection`.

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
        if self.is_sqlite:
            event.listen(self._engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self._engine.sync_engine, "begin", _begin_sqlite)
        self._writer = self._engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection whose changes are not kept."""
        return self._engine.connect()

    def write(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction: committed at the end of the block, rolled back when the block raises."""
        return self._writer.begin()

    async def migrate(self) -> None:
        """Bring the schema up to date. Several processes may do this at the same time."""
        async with self.write() as connection:
            if not self.is_sqlite:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            await connection.run_sync(_upgrade)

    async def close(self) -> None:
        """Close every pooled connection."""
        await self._engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", "signalling.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


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
