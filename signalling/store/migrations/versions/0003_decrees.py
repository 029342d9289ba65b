"""What stands when a session goes on after a restart of the server.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("sessions", "crashed", new_column_name="interrupted")
    op.add_column("sessions", sa.Column("returnable_until", sa.DateTime(timezone=True)))
    op.add_column("sessions", sa.Column("decrees", sa.JSON))
    # Nobody comes back to the sessions of long ago.
    op.execute("UPDATE sessions SET returnable_until = closed_at WHERE interrupted")


def downgrade() -> None:
    op.drop_column("sessions", "decrees")
    op.drop_column("sessions", "returnable_until")
    op.alter_column("sessions", "interrupted", new_column_name="crashed")
