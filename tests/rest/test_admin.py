"""POST /set-admin and /remove-admin: global moderators come and go."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from chat.texts import base64_of
from tests.clients import Client
from tests.running import ROOM_ID, RunningServer

EXTRA = """
[roles]
globalmods = ["declared"]
[[backend.keys]]
name = "moderator"
key = "moderator-key"
scopes = ["moderate"]
[[backend.keys]]
name = "admin"
key = "admin-key"
scopes = ["admin"]
"""
DONE = (200, {"status_code": 200})
Enter = Callable[..., Client]


@pytest.fixture
def server(shared_server: RunningServer) -> RunningServer:
    return shared_server


def stored(server: RunningServer, query: str, *values: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(server.settings.folder / "data" / "chat.db")) as database:
        return database.execute(query, values).fetchall()


def may_kick(client: Client, user_id: str) -> bool:
    """Whether the client may put the user out of the room General."""
    body = {"verb": "kick", "target": {"id": ROOM_ID}, "object": {"id": user_id}}
    code = client.call("kick", body)["status_code"]
    assert code in (200, 705)
    return bool(code == 200)


def test_a_moderator_comes_and_goes(server: RunningServer, enter: Enter) -> None:
    alice, _ = enter("alice"), enter("bob")
    assert not may_kick(alice, "bob")
    assert server.rest("POST", "/set-admin", {"id": "alice", "name": base64_of("Somebody else")}) == DONE
    assert may_kick(alice, "bob")
    enter("bob")
    assert server.rest("POST", "/remove-admin", {"id": "alice"}) == DONE
    assert not may_kick(alice, "bob")
    rows = stored(server, "SELECT key_name, actor_id, action FROM audit WHERE user_id = 'alice' ORDER BY key")
    assert rows == [("tests", "0", "give-globalmod"), ("tests", "0", "take-globalmod")]
    assert stored(server, "SELECT name FROM users WHERE id = 'alice'") == [("alice",)]


@pytest.mark.parametrize(
    ("user_id", "given", "name"),
    [
        (1234, "myuser", "myuser"),
        ("new", base64_of("Nêw"), "Nêw"),
        ("pair", base64_of("👩\u200d💻 e\u0301"), "👩\u200d💻 e\u0301"),
        ("x", "Anna", "Anna"),
        # These are base64 too: of controls, a mark without a letter, a character that there is none of, a NUL.
        ("adam", "Adam", "Adam"),
        ("cafe", "CAFE", "CAFE"),
        ("mark", "zIE=", "zIE="),
        ("none", "zbg=", "zbg="),
        ("null", "AAAA", "AAAA"),
        # This says "a", which nobody encodes so.
        ("bits", "YR==", "YR=="),
    ],
)
def test_who_is_not_known_is_made_known(
    server: RunningServer, enter: Enter, user_id: str | int, given: str, name: str
) -> None:
    assert server.rest("POST", "/set-admin", {"id": user_id, "name": given}) == DONE
    known = stored(server, "SELECT name, origin FROM users WHERE id = ?", str(user_id))
    assert known == [(name, "backend")]
    client, _ = enter(str(user_id)), enter("bob")
    assert may_kick(client, "bob")
    assert server.rest("POST", "/remove-admin", {"id": user_id}) == DONE


def test_who_is_declared_may_be_taken(server: RunningServer, enter: Enter) -> None:
    declared, _ = enter("declared"), enter("bob")
    assert server.rest("POST", "/remove-admin", {"id": "declared"}) == DONE
    assert not may_kick(declared, "bob")


def test_the_right_survives_a_restart(run_server: Callable[..., RunningServer]) -> None:
    server = run_server()
    assert server.rest("POST", "/set-admin", {"id": "alice", "name": "Alice"}) == DONE
    server.kill()
    server.start()
    with Client(server.url) as alice, Client(server.url) as bob:
        alice.enter("alice", ROOM_ID)
        bob.enter("bob", ROOM_ID)
        assert may_kick(alice, "bob")


@pytest.mark.parametrize(
    ("path", "body", "status", "text"),
    [
        ("set-admin", {"name": "x"}, 400, "no id parameter in request"),
        ("set-admin", {"id": "", "name": "x"}, 400, "no id parameter in request"),
        ("set-admin", {"id": "nobody"}, 400, "no name parameter in request"),
        ("set-admin", {"id": "nobody", "name": ""}, 400, "no name parameter in request"),
        ("set-admin", {"id": "no id", "name": "x"}, 400, "a user id has 1 to 64 of A-Z a-z 0-9 . _ @ : -"),
        ("set-admin", {"id": "nobody", "name": "x" * 1_025}, 400, "a name has at most 1024 characters"),
        ("set-admin", {"id": "0", "name": "x"}, 403, "not allowed"),
        ("set-admin", {"id": [], "name": "x"}, 400, "Expected int | str | null, got array - at $.id"),
        ("set-admin", [], 400, "Expected object, got array"),
        ("set-admin", b"{", 400, "the body is not JSON"),
        ("remove-admin", {}, 400, "no id parameter in request"),
        ("remove-admin", {"id": "nobody"}, 404, "no such user"),
        ("remove-admin", b"\xff", 400, "the body is not JSON"),
    ],
)
def test_what_is_refused(server: RunningServer, path: str, body: Any, status: int, text: str) -> None:
    assert server.rest("POST", f"/{path}", body) == (status, {"status_code": 500, "data": text})
    assert stored(server, "SELECT id FROM users WHERE id IN ('nobody', 'no id', '')") == []


def test_the_scope_of_the_key(server: RunningServer) -> None:
    for path in ("/set-admin", "/remove-admin"):
        assert server.http("POST", path, {})[0] == 401
        assert server.http("POST", path, {"id": "new", "name": "x"}, key="moderator-key")[0] == 403
        assert server.http("POST", path, {"id": "new", "name": "x"}, key="admin-key")[0] == 200
    assert "Traceback" not in server.log
