"""What waits for a user is found in its order."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Another index in place of the former one."""
    op.drop_index("ix_receipts_user_key_status", "receipts")
    op.create_index("ix_receipts_user_key_status_message_key", "receipts", ["user_key", "status", "message_key"])
