"""Reports say themselves what was reported: a message may be edited, and may not be kept for ever."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Copy what reports have pointed to so far, one report of each message and reporter, and point no more."""
    with op.batch_alter_table("reports") as batch:
        batch.add_column(sa.Column("message_id", sa.String(64), nullable=True))
        batch.add_column(sa.Column("room_key", KEY, nullable=True))
        batch.add_column(sa.Column("author_key", KEY, nullable=True))
        batch.add_column(sa.Column("body", sa.Text(), nullable=True))
    reports = sa.table("reports", *map(sa.column, ("message_key", "message_id", "room_key", "author_key", "body")))
    messages = sa.table("messages", *map(sa.column, ("key", "id", "room_key", "author_key", "body")))
    pairs = {"message_id": messages.c.id} | {name: messages.c[name] for name in ("room_key", "author_key", "body")}
    values = {
        name: sa.select(source).where(messages.c.key == reports.c.message_key).scalar_subquery()
        for name, source in pairs.items()
    }
    op.get_bind().execute(sa.update(reports).values(values))
    with op.batch_alter_table("reports") as batch:
        batch.drop_constraint("fk_reports_message_key_messages", type_="foreignkey")
        batch.drop_column("message_key")
        batch.alter_column("message_id", existing_type=sa.String(64), nullable=False)
        batch.alter_column("room_key", existing_type=KEY, nullable=False)
        batch.alter_column("author_key", existing_type=KEY, nullable=False)
        batch.alter_column("body", existing_type=sa.Text(), nullable=False)
        batch.create_foreign_key("fk_reports_room_key_rooms", "rooms", ["room_key"], ["key"])
        batch.create_foreign_key("fk_reports_author_key_users", "users", ["author_key"], ["key"])
        batch.create_unique_constraint("uq_reports_message_id_reporter_key", ["message_id", "reporter_key"])
        batch.create_index("ix_reports_reporter_key_created_ms", ["reporter_key", "created_ms"], unique=False)
