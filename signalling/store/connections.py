"""Who was connected to which session, from when to when. Call detail reports are made of this."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, and_, or_, select

from signalling.domain.room import Role
from signalling.reports import Usage
from signalling.store import schema
from signalling.store.database import Database
from signalling.store.numbers import number_of
from signalling.store.selection import SessionSelection
from signalling.store.sessions import SessionRecord, session_from_row

_TABLE = schema.connections


@dataclass(frozen=True, slots=True)
class ConnectionRecord:
    """One participant's stay in a session. Instants are Unix seconds; `left_at` is None while they are in.

    `usage` is what was measured until now.
    """

    client_id: str
    name: str
    role: Role
    user_ref: str
    address: str
    agent: str
    joined_at: float
    left_at: float | None
    left_reason: str | None
    usage: Usage = field(default_factory=Usage)

    @property
    def key(self) -> tuple[float, str]:
        """By which the stays of one session are in order."""
        return self.joined_at, self.client_id


class Connections:
    """The stays of all participants. The chronicle writes them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, client_id: str) -> ConnectionRecord | None:
        """One stay, or None when there was none of that id."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(_TABLE).where(_TABLE.c.client_id == client_id))).one_or_none()
        return None if row is None else _connection_from_row(row)

    async def list(self, conf_num: str) -> list[ConnectionRecord]:
        """The stays of one session, in the order of joining."""
        query = (
            select(_TABLE)
            .where(_TABLE.c.session_number == number_of(conf_num))
            .order_by(_TABLE.c.joined_at, _TABLE.c.client_id)
        )
        async with self._database.read() as connection:
            return [_connection_from_row(row) for row in await connection.execute(query)]

    async def ended(
        self, selection: SessionSelection, limit: int, after: tuple[str, float, str] | None = None
    ) -> Sequence[tuple[SessionRecord, ConnectionRecord]]:
        """The first `limit` of the stays that are over in some sessions, in the order of sessions and of joining.

        With `after`, the first of those that follow the stay of that `conf_num`, `joined_at` and `client_id`.
        """
        sessions = schema.sessions
        order = (_TABLE.c.session_number, _TABLE.c.joined_at, _TABLE.c.client_id)
        query = (
            select(_TABLE, *(column for column in sessions.c if column is not sessions.c.session_number))
            .join(sessions, sessions.c.session_number == _TABLE.c.session_number)
            .where(*selection.conditions(), _TABLE.c.left_at.is_not(None))
            .order_by(*order)
            .limit(limit)
        )
        if after is not None:
            number, joined_at, client_id = number_of(after[0]), after[1], after[2]
            query = query.where(
                or_(
                    order[0] > number,
                    and_(order[0] == number, order[1] > joined_at),
                    and_(order[0] == number, order[1] == joined_at, order[2] > client_id),
                )
            )
        async with self._database.read() as connection:
            return [(session_from_row(row), _connection_from_row(row)) for row in await connection.execute(query)]


def _connection_from_row(row: Row[Any]) -> ConnectionRecord:
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
        usage=Usage() if row.usage is None else Usage.model_validate(row.usage),
    )
