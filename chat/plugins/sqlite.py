"""The embedded store: SQLite in a file, with nothing to configure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine
from twisted.plugin import IPlugin
from zope.interface import implementer

from chat.errors import ConfigError
from chat.ichat import IStorePlugin
from chat.plugin import NoOptions
from chat.storage.engines import sqlite_engine
from chat.storage.migrating import migrate
from chat.storage.sql import READERS, SqlStore


@dataclass(frozen=True)
class SqliteDialect:
    """SQLite with a write-ahead log, synced at every commit."""

    url: str

    def write_engine(self) -> Engine:
        """One connection."""
        return sqlite_engine(self.url, writes=True)

    def read_engine(self) -> Engine:
        """One connection for each reading thread."""
        return sqlite_engine(self.url, writes=False, connections=READERS)

    def prepare(self) -> None:
        """Migrate with foreign keys off, as rebuilding a table needs, and check them before the commit."""
        engine = sqlite_engine(self.url, writes=True, foreign_keys=False)
        with engine.begin() as connection:
            migrate(connection)
            if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                raise ConfigError("storage.url: the migrated database has rows that refer to nothing")
        engine.dispose()


@implementer(IPlugin, IStorePlugin)
class SqlitePlugin:
    """Serves `sqlite:///file`; a relative file is below the working directory."""

    name = "sqlite"
    options = NoOptions
    schemes = ("sqlite",)

    def open(self, url: str, options: object, reactor: Any) -> SqlStore:
        """See `IStorePlugin`."""
        if not url.startswith("sqlite:///") or url == "sqlite:///":
            raise ConfigError("storage.url: expected sqlite:///file")
        return SqlStore(SqliteDialect(url), reactor)


plugin = SqlitePlugin()
