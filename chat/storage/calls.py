"""Statements as methods of a store. Knows none of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection
from twisted.internet.defer import Deferred

from chat.storage.database import Database

P = ParamSpec("P")
R = TypeVar("R")
Statements = Callable[Concatenate[Connection, P], R]
Method = Callable[Concatenate[Database, P], Deferred[R]]


def written_by(statements: Statements[P, R]) -> Method[P, R]:
    """A method that has the statements executed in the writing thread, in a SAVEPOINT of their own."""

    def write(self: Database, /, *args: P.args, **kwargs: P.kwargs) -> Deferred[R]:
        return self.write(lambda connection: statements(connection, *args, **kwargs))

    update_wrapper(write, statements)
    return write


def read_by(statements: Statements[P, R]) -> Method[P, R]:
    """A method that has the statements executed in a reading thread, on a connection that cannot write."""

    def read(self: Database, /, *args: P.args, **kwargs: P.kwargs) -> Deferred[R]:
        return self.read(lambda connection: statements(connection, *args, **kwargs))

    update_wrapper(read, statements)
    return read
