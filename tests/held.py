"""What the store does, held up in its thread for as long as a test likes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from chat.storage.calls import written_by
from chat.storage.sql import SqlStore
from chat.testing import MemoryServer
from tests.conversing import WAIT_S, eventually


class Held:
    """The statements of a method of the store, that wait whenever it is called until they are let through for good."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str, by: Callable[..., Any] = written_by) -> None:
        self._begun = threading.Event()
        self._opened = threading.Event()
        self._statements = getattr(SqlStore, name).__wrapped__
        monkeypatch.setattr(SqlStore, name, by(self))

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """In the thread that writes or reads."""
        self._begun.set()
        assert self._opened.wait(WAIT_S)
        return self._statements(*arguments, **named)

    async def begun(self) -> None:
        """Return when it has been called."""
        await eventually(self._begun.is_set)

    async def let_through(self, server: MemoryServer) -> None:
        """Return when everything that waits for the store has been written."""
        await server.settle()
        self._opened.set()
        await server.server.services.store.ping()
        await server.settle()
