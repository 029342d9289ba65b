"""The tables. A change here needs a migration beside it; a test compares the two."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    false,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[float]):
    """Unix seconds in Python, a readable timestamp (UTC) in the database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromtimestamp(value, UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> float | None:
        if value is None:
            return None
        # SQLite has no time zones and gives back what was written, which was UTC.
        aware: datetime = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.timestamp()


rooms = Table(
    "rooms",
    metadata,
    Column("room_id", String(24), primary_key=True),
    Column("app_id", String(64), nullable=False),
    Column("name", String, nullable=False),
    Column("owner_ref", String, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("settings", JSON, nullable=False),
    Column("text_numbers", JSON, nullable=False),
    Column("dial_in", Boolean, nullable=False, server_default=false()),
    Column("data", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("first_session_at", Instant),
    Index(None, "app_id", "created_at"),
)

# Reports outlive the room, so `room_id` refers to nothing, and `room` holds the definition that the session had.
sessions = Table(
    "sessions",
    metadata,
    Column("session_number", Integer, primary_key=True, autoincrement=True),
    Column("app_id", String(64), nullable=False),
    Column("room_id", String(24), nullable=False),
    Column("room", JSON, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Index(None, "room_id", "opened_at"),
    Index(None, "app_id", "opened_at"),
    Index(None, "closed_at"),
    sqlite_autoincrement=True,
)

connections = Table(
    "connections",
    metadata,
    Column("client_id", String(64), primary_key=True),
    Column("session_number", Integer, ForeignKey("sessions.session_number"), nullable=False),
    Column("name", String, nullable=False),
    Column("role", String(16), nullable=False),
    Column("user_ref", String, nullable=False),
    Column("address", String, nullable=False),
    Column("agent", String, nullable=False),
    Column("joined_at", Instant, nullable=False),
    Column("left_at", Instant),
    Index(None, "session_number", "joined_at"),
)

used_tokens = Table(
    "used_tokens",
    metadata,
    Column("jti", String(64), primary_key=True),
    Column("expires_at", Instant, nullable=False),
    Index(None, "expires_at"),
)
