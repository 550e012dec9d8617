"""Who has a role in a room is its member as long, and stands nowhere else as one."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Roles are what all members of rooms came from so far; the others are the owners of conversations."""
    memberships = sa.table("memberships", sa.column("room_key"))
    rooms = sa.table("rooms", sa.column("key"), sa.column("channel_key"))
    of_channels = sa.select(rooms.c.key).where(rooms.c.channel_key.is_not(None))
    op.get_bind().execute(sa.delete(memberships).where(memberships.c.room_key.in_(of_channels)))
