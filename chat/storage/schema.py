"""The tables. Integer keys are never reused; times are integer milliseconds UTC; every constraint has a name.

A change here needs a migration beside it: a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

Key = BigInteger().with_variant(Integer, "sqlite")
PublicId = String(64)


def _key() -> Column[int]:
    return Column("key", Key, primary_key=True, autoincrement=True)


def _reference(name: str, table: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, Key, ForeignKey(f"{table}.key"), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


users = Table(
    "users",
    metadata,
    _key(),
    Column("id", PublicId, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("attributes", Text, nullable=False),
    _time("created_ms"),
    _time("last_online_ms", nullable=True),
    Column("is_hidden", Boolean, nullable=False, server_default=false()),
    sqlite_autoincrement=True,
)

channels = Table(
    "channels",
    metadata,
    _key(),
    Column("id", PublicId, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("sort", Integer, nullable=False),
    Column("tags", Text, nullable=False),
    Column("is_default", Boolean, nullable=False),
    _time("created_ms"),
    sqlite_autoincrement=True,
)

rooms = Table(
    "rooms",
    metadata,
    _key(),
    Column("id", PublicId, nullable=False, unique=True),
    _reference("channel_key", "channels", nullable=True),
    Column("name", Text, nullable=False),
    # The name as names are compared.
    Column("folded", Text, nullable=False, server_default=""),
    # What the configuration calls a static room, by which it is found again under whatever name.
    Column("declared_name", Text, nullable=True),
    Column("kind", String(16), nullable=False),
    Column("access", String(16), nullable=False),
    Column("sort", Integer, nullable=False),
    # The owners of a conversation, sorted and joined, or a digest of them: one conversation for each set.
    Column("owners", Text, unique=True),
    Column("head_seq", BigInteger, nullable=False, default=0),
    Column("floor_seq", BigInteger, nullable=False, default=0),
    # All messages up to this one are deleted, whatever their own rows say: a room of any size is cleared at once.
    Column("cleared_seq", BigInteger, nullable=False, server_default="0"),
    Column("joins", BigInteger, nullable=False, default=0),
    _time("created_ms"),
    # A removed room keeps its messages; nobody sees it any more.
    _time("removed_ms", nullable=True),
    Index(None, "channel_key", "folded"),
    sqlite_autoincrement=True,
)

# Who belongs to a room besides those who have a role in it: these do as long as they have it.
memberships = Table(
    "memberships",
    metadata,
    Column("room_key", Key, ForeignKey("rooms.key"), primary_key=True),
    Column("user_key", Key, ForeignKey("users.key"), primary_key=True),
    _time("joined_ms"),
    Index(None, "user_key"),
)

roles = Table(
    "roles",
    metadata,
    _key(),
    _reference("user_key", "users"),
    Column("role", String(16), nullable=False),
    _reference("channel_key", "channels", nullable=True),
    _reference("room_key", "rooms", nullable=True),
    # Declared roles follow the configuration at every start; granted ones stay.
    Column("declared", Boolean, nullable=False),
    Index(None, "user_key"),
    sqlite_autoincrement=True,
)

acls = Table(
    "acls",
    metadata,
    _key(),
    _reference("channel_key", "channels", nullable=True),
    _reference("room_key", "rooms", nullable=True),
    Column("action", String(32), nullable=False),
    Column("type", String(32), nullable=False),
    Column("value", Text, nullable=False),
    Column("declared", Boolean, nullable=False),
    UniqueConstraint("channel_key", "action", "type"),
    UniqueConstraint("room_key", "action", "type"),
    sqlite_autoincrement=True,
)

messages = Table(
    "messages",
    metadata,
    _key(),
    Column("id", PublicId, nullable=False, unique=True),
    _reference("room_key", "rooms"),
    Column("seq", BigInteger, nullable=False),
    _reference("author_key", "users"),
    Column("body", Text, nullable=False),
    _time("published_ms"),
    _reference("parent_key", "messages", nullable=True),
    _time("edited_ms", nullable=True),
    _time("deleted_ms", nullable=True),
    # A client's own id makes a retry harmless; the digest is that of the first content.
    Column("client_id", PublicId),
    Column("client_digest", LargeBinary(16)),
    # No index that is not needed: each costs every message a page. Times grow with the numbers.
    UniqueConstraint("room_key", "seq"),
    sqlite_autoincrement=True,
)
_has_parent = messages.c.parent_key.is_not(None)
Index("ix_messages_parent", messages.c.parent_key, sqlite_where=_has_parent, postgresql_where=_has_parent)
_is_retryable = messages.c.client_id.is_not(None)
Index(
    "ix_messages_retry",
    messages.c.room_key,
    messages.c.author_key,
    messages.c.client_id,
    sqlite_where=_is_retryable,
    postgresql_where=_is_retryable,
)

receipts = Table(
    "receipts",
    metadata,
    Column("message_key", Key, ForeignKey("messages.key"), primary_key=True),
    Column("user_key", Key, ForeignKey("users.key"), primary_key=True),
    Column("status", Integer, nullable=False),
    _time("changed_ms"),
    # The keys of messages grow with time: what waits for a user lies in its order.
    Index(None, "user_key", "status", "message_key"),
)

markers = Table(
    "markers",
    metadata,
    Column("room_key", Key, ForeignKey("rooms.key"), primary_key=True),
    Column("user_key", Key, ForeignKey("users.key"), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    _time("moved_ms"),
)

sanctions = Table(
    "sanctions",
    metadata,
    _key(),
    Column("kind", String(8), nullable=False),
    Column("scope", String(8), nullable=False),
    # The key of the room or channel; 0 for everywhere, so that the constraint below holds there too.
    Column("target_key", Key, nullable=False),
    _reference("user_key", "users"),
    _reference("actor_key", "users"),
    Column("duration", Text, nullable=False),
    Column("reason", Text, nullable=False),
    _time("created_ms"),
    _time("until_ms"),
    UniqueConstraint("kind", "scope", "target_key", "user_key"),
    Index(None, "until_ms"),
    sqlite_autoincrement=True,
)

audit = Table(
    "audit",
    metadata,
    _key(),
    _time("at_ms"),
    Column("key_name", Text, nullable=False),
    Column("actor_id", PublicId, nullable=False),
    Column("action", Text, nullable=False),
    Column("user_id", PublicId, nullable=False),
    Column("room_id", PublicId),
    Column("reason", Text, nullable=False),
    _time("until_ms", nullable=True),
    sqlite_autoincrement=True,
)

backend_keys = Table(
    "backend_keys",
    metadata,
    _key(),
    Column("name", PublicId, nullable=False, unique=True),
    # SHA-256 of the key, which nobody knows but its caller.
    Column("digest", LargeBinary(32), nullable=False),
    Column("scopes", Text, nullable=False),
    _time("created_ms"),
    sqlite_autoincrement=True,
)

blacklist = Table(
    "blacklist",
    metadata,
    _key(),
    Column("word", Text, nullable=False, unique=True),
    _time("created_ms"),
    sqlite_autoincrement=True,
)

reports = Table(
    "reports",
    metadata,
    _key(),
    Column("id", PublicId, nullable=False, unique=True),
    # What was reported stands here: a message may be edited, and may not be kept for ever.
    Column("message_id", PublicId, nullable=False),
    _reference("room_key", "rooms"),
    _reference("author_key", "users"),
    Column("body", Text, nullable=False),
    _reference("reporter_key", "users"),
    Column("reason", Text, nullable=False),
    _time("created_ms"),
    _time("closed_ms", nullable=True),
    UniqueConstraint("message_id", "reporter_key"),
    Index(None, "reporter_key", "created_ms"),
    sqlite_autoincrement=True,
)

timers = Table(
    "timers",
    metadata,
    _key(),
    Column("kind", String(32), nullable=False),
    Column("subject", PublicId, nullable=False),
    _time("due_ms"),
    UniqueConstraint("kind", "subject"),
    Index(None, "due_ms"),
    sqlite_autoincrement=True,
)
