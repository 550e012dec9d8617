"""A real server without sockets for the model tests: its time stands still unless it is moved, and it can be waited for
until it has nothing more to do.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeVar

import pytest
import pytest_twisted
from hypothesis import HealthCheck, settings
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import capturedLogs

from chat import timers
from chat.model import ChannelId, RoomKind
from chat.plugins import temporary_rooms
from chat.testing import MemoryClient, MemoryServer
from chat.times import utc_now
from chat.wire import delivery, session

from .cast import CHANNEL_IDS, Rules, config_of
from .facts import Fact, Json, fact_of

Result = TypeVar("Result")
EXAMPLES = int(os.environ.get("CHAT_MODEL_EXAMPLES", "0"))


def effort(examples: int) -> Callable[[Any], Any]:
    """So many examples, the same in every run; or as many others as CHAT_MODEL_EXAMPLES says. However slow."""
    return settings(
        max_examples=EXAMPLES or examples,
        derandomize=not EXAMPLES,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        print_blob=True,
    )


class Template(NamedTuple):
    """The data of a server that was started once, and the ids of its channels' admin rooms."""

    database: Path
    admin_rooms: dict[str, str]


async def make_template(folder: Path) -> Template:
    """Start a server once, so that the others need not make their database."""
    from twisted.internet import reactor

    server = MemoryServer(config_of(folder, Rules()), reactor)
    rooms = server.server.services.rooms
    admin_rooms = {
        str(room.channel_id): str(room.id)
        for channel_id in CHANNEL_IDS
        for room in rooms.rooms_in(ChannelId(channel_id))
        if room.kind is RoomKind.ADMIN
    }
    await server.stop()
    return Template(folder / "chat.db", admin_rooms)


class Wall:
    """The wall clock of the server."""

    def __init__(self) -> None:
        self.now = utc_now()

    def read(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Client(MemoryClient):
    """A connection that remembers how far its log was looked at."""

    seen = 0

    @property
    def latest_id(self) -> int:
        """The id of the latest command."""
        return self._ids

    def news(self) -> list[tuple[str, Json, Any]]:
        """What came since the last time: name, data, and the id of the command for replies."""
        new, self.seen = self.log[self.seen :], len(self.log)
        return new

    def facts(self) -> list[Fact]:
        """The events that came since the last time."""
        return [fact_of(name, data) for name, data, reply_id in self.news() if reply_id is None]


class Stage:
    """One server after the other on the same data."""

    def __init__(self, folder: Path, rules: Rules, wall: Wall) -> None:
        from twisted.internet import reactor

        self.reactor: Any = reactor
        self.wall = wall
        self._config = config_of(folder, rules)
        self.server = self._start()

    def _start(self) -> MemoryServer:
        return MemoryServer(self._config, self.reactor)

    def connect(self) -> Client:
        """A fresh connection that has been greeted."""
        return Client(self.server, self.reactor)

    async def restart(self, seconds: float) -> None:
        """Stop the server, and start another one so much later."""
        await self.server.stop()
        self.wall.advance(seconds)
        self.server = self._start()
        await self.settle()

    async def turn(self) -> None:
        """Return when what was to be done at once is done."""
        await deferLater(self.reactor, 0)

    async def settle(self) -> None:
        """Return when everything that was caused, and all that is due, is written, and said to everybody."""
        services = self.server.server.services
        services.timers.start()
        await self.turn()
        await services.store.ping()
        self.server.server.front.delivery.flush()


@contextmanager
def stage(template: Template, rules: Rules) -> Iterator[Stage]:
    """A stage on a copy of the template. No failure may be logged on it."""
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch, capturedLogs() as logged:
        shutil.copy(template.database, Path(name) / "chat.db")
        patch.setattr(delivery, "LARGE_ROOM", rules.large_room)
        wall = Wall()
        for module in (timers, temporary_rooms, session):
            patch.setattr(module, "utc_now", wall.read)
        yield Stage(Path(name), rules, wall)
    assert [event for event in logged if "log_failure" in event] == []


def run(play: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine on the reactor, for who is no coroutine."""
    result: Result = pytest_twisted.blockon(Deferred.fromCoroutine(play))
    return result
