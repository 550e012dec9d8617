"""The stores under test, and what the suite needs of each besides the contract: to look inside, and to mistreat it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, inspect, select, text, update

from chat.ichat import IStore
from chat.model import Message
from chat.plugin import NoOptions
from chat.plugins.sqlite import plugin as sqlite
from chat.storage.engines import sqlite_engine
from chat.storage.schema import audit, messages


class StoreCase(Protocol):
    """One kind of store and a place for its data, which is empty at first."""

    def store(self) -> IStore:
        """A store of that place, not yet opened."""

    def audits(self) -> list[tuple[Any, ...]]:
        """The audit rows in their order: key_name, actor, action, user, room, reason, until in ms."""

    def leave_tombstone(self, message: Message) -> None:
        """Delete the message: its number stays."""

    def refer(self, message: Message, other: Message) -> None:
        """Let the other message be one of the message's thread."""

    def outdate(self) -> None:
        """Make the data those of a newer server."""

    def content(self) -> dict[str, Any]:
        """Everything that is stored, to be compared."""

    def broken(self) -> AbstractContextManager[None]:
        """Inside, the database fails whatever concerns messages."""

    def stalled(self) -> AbstractContextManager[None]:
        """Inside, no write comes to its end, for as long as the store can wait."""

    def dispose(self) -> None:
        """Let go of everything."""


class SqlCase:
    """What SQL databases have in common. `side` is an engine beside those of the store."""

    side: Engine

    def audits(self) -> list[tuple[Any, ...]]:
        """See `StoreCase`."""
        names = ("key_name", "actor_id", "action", "user_id", "room_id", "reason", "until_ms")
        with self.side.begin() as connection:
            rows = connection.execute(select(*(audit.c[name] for name in names)).order_by(audit.c.key))
            return [tuple(row) for row in rows]

    def leave_tombstone(self, message: Message) -> None:
        """See `StoreCase`."""
        with self.side.begin() as connection:
            connection.execute(update(messages).where(messages.c.key == message.key).values(deleted_ms=1))

    def refer(self, message: Message, other: Message) -> None:
        """See `StoreCase`."""
        with self.side.begin() as connection:
            connection.execute(update(messages).where(messages.c.key == other.key).values(parent_key=message.key))

    def outdate(self) -> None:
        """See `StoreCase`."""
        self._execute("UPDATE alembic_version SET version_num = 'newer'")

    def content(self) -> dict[str, Any]:
        """See `StoreCase`."""
        with self.side.begin() as connection:
            return {table: self._rows(connection, table) for table in inspect(connection).get_table_names()}

    def _rows(self, connection: Connection, table: str) -> list[tuple[Any, ...]]:
        return sorted((tuple(row) for row in connection.execute(text(f'SELECT * FROM "{table}"'))), key=repr)

    @contextmanager
    def broken(self) -> Iterator[None]:
        """See `StoreCase`."""
        self._execute("ALTER TABLE messages RENAME TO lost_messages")
        try:
            yield
        finally:
            self._execute("ALTER TABLE lost_messages RENAME TO messages")

    def dispose(self) -> None:
        """See `StoreCase`."""
        self.side.dispose()

    def _execute(self, statement: str) -> None:
        with self.side.begin() as connection:
            connection.execute(text(statement))


class SqliteCase(SqlCase):
    """A SQLite file."""

    def __init__(self, folder: Path) -> None:
        self._url = f"sqlite:///{folder}/data/chat.db"
        self.side = sqlite_engine(self._url, writes=True)

    def store(self) -> IStore:
        """See `StoreCase`."""
        from twisted.internet import reactor

        return sqlite.open(self._url, NoOptions(), reactor)

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """See `StoreCase`."""
        with self.side.begin():
            yield


CASES: dict[str, Callable[[Path], StoreCase]] = {"sqlite": SqliteCase}
