"""The store over SQLAlchemy Core: reads in a thread pool on connections that cannot write, writes by group commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from zope.interface import implementer

from chat.archive import Found, Search
from chat.conversations import Conversation
from chat.conversations import Opened as ConversationOpened
from chat.coroutines import at_most
from chat.errors import ConfigError
from chat.ichat import IStore
from chat.messages import Appended, Draft, Span, Unread
from chat.metrics import Measured
from chat.model import Acl, Channel, Message, MessageId, Receipt, Room, RoomId, Sanction, User, UserId
from chat.moderation import Audit, Report
from chat.plugin import Identity
from chat.receipts import Acknowledgement, LoginRecord, Named, Window
from chat.rooms import NewRoom
from chat.storage import (
    conversing,
    forbidding,
    granting,
    housing,
    keying,
    people,
    purging,
    reading,
    receipting,
    reporting,
    revising,
    ruling,
    sanctioning,
    searching,
    tallying,
    timing,
)
from chat.storage.appending import Appender
from chat.storage.auditing import write_audit
from chat.storage.declaring import declare, load_world
from chat.storage.migrating import check_schema
from chat.storage.readers import Readers
from chat.storage.writer import Together, Writer
from chat.times import to_ms, utc_now
from chat.world import Declared, Grant, StoredKey, Timer, World

CLOSE_TIMEOUT_S = 30.0


class Dialect(Protocol):
    """What differs between databases."""

    def write_engine(self) -> Engine:
        """The engine for the writing thread."""

    def read_engine(self) -> Engine:
        """An engine that cannot write, for several threads."""

    def is_in_transaction(self, connection: Connection) -> bool:
        """Whether the database still holds the transaction that was begun."""

    def prepare(self) -> None:
        """Bring the schema up to date. Raises ConfigError."""

    def check_exists(self) -> None:
        """Raise ConfigError unless there is a database. Makes none."""

    def release(self) -> None:
        """Let go of what `prepare` took."""


@implementer(IStore)
class SqlStore:
    """An `IStore` over one database."""

    log = Logger()

    def __init__(self, dialect: Dialect, reactor: Any) -> None:
        self._dialect = dialect
        self._reactor = reactor
        self._engines: tuple[Engine, ...] = ()

    def open(self, declared: Declared) -> World:
        """See `IStore`."""
        with self._letting_go():
            world = self._open(declared)
        self._start()
        return world

    def attach(self) -> None:
        """See `IStore`."""
        with self._letting_go():
            self._dialect.check_exists()
            self._connect()
            with self._read_engine.begin() as connection:
                check_schema(connection)
        self._start()

    @contextmanager
    def _letting_go(self) -> Iterator[None]:
        """Let nothing be left of an opening that fails, and no error be the database's own."""
        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            self._let_go()
            raise ConfigError(f"storage.url: the database cannot be used: {_reason(error)}") from None
        except ConfigError:
            self._let_go()
            raise

    def _start(self) -> None:
        appender = Appender(self._write_engine.dialect)
        together: dict[type, Together] = {Draft: appender.append_many, Acknowledgement: receipting.acknowledge_many}
        self._writer = Writer(self._write_engine, self._reactor, together, self._dialect.is_in_transaction)
        self._readers = Readers(self._read_engine, self._reactor)
        self._writer.start()
        self._readers.start()

    def _connect(self) -> None:
        self._write_engine, self._read_engine = self._dialect.write_engine(), self._dialect.read_engine()
        self._engines = (self._read_engine, self._write_engine)

    def _open(self, declared: Declared) -> World:
        self._dialect.prepare()
        self._connect()
        with self._write_engine.begin() as connection:
            now_ms = to_ms(utc_now())
            sanctioning.forget_long_ended(connection, now_ms)
            declare(connection, declared, now_ms)
            return load_world(connection, now_ms)

    def waiting(self) -> int:
        """See `IStore`."""
        return self._writer.waiting

    def commits(self) -> Measured:
        """See `IStore`."""
        return self._writer.commits.measured()

    async def close(self) -> None:
        """See `IStore`."""
        if await at_most(CLOSE_TIMEOUT_S, [self._writer.stop(), self._readers.stop()], self._reactor):
            self._let_go()
        else:
            self.log.error("the database does not answer: it is kept until the process ends")

    def _let_go(self) -> None:
        for engine in self._engines:
            engine.dispose()
        self._dialect.release()

    def ping(self) -> Deferred[None]:
        """See `IStore`."""
        return self._writer.write(lambda connection: None)

    def record_login(
        self, user_id: UserId, identity: Identity, at: datetime, kept: Set[str] = frozenset()
    ) -> Deferred[LoginRecord]:
        """See `IStore`."""
        return self._writer.write(lambda connection: people.record_login(connection, user_id, identity, at, kept))

    def make_known(self, user_id: UserId, identity: Identity, at: datetime) -> Deferred[User]:
        """See `IStore`."""
        return self._writer.write(lambda connection: people.make_known(connection, user_id, identity, at))

    def update_attributes(self, user_id: UserId, changed: Mapping[str, str]) -> Deferred[User]:
        """See `IStore`."""
        return self._writer.write(lambda connection: people.update_attributes(connection, user_id, changed))

    def set_hidden(self, user_id: UserId, *, is_hidden: bool, audit: Audit | None = None) -> Deferred[User]:
        """See `IStore`."""
        return self._writer.write(lambda connection: people.set_hidden(connection, user_id, is_hidden, audit))

    def append_message(self, draft: Draft) -> Deferred[Appended]:
        """See `IStore`."""
        return self._writer.write(draft)

    def create_room(self, new: NewRoom) -> Deferred[Room]:
        """See `IStore`."""
        return self._writer.write(lambda connection: housing.create_room(connection, new))

    def discard_room(self, room_id: RoomId, at: datetime) -> Deferred[None]:
        """See `IStore`."""
        return self._writer.write(lambda connection: housing.discard_room(connection, room_id, to_ms(at)))

    def rename_room(self, room: Room, name: str, audit: Audit) -> Deferred[None]:
        """See `IStore`."""

        def rename(connection: Connection) -> None:
            housing.rename_room(connection, room, name)
            write_audit(connection, audit)

        return self._writer.write(rename)

    def remove_room(self, room: Room, audit: Audit) -> Deferred[bool]:
        """See `IStore`."""

        def remove(connection: Connection) -> bool:
            was_there = housing.remove_room(connection, room, to_ms(audit.at))
            if was_there:
                write_audit(connection, audit)
            return was_there

        return self._writer.write(remove)

    def set_acls(self, place: Room | Channel, changes: Sequence[Acl], audit: Audit) -> Deferred[tuple[Acl, ...]]:
        """See `IStore`."""
        return self._writer.write(lambda connection: ruling.set_acls(connection, place, changes, audit))

    def set_timer(self, timer: Timer) -> Deferred[None]:
        """See `IStore`."""
        return self._writer.write(lambda connection: timing.set_timer(connection, timer))

    def cancel_timer(self, kind: str, subject: str) -> Deferred[None]:
        """See `IStore`."""
        return self._writer.write(lambda connection: timing.cancel_timer(connection, kind, subject))

    def add_tallies(self, joins: Mapping[RoomId, int], last_online: Mapping[UserId, datetime]) -> Deferred[None]:
        """See `IStore`."""
        return self._writer.write(lambda connection: tallying.add_tallies(connection, joins, last_online))

    def count_joins(self, room_ids: Sequence[RoomId]) -> Deferred[Mapping[RoomId, int]]:
        """See `IStore`."""
        return self._readers.read(lambda connection: tallying.count_joins(connection, room_ids))

    def last_online(self, user_ids: Sequence[UserId]) -> Deferred[Mapping[UserId, datetime]]:
        """See `IStore`."""
        return self._readers.read(lambda connection: tallying.last_online(connection, user_ids))

    def find_conversation(self, room_id: RoomId) -> Deferred[Conversation | None]:
        """See `IStore`."""
        return self._readers.read(lambda connection: conversing.find_conversation(connection, room_id))

    def conversation_among(self, owners: Set[UserId]) -> Deferred[Conversation | None]:
        """See `IStore`."""
        return self._readers.read(lambda connection: conversing.conversation_among(connection, owners))

    def open_conversation(self, owners: Mapping[UserId, int], at: datetime) -> Deferred[ConversationOpened]:
        """See `IStore`."""
        return self._writer.write(lambda connection: conversing.open_conversation(connection, owners, to_ms(at)))

    def find_named(self, room: Room, ids: Sequence[MessageId]) -> Deferred[Sequence[Named]]:
        """See `IStore`."""
        return self._readers.read(lambda connection: receipting.find_named(connection, room, ids))

    def acknowledge(self, ack: Acknowledgement) -> Deferred[None]:
        """See `IStore`."""
        return self._writer.write(ack)

    def receipts_of(
        self, user_id: UserId, ids: Sequence[MessageId], asker: UserId
    ) -> Deferred[Mapping[MessageId, Receipt]]:
        """See `IStore`."""
        return self._readers.read(lambda connection: receipting.receipts_of(connection, user_id, ids, asker))

    def unacknowledged(self, user: User, window: Window) -> Deferred[Sequence[Message]]:
        """See `IStore`."""
        return self._readers.read(lambda connection: receipting.unacknowledged(connection, user, window))

    def unread_messages(self, user: User, room: Room, limit: int) -> Deferred[Unread]:
        """See `IStore`."""
        return self._readers.read(lambda connection: receipting.unread_messages(connection, user, room, limit))

    def read_up_to(self, user: User, room: Room) -> Deferred[int]:
        """See `IStore`."""
        return self._readers.read(lambda connection: receipting.read_up_to(connection, user, room))

    def record(self, audit: Audit) -> Deferred[None]:
        """See `IStore`."""
        return self._writer.write(lambda connection: write_audit(connection, audit))

    def put_role(self, grant: Grant, audit: Audit) -> Deferred[bool]:
        """See `IStore`."""
        return self._writer.write(lambda connection: granting.put_role(connection, grant, audit))

    def end_role(self, grant: Grant, audit: Audit) -> Deferred[bool]:
        """See `IStore`."""
        return self._writer.write(lambda connection: granting.end_role(connection, grant, audit))

    def list_keys(self) -> Deferred[tuple[StoredKey, ...]]:
        """See `IStore`."""
        return self._readers.read(keying.load_keys)

    def put_key(self, key: StoredKey, audit: Audit) -> Deferred[bool]:
        """See `IStore`."""
        return self._writer.write(lambda connection: keying.put_key(connection, key, audit))

    def end_key(self, name: str, audit: Audit) -> Deferred[bool]:
        """See `IStore`."""
        return self._writer.write(lambda connection: keying.end_key(connection, name, audit))

    def put_sanctions(
        self,
        new: Sequence[Sanction],
        audits: Sequence[Audit],
        ended: Sequence[Sanction] = (),
        newcomers: Mapping[UserId, Identity] | None = None,
    ) -> Deferred[None]:
        """See `IStore`."""
        return self._writer.write(
            lambda connection: sanctioning.put_sanctions(connection, new, audits, ended, newcomers)
        )

    def end_sanction(self, sanction: Sanction, audit: Audit) -> Deferred[None]:
        """See `IStore`."""
        return self._writer.write(lambda connection: sanctioning.end_sanction(connection, sanction, audit))

    def put_word(self, word: str, audit: Audit) -> Deferred[bool]:
        """See `IStore`."""
        return self._writer.write(lambda connection: forbidding.put_word(connection, word, audit))

    def end_words(self, words: Sequence[str], audit: Audit) -> Deferred[bool]:
        """See `IStore`."""
        return self._writer.write(lambda connection: forbidding.end_words(connection, words, audit))

    def delete_message(self, message: Message, at: datetime, audit: Audit | None = None) -> Deferred[bool]:
        """See `IStore`."""
        return self._writer.write(lambda connection: revising.delete_message(connection, message, to_ms(at), audit))

    def delete_messages(
        self, messages: Sequence[Message], at: datetime, audit: Audit | None = None
    ) -> Deferred[frozenset[MessageId]]:
        """See `IStore`."""
        return self._writer.write(lambda connection: revising.delete_messages(connection, messages, to_ms(at), audit))

    def edit_message(self, message: Message) -> Deferred[bool]:
        """See `IStore`."""
        return self._writer.write(lambda connection: revising.edit_message(connection, message))

    def clear_room(self, room: Room, audit: Audit) -> Deferred[int]:
        """See `IStore`."""
        return self._writer.write(lambda connection: revising.clear_room(connection, room, audit))

    def put_report(self, report: Report) -> Deferred[bool]:
        """See `IStore`."""
        return self._writer.write(lambda connection: reporting.put_report(connection, report))

    def list_reports(self, limit: int, before: str | None = None) -> Deferred[tuple[Report, ...]]:
        """See `IStore`."""
        return self._readers.read(lambda connection: reporting.list_reports(connection, limit, before))

    def search_messages(self, search: Search, below: int | None = None) -> Deferred[Found]:
        """See `IStore`."""
        return self._readers.read(lambda connection: searching.search_messages(connection, search, below))

    def purge_messages(self, before: datetime, limit: int) -> Deferred[int]:
        """See `IStore`."""
        return self._writer.write(lambda connection: purging.purge_messages(connection, to_ms(before), limit))

    def find_message(self, message_id: MessageId) -> Deferred[Message | None]:
        """See `IStore`."""
        return self._readers.read(lambda connection: reading.find_message(connection, message_id))

    def find_user(self, user_id: UserId) -> Deferred[User | None]:
        """See `IStore`."""
        return self._readers.read(lambda connection: reading.find_user(connection, user_id))

    def find_users(self, user_ids: Sequence[UserId]) -> Deferred[Mapping[UserId, User]]:
        """See `IStore`."""
        return self._readers.read(lambda connection: reading.find_users(connection, user_ids))

    def recent_messages(self, room: Room, limit: int) -> Deferred[Span]:
        """See `IStore`."""
        return self._readers.read(lambda connection: reading.recent_messages(connection, room, limit))

    def messages_after(self, room: Room, seq: int, limit: int) -> Deferred[Span]:
        """See `IStore`."""
        return self._readers.read(lambda connection: reading.messages_after(connection, room, seq, limit))


def _reason(error: SQLAlchemyError | OSError) -> str:
    """What went wrong, on one line."""
    if isinstance(error, OSError):
        return str(error.strerror)
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
