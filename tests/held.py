"""What the store does, held up in its writing thread for as long as a test likes."""

from __future__ import annotations

import threading
from types import ModuleType
from typing import Any

import pytest

from chat.testing import MemoryServer
from tests.conversing import WAIT_S, eventually


class Held:
    """A function of the store that waits, whenever it is called, until it is let through for good."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str) -> None:
        self._begun = threading.Event()
        self._opened = threading.Event()
        self._function = getattr(module, name)
        monkeypatch.setattr(module, name, self)

    def __call__(self, *arguments: Any) -> Any:
        """In the writing thread."""
        self._begun.set()
        assert self._opened.wait(WAIT_S)
        return self._function(*arguments)

    async def begun(self) -> None:
        """Return when it has been called."""
        await eventually(self._begun.is_set)

    async def let_through(self, server: MemoryServer) -> None:
        """Return when everything that waits for the store has been written."""
        await server.settle()
        self._opened.set()
        await server.server.services.store.ping()
        await server.settle()
