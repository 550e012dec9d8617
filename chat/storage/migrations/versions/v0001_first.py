"""The first schema: users, channels, rooms, messages, sanctions and what hangs on them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "audit",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("key_name", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("room_id", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_audit")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "blacklist",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_blacklist")),
        sa.UniqueConstraint("word", name=op.f("uq_blacklist_word")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "channels",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort", sa.Integer(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_channels")),
        sa.UniqueConstraint("id", name=op.f("uq_channels_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "timers",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("due_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_timers")),
        sa.UniqueConstraint("kind", "subject", name=op.f("uq_timers_kind_subject")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_timers_due_ms"), "timers", ["due_ms"], unique=False)
    op.create_table(
        "users",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_online_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_users")),
        sa.UniqueConstraint("id", name=op.f("uq_users_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "rooms",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("channel_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("access", sa.String(length=16), nullable=False),
        sa.Column("sort", sa.Integer(), nullable=False),
        sa.Column("owners", sa.Text(), nullable=True),
        sa.Column("head_seq", sa.BigInteger(), nullable=False),
        sa.Column("floor_seq", sa.BigInteger(), nullable=False),
        sa.Column("joins", sa.BigInteger(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["channel_key"], ["channels.key"], name=op.f("fk_rooms_channel_key_channels")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rooms")),
        sa.UniqueConstraint("id", name=op.f("uq_rooms_id")),
        sa.UniqueConstraint("owners", name=op.f("uq_rooms_owners")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_rooms_channel_key"), "rooms", ["channel_key"], unique=False)
    op.create_table(
        "sanctions",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("scope", sa.String(length=8), nullable=False),
        sa.Column("target_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("actor_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("duration", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["actor_key"], ["users.key"], name=op.f("fk_sanctions_actor_key_users")),
        sa.ForeignKeyConstraint(["user_key"], ["users.key"], name=op.f("fk_sanctions_user_key_users")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sanctions")),
        sa.UniqueConstraint(
            "kind", "scope", "target_key", "user_key", name=op.f("uq_sanctions_kind_scope_target_key_user_key")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_sanctions_until_ms"), "sanctions", ["until_ms"], unique=False)
    op.create_table(
        "acls",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("channel_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("room_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("declared", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["channel_key"], ["channels.key"], name=op.f("fk_acls_channel_key_channels")),
        sa.ForeignKeyConstraint(["room_key"], ["rooms.key"], name=op.f("fk_acls_room_key_rooms")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_acls")),
        sa.UniqueConstraint("channel_key", "action", "type", name=op.f("uq_acls_channel_key_action_type")),
        sa.UniqueConstraint("room_key", "action", "type", name=op.f("uq_acls_room_key_action_type")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "markers",
        sa.Column("room_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("moved_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["room_key"], ["rooms.key"], name=op.f("fk_markers_room_key_rooms")),
        sa.ForeignKeyConstraint(["user_key"], ["users.key"], name=op.f("fk_markers_user_key_users")),
        sa.PrimaryKeyConstraint("room_key", "user_key", name=op.f("pk_markers")),
    )
    op.create_table(
        "memberships",
        sa.Column("room_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("joined_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["room_key"], ["rooms.key"], name=op.f("fk_memberships_room_key_rooms")),
        sa.ForeignKeyConstraint(["user_key"], ["users.key"], name=op.f("fk_memberships_user_key_users")),
        sa.PrimaryKeyConstraint("room_key", "user_key", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_user_key"), "memberships", ["user_key"], unique=False)
    op.create_table(
        "messages",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("room_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("author_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("published_ms", sa.BigInteger(), nullable=False),
        sa.Column("parent_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("edited_ms", sa.BigInteger(), nullable=True),
        sa.Column("deleted_ms", sa.BigInteger(), nullable=True),
        sa.Column("client_id", sa.String(length=64), nullable=True),
        sa.Column("client_digest", sa.LargeBinary(length=16), nullable=True),
        sa.ForeignKeyConstraint(["author_key"], ["users.key"], name=op.f("fk_messages_author_key_users")),
        sa.ForeignKeyConstraint(["parent_key"], ["messages.key"], name=op.f("fk_messages_parent_key_messages")),
        sa.ForeignKeyConstraint(["room_key"], ["rooms.key"], name=op.f("fk_messages_room_key_rooms")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_messages")),
        sa.UniqueConstraint("id", name=op.f("uq_messages_id")),
        sa.UniqueConstraint("room_key", "seq", name=op.f("uq_messages_room_key_seq")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_messages_author_key"), "messages", ["author_key"], unique=False)
    op.create_index(
        "ix_messages_parent",
        "messages",
        ["parent_key"],
        unique=False,
        sqlite_where=sa.text("parent_key IS NOT NULL"),
        postgresql_where=sa.text("parent_key IS NOT NULL"),
    )
    op.create_index(
        "ix_messages_retry",
        "messages",
        ["room_key", "author_key", "client_id"],
        unique=False,
        sqlite_where=sa.text("client_id IS NOT NULL"),
        postgresql_where=sa.text("client_id IS NOT NULL"),
    )
    op.create_index(op.f("ix_messages_room_key_published_ms"), "messages", ["room_key", "published_ms"], unique=False)
    op.create_table(
        "roles",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("user_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("channel_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("room_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("declared", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["channel_key"], ["channels.key"], name=op.f("fk_roles_channel_key_channels")),
        sa.ForeignKeyConstraint(["room_key"], ["rooms.key"], name=op.f("fk_roles_room_key_rooms")),
        sa.ForeignKeyConstraint(["user_key"], ["users.key"], name=op.f("fk_roles_user_key_users")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_roles")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_roles_user_key"), "roles", ["user_key"], unique=False)
    op.create_table(
        "receipts",
        sa.Column("message_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["message_key"], ["messages.key"], name=op.f("fk_receipts_message_key_messages")),
        sa.ForeignKeyConstraint(["user_key"], ["users.key"], name=op.f("fk_receipts_user_key_users")),
        sa.PrimaryKeyConstraint("message_key", "user_key", name=op.f("pk_receipts")),
    )
    op.create_index(op.f("ix_receipts_user_key_status"), "receipts", ["user_key", "status"], unique=False)
    op.create_table(
        "reports",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("message_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reporter_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("closed_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["message_key"], ["messages.key"], name=op.f("fk_reports_message_key_messages")),
        sa.ForeignKeyConstraint(["reporter_key"], ["users.key"], name=op.f("fk_reports_reporter_key_users")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_reports")),
        sa.UniqueConstraint("id", name=op.f("uq_reports_id")),
        sqlite_autoincrement=True,
    )
