"""The tables. A change here needs a migration beside it; a test compares the two."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
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
    Text,
    TypeDecorator,
    UniqueConstraint,
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
    # The last sign of life: where the process of a session dies, this is when the session ended.
    Column("seen_at", Instant),
    Column("closed_at", Instant),
    # When the files were made that tell of the session.
    Column("archived_at", Instant),
    # The server died or was stopped while it went on: people come back, and go on in another session.
    Column("interrupted", Boolean, nullable=False, server_default=false()),
    # Until when they may. Null in an interrupted session until the server is back.
    Column("returnable_until", Instant),
    # What stood when it began, from the interrupted session that it goes on from.
    Column("decrees", JSON),
    Index(None, "room_id", "opened_at"),
    Index(None, "app_id", "opened_at"),
    Index(None, "closed_at"),
    Index(None, "archived_at"),
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
    Column("left_reason", String(32)),
    # What was measured of it so far; see signalling.reports.
    Column("usage", JSON),
    Index(None, "session_number", "joined_at"),
)

# The log of a session: what happened beside coming and going, chat included.
session_events = Table(
    "session_events",
    metadata,
    Column("event_number", Integer, primary_key=True, autoincrement=True),
    Column("event_id", String(32), nullable=False, unique=True),
    Column("session_number", Integer, ForeignKey("sessions.session_number"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("name", String(64), nullable=False),
    Column("client_id", String(64)),
    Column("details", JSON, nullable=False),
    Index(None, "session_number", "at"),
    sqlite_autoincrement=True,
)

# `location` is where the storage of the archive has the file. Instants are null where nothing of the kind is to come.
archive_files = Table(
    "archive_files",
    metadata,
    Column("file_id", String(32), primary_key=True),
    Column("session_number", Integer, ForeignKey("sessions.session_number"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("name", String, nullable=False),
    Column("location", String, nullable=False),
    Column("content_type", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("ready_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Index(None, "session_number", "ready_at"),
    Index(None, "expires_at"),
    UniqueConstraint("session_number", "name", name="uq_archive_files_session_number_name"),
)

# `next_attempt_at` is null when a delivery is done or given up.
webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("delivery_number", Integer, primary_key=True, autoincrement=True),
    Column("event_id", String(32), nullable=False),
    Column("url", String, nullable=False),
    Column("name", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", Instant),
    Column("delivered_at", Instant),
    Column("last_error", String),
    Index(None, "url", "next_attempt_at"),
    UniqueConstraint("event_id", "url", name="uq_webhook_deliveries_event_id_url"),
    sqlite_autoincrement=True,
)

used_tokens = Table(
    "used_tokens",
    metadata,
    Column("jti", String(64), primary_key=True),
    Column("expires_at", Instant, nullable=False),
    Index(None, "expires_at"),
)
