"""A database from its opening to its end, with the threads that write and read it. Knows no method of a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from chat.coroutines import at_most
from chat.errors import ConfigError
from chat.messages import Draft
from chat.metrics import Measured
from chat.receipts import Acknowledgement
from chat.storage.appending import Appender
from chat.storage.declaring import declare, load_world
from chat.storage.migrating import check_schema
from chat.storage.readers import Readers
from chat.storage.receipting import acknowledge_many
from chat.storage.sanctioning import forget_long_ended
from chat.storage.writer import Together, Writer
from chat.times import to_ms, utc_now
from chat.world import Declared, World

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


class Database:
    """Opens and closes a database, and has its threads work."""

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

    async def close(self) -> None:
        """See `IStore`."""
        if await at_most(CLOSE_TIMEOUT_S, [self._writer.stop(), self._readers.stop()], self._reactor):
            self._let_go()
        else:
            self.log.error("the database does not answer: it is kept until the process ends")

    def write(self, work: Any) -> Deferred[Any]:
        """Have it written in its turn: see `Writer`."""
        return self._writer.write(work)

    def read(self, query: Callable[[Connection], Any]) -> Deferred[Any]:
        """Ask the database: see `Readers`."""
        return self._readers.read(query)

    def waiting(self) -> int:
        """See `IStore`."""
        return self._writer.waiting

    def commits(self) -> Measured:
        """See `IStore`."""
        return self._writer.commits.measured()

    def _open(self, declared: Declared) -> World:
        self._dialect.prepare()
        self._connect()
        with self._write_engine.begin() as connection:
            now_ms = to_ms(utc_now())
            forget_long_ended(connection, now_ms)
            declare(connection, declared, now_ms)
            return load_world(connection, now_ms)

    def _connect(self) -> None:
        self._write_engine, self._read_engine = self._dialect.write_engine(), self._dialect.read_engine()
        self._engines = (self._read_engine, self._write_engine)

    def _start(self) -> None:
        appender = Appender(self._write_engine.dialect)
        together: dict[type, Together] = {Draft: appender.append_many, Acknowledgement: acknowledge_many}
        self._writer = Writer(self._write_engine, self._reactor, together, self._dialect.is_in_transaction)
        self._readers = Readers(self._read_engine, self._reactor)
        self._writer.start()
        self._readers.start()

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

    def _let_go(self) -> None:
        for engine in self._engines:
            engine.dispose()
        self._dialect.release()


def _reason(error: SQLAlchemyError | OSError) -> str:
    """What went wrong, on one line."""
    if isinstance(error, OSError):
        return str(error.strerror)
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
