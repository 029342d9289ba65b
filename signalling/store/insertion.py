"""Rows that are written once, however often they come."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row, unless there is one with a key of its own already. Returns whether it was inserted."""
    statement = _statement(connection.dialect.name, table)
    return connection.execute(statement, values).rowcount > 0


@lru_cache
def _statement(dialect: str, table: Table) -> Executable:
    """Made once: to put a statement together costs more than to carry it out."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing()
