"""Which sessions a report is about."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement

from signalling.store import schema


@dataclass(frozen=True, slots=True)
class SessionSelection:
    """Sessions of one application: of one number, of one room, begun in a period, or all that these have in common.

    Instants are Unix seconds; `opened_from` belongs to the period, `opened_before` does not.
    """

    app_id: str
    session_number: int | None = None
    room_id: str | None = None
    opened_from: float | None = None
    opened_before: float | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """For the WHERE clause of a query on the table of sessions, or on one that is joined with it."""
        table = schema.sessions.c
        conditions = [table.app_id == self.app_id]
        if self.session_number is not None:
            conditions.append(table.session_number == self.session_number)
        if self.room_id is not None:
            conditions.append(table.room_id == self.room_id)
        if self.opened_from is not None:
            conditions.append(table.opened_at >= self.opened_from)
        if self.opened_before is not None:
            conditions.append(table.opened_at < self.opened_before)
        return conditions
