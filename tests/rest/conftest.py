"""A server for the tests of a module, and people who are connected to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.clients import Client
from tests.running import ROOM_ID, RunningServer, Settings


@pytest.fixture(scope="module")
def shared_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for all tests of a module, which keep out of each other's way by other users and rooms. `EXTRA` of the
    module goes into its configuration.
    """
    extra = getattr(request.module, "EXTRA", "")
    server = RunningServer(Settings.fresh(tmp_path_factory.mktemp("server"), extra))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def enter(shared_server: RunningServer) -> Iterator[Callable[..., Client]]:
    """Lets people in: `enter("alice")` is logged in and in the room General, `enter("alice", None)` is in none."""
    with ExitStack() as stack:

        def come_in(user_id: str, room_id: str | None = ROOM_ID) -> Client:
            client = stack.enter_context(Client(shared_server.url))
            if room_id is None:
                client.login(user_id)
            else:
                client.enter(user_id, room_id)
            return client

        yield come_in
