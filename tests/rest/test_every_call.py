"""What holds for every call: who may, what is no body for it, and that nothing comes of one that is refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from twisted.internet.task import Clock

from chat.config import Config
from chat.ichat import IEndpoint
from chat.plugin import Scope
from chat.server import Server
from tests.clients import Client
from tests.running import KEY, ROOM_ID, RunningServer

ENDPOINTS = Server(Config(), Clock()).endpoints
# The keys of EXTRA that may, by the scope that a call asks for.
GOOD = {
    Scope.READ: {"read-key", "moderate-key"},
    Scope.MODERATE: {"moderate-key"},
    Scope.ROOMS: {"rooms-key"},
    Scope.ADMIN: {"admin-key"},
}
EXTRA = "".join(
    f'[[backend.keys]]\nname = "{scope.value}"\nkey = "{scope.value}-key"\nscopes = ["{scope.value}"]\n'
    for scope in Scope
)
NO_BODIES: list[Any] = [
    b"{",
    b"[" * 100_000,
    b"\xff",
    b'{"a": 1} x',
    b'"\\ud800"',
    5,
    "x",
    True,
    [[[]]],
    [None],
]
KEPT = dict.fromkeys(("acls", "audit", "blacklist", "messages", "reports", "roles", "sanctions"), "*") | {
    "rooms": "id, name, head_seq, cleared_seq, removed_ms",
    "users": "id, name, is_hidden",
}
each_call = pytest.mark.parametrize("call", ENDPOINTS, ids=lambda call: f"{call.method} {call.path}")


def kept(server: RunningServer) -> list[list[tuple[Any, ...]]]:
    """What calls can change in the database."""
    with closing(sqlite3.connect(server.settings.folder / "data" / "chat.db")) as database:
        return [database.execute(f"SELECT {columns} FROM {table}").fetchall() for table, columns in KEPT.items()]


@pytest.fixture
def unharmed(shared_server: RunningServer, enter: Callable[..., Client]) -> Any:
    """In the end nothing has changed, nobody has heard anything, no bug was met, and the server serves."""
    witness = enter("witness")
    before = kept(shared_server)
    yield
    witness.sync()
    assert not witness.events
    assert kept(shared_server) == before
    assert "Traceback" not in shared_server.log
    assert "moderate-key" not in shared_server.log
    assert KEY not in shared_server.log


@each_call
def test_who_may(shared_server: RunningServer, unharmed: None, call: IEndpoint) -> None:
    path, good = f"/{call.path}", GOOD[call.scope]
    assert shared_server.http(call.method, path, b"{")[0] == 401
    assert shared_server.http(call.method, path, b"{", key="wrong")[0] == 401
    for scope in Scope:
        key = f"{scope.value}-key"
        expected = {400} if key in good else {403}
        assert shared_server.http(call.method, path, b"{", key=key)[0] in expected, key


@each_call
def test_what_is_no_body(shared_server: RunningServer, unharmed: None, call: IEndpoint) -> None:
    for body in NO_BODIES:
        status, answer = shared_server.rest(call.method, f"/{call.path}", body)
        assert status in (400, 404), (body, answer)
        assert isinstance(answer["data"], (str, dict))


@each_call
def test_what_is_no_text_far_inside(shared_server: RunningServer, unharmed: None, call: IEndpoint) -> None:
    good = b'{"room_id": "%s", "duration": "1h"}' % ROOM_ID.encode()
    for bad in (good.replace(b"1h", b"\xff"), good.replace(b"duration", b"\xff"), b'"\xff"'):
        status, answer = shared_server.rest(call.method, f"/{call.path}", b'{"witness": %s, "bob": %s}' % (good, bad))
        assert (status, answer) == (400, {"status_code": 500, "data": "the body is not JSON"})


@each_call
def test_too_large_a_body(shared_server: RunningServer, unharmed: None, call: IEndpoint) -> None:
    assert shared_server.rest(call.method, f"/{call.path}", b" " * 2_000_000)[0] == 413


@each_call
def test_other_methods(shared_server: RunningServer, unharmed: None, call: IEndpoint) -> None:
    there = {one.method for one in ENDPOINTS if one.path == call.path}
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - there:
        assert shared_server.rest(method, f"/{call.path}", b"{}")[0] == 405
