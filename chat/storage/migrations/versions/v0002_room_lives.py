"""Rooms end: a removed room keeps its row and its messages. Names are compared without regard to case, and a declared
room is found by the name that was declared.
"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what rooms need, and fold the names that there are."""
    with op.batch_alter_table("rooms") as batch:
        batch.add_column(sa.Column("folded", sa.Text(), nullable=False, server_default=""))
        batch.add_column(sa.Column("declared_name", sa.Text(), nullable=True))
        batch.add_column(sa.Column("removed_ms", sa.BigInteger(), nullable=True))
        batch.drop_index("ix_rooms_channel_key")
        batch.create_index("ix_rooms_channel_key_folded", ["channel_key", "folded"], unique=False)
    rooms = sa.table("rooms", *map(sa.column, ("key", "name", "folded", "kind", "declared_name")))
    connection = op.get_bind()
    connection.execute(sa.update(rooms).where(rooms.c.kind == "static").values(declared_name=rooms.c.name))
    for key, name in connection.execute(sa.select(rooms.c.key, rooms.c.name)).all():
        folded = unicodedata.normalize("NFKC", name).casefold()
        connection.execute(sa.update(rooms).where(rooms.c.key == key).values(folded=folded))
