"""Migrations and tables say the same."""

import asyncio
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

from signalling.store import Store
from signalling.store.database import Database
from signalling.store.schema import metadata


def _differences(connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


def _downgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", "signalling.store:migrations")
    config.attributes["connection"] = connection
    command.downgrade(config, "base")


async def test_the_migrations_make_exactly_the_tables_of_the_schema(database_url: str) -> None:
    database = Database(database_url)
    await database.migrate()
    async with database.write() as connection:
        assert await connection.run_sync(_differences) == []
    await database.close()


async def test_the_migrations_can_be_undone(database_url: str) -> None:
    database = Database(database_url)
    await database.migrate()
    async with database.write() as connection:
        await connection.run_sync(_downgrade)
    async with database.read() as connection:
        left = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
    assert left <= {"alembic_version"}
    await database.close()


async def test_several_processes_may_migrate_at_once(database_url: str) -> None:
    stores = await asyncio.gather(*(Store.open(database_url) for _ in range(4)))
    assert [await store.rooms.list("app") for store in stores] == [[]] * 4
    for store in stores:
        await store.close()
