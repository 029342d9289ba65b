"""Rooms, sessions, connections and used tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_rooms()
    _create_sessions()
    _create_connections()
    op.create_table(
        "used_tokens",
        sa.Column("jti", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("jti", name="pk_used_tokens"),
    )
    op.create_index("ix_used_tokens_expires_at", "used_tokens", ["expires_at"])


def _create_rooms() -> None:
    op.create_table(
        "rooms",
        sa.Column("room_id", sa.String(24), nullable=False),
        sa.Column("app_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("owner_ref", sa.String, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("text_numbers", sa.JSON, nullable=False),
        sa.Column("dial_in", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_session_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("room_id", name="pk_rooms"),
    )
    op.create_index("ix_rooms_app_id_created_at", "rooms", ["app_id", "created_at"])


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("session_number", sa.Integer, nullable=False, autoincrement=True),
        sa.Column("app_id", sa.String(64), nullable=False),
        sa.Column("room_id", sa.String(24), nullable=False),
        sa.Column("room", sa.JSON, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("session_number", name="pk_sessions"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sessions_room_id_opened_at", "sessions", ["room_id", "opened_at"])
    op.create_index("ix_sessions_app_id_opened_at", "sessions", ["app_id", "opened_at"])
    op.create_index("ix_sessions_closed_at", "sessions", ["closed_at"])


def _create_connections() -> None:
    op.create_table(
        "connections",
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("session_number", sa.Integer, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("user_ref", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("agent", sa.String, nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("client_id", name="pk_connections"),
        sa.ForeignKeyConstraint(["session_number"], ["sessions.session_number"], name="fk_connections_session_number"),
    )
    op.create_index("ix_connections_session_number_joined_at", "connections", ["session_number", "joined_at"])


def downgrade() -> None:
    for table in ("used_tokens", "connections", "sessions", "rooms"):
        op.drop_table(table)
