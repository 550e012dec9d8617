"""A room is cleared as a whole: up to which message, says its row."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """No room was cleared so far."""
    op.add_column("rooms", sa.Column("cleared_seq", sa.BigInteger(), nullable=False, server_default="0"))
