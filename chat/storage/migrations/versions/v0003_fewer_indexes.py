"""Indexes of messages that nothing asks: every message paid for them."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Take them away."""
    op.drop_index("ix_messages_author_key", "messages")
    op.drop_index("ix_messages_room_key_published_ms", "messages")
