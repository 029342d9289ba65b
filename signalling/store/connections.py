"""Who was connected to which session, from when to when. Call detail reports are made of this."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from signalling.domain.room import Role
from signalling.store import schema
from signalling.store.database import Database
from signalling.store.numbers import number_of

_TABLE = schema.connections


@dataclass(frozen=True, slots=True)
class ConnectionRecord:
    """One participant's stay in a session. Instants are Unix seconds; `left_at` is None while they are in."""

    client_id: str
    name: str
    role: Role
    user_ref: str
    address: str
    agent: str
    joined_at: float
    left_at: float | None
    left_reason: str | None


class Connections:
    """The stays of all participants. The chronicle writes them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, client_id: str) -> ConnectionRecord | None:
        """One stay, or None when there was none of that id."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(_TABLE).where(_TABLE.c.client_id == client_id))).one_or_none()
        return None if row is None else _record(row)

    async def list(self, conf_num: str) -> list[ConnectionRecord]:
        """The stays of one session, in the order of joining."""
        query = (
            select(_TABLE)
            .where(_TABLE.c.session_number == number_of(conf_num))
            .order_by(_TABLE.c.joined_at, _TABLE.c.client_id)
        )
        async with self._database.read() as connection:
            return [_record(row) for row in await connection.execute(query)]


def _record(row: Row[Any]) -> ConnectionRecord:
    return ConnectionRecord(
        client_id=row.client_id,
        name=row.name,
        role=row.role,
        user_ref=row.user_ref,
        address=row.address,
        agent=row.agent,
        joined_at=row.joined_at,
        left_at=row.left_at,
        left_reason=row.left_reason,
    )
