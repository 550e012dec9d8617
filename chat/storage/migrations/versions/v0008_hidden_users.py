"""A backend may hide users who are not connected: it stays so until they are shown again."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Nobody was hidden so far."""
    op.add_column("users", sa.Column("is_hidden", sa.Boolean(), nullable=False, server_default=sa.false()))
