"""Rooms end: a removed room keeps its row and its messages. Names are compared without regard to case, and a declared
room is found by the name that was declared.
"""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def folded(name: str) -> str:
    """As names were compared when this was written."""
    former = None
    while name != former:
        former, name = name, unicodedata.normalize("NFKC", UNSEEN.sub("", name)).casefold()
    return name


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
        connection.execute(sa.update(rooms).where(rooms.c.key == key).values(folded=folded(name)))
