"""SQLAlchemy engines with the transaction rules that the store relies on."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import QueuePool

BUSY_TIMEOUT_S = 5.0


def sqlite_engine(url: str, *, writes: bool, foreign_keys: bool = True, connections: int = 1) -> Engine:
    """An engine with at most `connections` connections to a SQLite file, whose folder is made where it is missing.

    The driver's own transaction control is off: with it neither SAVEPOINT nor DDL would be transactional. A writing
    engine begins with BEGIN IMMEDIATE, so that it never has to upgrade a lock; the others cannot write. Errors do not
    show parameters: they would carry what people wrote into the log.
    """
    path = make_url(url).database
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    arguments = {"check_same_thread": False, "timeout": BUSY_TIMEOUT_S}
    engine = create_engine(
        url, poolclass=QueuePool, pool_size=connections, max_overflow=0, connect_args=arguments, hide_parameters=True
    )

    pragmas: dict[str, str | int] = {
        "journal_mode": "WAL",
        "synchronous": "FULL",
        "foreign_keys": int(foreign_keys),
        "query_only": int(not writes),
        # Else a statement of many rows keeps what it would take back in a file, page by page.
        "temp_store": "MEMORY",
    }
    event.listen(engine, "connect", partial(_prepare, pragmas))
    event.listen(engine, "begin", _begin_writing if writes else _begin_reading)
    return engine


def _prepare(pragmas: dict[str, str | int], connection: Any, record: Any) -> None:
    connection.isolation_level = None
    for name, value in pragmas.items():
        connection.execute(f"PRAGMA {name} = {value}")


def _begin_writing(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
