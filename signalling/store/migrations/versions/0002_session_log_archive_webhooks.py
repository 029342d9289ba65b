"""The log of sessions, what was measured of connections, archive files and deliveries of webhooks."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sessions", sa.Column("seen_at", sa.DateTime(timezone=True)))
    op.add_column("sessions", sa.Column("archived_at", sa.DateTime(timezone=True)))
    op.create_index("ix_sessions_archived_at", "sessions", ["archived_at"])
    op.add_column("sessions", sa.Column("crashed", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("connections", sa.Column("left_reason", sa.String(32)))
    op.add_column("connections", sa.Column("usage", sa.JSON))
    _create_session_events()
    _create_archive_files()
    _create_webhook_deliveries()


def _create_session_events() -> None:
    op.create_table(
        "session_events",
        sa.Column("event_number", sa.Integer, nullable=False, autoincrement=True),
        sa.Column("event_id", sa.String(32), nullable=False),
        sa.Column("session_number", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("client_id", sa.String(64)),
        sa.Column("details", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("event_number", name="pk_session_events"),
        sa.UniqueConstraint("event_id", name="uq_session_events_event_id"),
        sa.ForeignKeyConstraint(
            ["session_number"], ["sessions.session_number"], name="fk_session_events_session_number"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_session_events_session_number_at", "session_events", ["session_number", "at"])


def _create_archive_files() -> None:
    op.create_table(
        "archive_files",
        sa.Column("file_id", sa.String(32), nullable=False),
        sa.Column("session_number", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("location", sa.String, nullable=False),
        sa.Column("content_type", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("file_id", name="pk_archive_files"),
        sa.UniqueConstraint("session_number", "name", name="uq_archive_files_session_number_name"),
        sa.ForeignKeyConstraint(
            ["session_number"], ["sessions.session_number"], name="fk_archive_files_session_number"
        ),
    )
    op.create_index("ix_archive_files_session_number_ready_at", "archive_files", ["session_number", "ready_at"])
    op.create_index("ix_archive_files_expires_at", "archive_files", ["expires_at"])


def _create_webhook_deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("delivery_number", sa.Integer, nullable=False, autoincrement=True),
        sa.Column("event_id", sa.String(32), nullable=False),
        sa.Column("url", sa.String, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True)),
        sa.Column("delivered_at", sa.DateTime(timezone=True)),
        sa.Column("last_error", sa.String),
        sa.PrimaryKeyConstraint("delivery_number", name="pk_webhook_deliveries"),
        sa.UniqueConstraint("event_id", "url", name="uq_webhook_deliveries_event_id_url"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_webhook_deliveries_url_next_attempt_at", "webhook_deliveries", ["url", "next_attempt_at"])


def downgrade() -> None:
    for table in ("webhook_deliveries", "archive_files", "session_events"):
        op.drop_table(table)
    op.drop_column("connections", "usage")
    op.drop_column("connections", "left_reason")
    op.drop_index("ix_sessions_archived_at", "sessions")
    op.drop_column("sessions", "archived_at")
    op.drop_column("sessions", "crashed")
    op.drop_column("sessions", "seen_at")
