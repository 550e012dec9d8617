"""What all tests share: coroutine tests run on the reactor, and servers of all kinds that are stopped afterwards."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred
from twisted.logger import ILogObserver, LogLevel, globalLogPublisher
from zope.interface import implementer

from chat.config import Config, Limits
from chat.testing import MemoryServer

from .running import AMPLE, RunningServer, Settings


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--forbid-skips", action="store_true", help="fail when any test was skipped")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run `async def` tests on the reactor."""
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.obj = pytest_twisted.ensureDeferred(item.obj)


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter is not None else []
    if skipped and session.config.getoption("--forbid-skips") and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def memory_server(tmp_path: Path) -> Iterator[Callable[..., MemoryServer]]:
    """Makes servers without sockets: `memory_server(history=HistoryOptions(limit=2))`, with a `clock` if given one.

    Unless a test brings limits of its own, a client may send as much as it likes.
    """
    from twisted.internet import reactor

    ample = Limits(commands_per_s=AMPLE, burst=AMPLE)

    servers: list[MemoryServer] = []

    def make(**sections: Any) -> MemoryServer:
        folder = sections.pop("data_dir", str(tmp_path / f"memory{len(servers)}"))
        clock = sections.pop("clock", None)
        sections.setdefault("limits", ample)
        servers.append(MemoryServer(Config(data_dir=folder, **sections), reactor, clock))
        return servers[-1]

    yield make
    for server in servers:
        pytest_twisted.blockon(Deferred.fromCoroutine(server.stop()))


@pytest.fixture
def run_server(tmp_path: Path) -> Iterator[Callable[..., RunningServer]]:
    """Starts servers as processes of their own: `run_server("[history]\\nlimit = 2")`."""
    servers: list[RunningServer] = []

    def start(extra: str = "", *options: str, **settings: Any) -> RunningServer:
        folder = tmp_path / f"server{len(servers)}"
        servers.append(RunningServer(Settings.fresh(folder, extra, **settings), *options))
        servers[-1].start()
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def failures() -> Iterator[list[Any]]:
    """What is logged as a failure."""
    seen: list[Any] = []

    @implementer(ILogObserver)
    def observe(event: Any) -> None:
        if event["log_level"] is LogLevel.critical:
            seen.append(event)

    globalLogPublisher.addObserver(observe)
    yield seen
    globalLogPublisher.removeObserver(observe)
