"""The embedded store: SQLite in a file, with nothing to configure."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError
from twisted.plugin import IPlugin
from zope.interface import implementer

from chat.errors import ConfigError
from chat.ichat import IStorePlugin
from chat.plugin import NoOptions
from chat.storage.engines import sqlite_engine
from chat.storage.migrating import migrate
from chat.storage.readers import READERS
from chat.storage.sql import SqlStore


class SqliteDialect:
    """SQLite with a write-ahead log, synced at every commit."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._locked: IO[str] | None = None

    def write_engine(self) -> Engine:
        """One connection."""
        return sqlite_engine(self.url, writes=True)

    def read_engine(self) -> Engine:
        """One connection for each reading thread."""
        return sqlite_engine(self.url, writes=False, connections=READERS)

    def is_in_transaction(self, connection: Connection) -> bool:
        """What the driver says."""
        driver: Any = connection.connection.driver_connection
        return bool(driver.in_transaction)

    def prepare(self) -> None:
        """Take the file for this server alone, then migrate: with foreign keys off, as rebuilding a table needs, and
        a check of them before the commit.
        """
        self._lock()
        engine = sqlite_engine(self.url, writes=True, foreign_keys=False)
        try:
            with engine.begin() as connection:
                migrate(connection)
                if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                    raise ConfigError("storage.url: the migrated database has rows that refer to nothing")
        finally:
            engine.dispose()

    def check_exists(self) -> None:
        """A connection would make the file, with whoever asks as its owner."""
        if not Path(str(make_url(self.url).database)).is_file():
            raise ConfigError("storage.url: there is no database: start the server first")

    def release(self) -> None:
        """Give the file back."""
        if self._locked is not None:
            self._locked.close()

    def _lock(self) -> None:
        """Two servers on one file would each keep a state in memory that the other knows nothing of."""
        if Path(str(make_url(self.url).database)).is_dir():
            raise ConfigError("storage.url: expected a file, this is a folder")
        path = Path(f"{make_url(self.url).database}.lock")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._locked = path.open("w")
        try:
            fcntl.flock(self._locked, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError("storage.url: another server uses the database") from None


@implementer(IPlugin, IStorePlugin)
class SqlitePlugin:
    """Serves `sqlite:///file`; a relative file is below the working directory."""

    name = "sqlite"
    options = NoOptions
    schemes = ("sqlite",)

    def open(self, url: str, options: object, reactor: Any) -> SqlStore:
        """See `IStorePlugin`."""
        if not _is_of_a_file(url):
            raise ConfigError("storage.url: expected sqlite:///file, without anything behind the file")
        return SqlStore(SqliteDialect(url), reactor)


def _is_of_a_file(url: str) -> bool:
    """Whether the URL names a file and nothing else: the driver fails on most options, the others break promises."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return False
    name = parsed.database or ""
    is_file = bool(name) and not name.startswith((":memory:", "file:")) and not name.endswith("/")
    return url.startswith("sqlite:///") and is_file and not parsed.query


plugin = SqlitePlugin()
