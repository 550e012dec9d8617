"""POST and DELETE /blacklist, and what two clients hear of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from chat.texts import base64_of
from tests.clients import Client
from tests.rest.published import EXAMPLES
from tests.running import CHANNEL_ID, ROOM_ID, RunningServer

EXTRA = """
[content]
blacklist = ["declared"]
[[backend.keys]]
name = "reader"
key = "reader-key"
scopes = ["read"]
[[backend.keys]]
name = "rooms"
key = "rooms-key"
scopes = ["rooms"]
[[backend.keys]]
name = "moderator"
key = "moderator-key"
scopes = ["moderate"]
"""
DONE = (200, {"status_code": 200})


@pytest.fixture
def server(shared_server: RunningServer) -> RunningServer:
    return shared_server


def word(text: str) -> dict[str, str]:
    return {"word": base64_of(text)}


def rows(server: RunningServer, query: str) -> list[Any]:
    with closing(sqlite3.connect(server.settings.folder / "data" / "chat.db")) as database:
        return database.execute(query).fetchall()


def heard(client: Client) -> list[str]:
    client.sync()
    return [one["object"]["content"] for one in client.heard("message")]


def test_the_other_one_hears_nothing(server: RunningServer, enter: Callable[..., Client]) -> None:
    alice, bob = enter("alice"), enter("bob")
    texts = ["nice", "what a f\u200brоg", '{"text": "\\u0066rog"}', "FROOOOG", "f r o g", "nicer"]
    assert server.rest("POST", "/blacklist", word("Frog")) == DONE
    replies = [alice.say(text, ROOM_ID) for text in texts]
    assert [reply["status_code"] for reply in replies] == [200] * 6
    assert heard(alice) == [base64_of(text) for text in texts]
    assert heard(bob) == [base64_of(text) for text in (texts[0], texts[-1])]
    seqs = [reply["data"].get("seq") for reply in replies]
    assert seqs[1:5] == [None] * 4
    assert seqs[5] == seqs[0] + 1
    create = {"verb": "create", "target": {"displayName": base64_of("frogs only")}, "object": {"url": CHANNEL_ID}}
    assert alice.call("create", create)["status_code"] == 718
    assert server.rest("DELETE", "/blacklist", word("FRÖG")) == DONE
    assert alice.say("frog", ROOM_ID)["data"]["seq"] == seqs[5] + 1
    assert heard(bob)[-1] == base64_of("frog")
    log = rows(server, "SELECT key_name, actor_id, action, reason FROM audit WHERE reason LIKE 'fr_g' ORDER BY key")
    assert log == [("tests", "0", "forbid-word", "Frog"), ("tests", "0", "allow-word", "FRÖG")]


def test_the_published_examples(server: RunningServer, enter: Callable[..., Client]) -> None:
    carol, dave = enter("carol"), enter("dave")
    for method in ("POST", "DELETE"):
        request = EXAMPLES[f"{method} blacklist"][0]
        assert server.http(method, "/blacklist", request, key="moderator-key") == DONE
        carol.say("badword", ROOM_ID)
        assert len(heard(dave)) == (method == "DELETE")


@pytest.mark.parametrize("persist", [False, True])
def test_what_backends_have_users_say(server: RunningServer, enter: Callable[..., Client], persist: bool) -> None:
    alice, bob = enter("alice"), enter("bob")
    said = {"user_id": "alice", "content": base64_of("Declаred"), "persist": persist}
    for place in ({"object_type": "room", "target_id": ROOM_ID}, {"object_type": "private", "target_id": "bob"}):
        assert server.rest("POST", "/send", said | place) == DONE
    assert heard(alice) == [base64_of("Declаred")] * 2
    assert bob.heard("message") == heard(bob) == []
    assert "gn_room_created" not in [name for name, _ in bob.events]
    assert server.rest("POST", "/send", said | place | {"content": base64_of("fine")}) == DONE
    assert heard(bob) == [base64_of("fine")]
    assert rows(server, "SELECT body FROM messages WHERE lower(body) LIKE 'decl%'") == []
    body = {"room_name": base64_of("so declared"), "owner_id": "alice", "owner_name": base64_of("alice")}
    assert server.rest("POST", "/create", body | {"user_ids": ["alice"], "temporary": True})[0] == 400


def test_a_word_may_be_in_the_query_string(server: RunningServer) -> None:
    assert server.rest("POST", "/blacklist", word("queried")) == DONE
    assert rows(server, "SELECT word FROM blacklist") == [("queried",)]
    assert server.rest("DELETE", f"/blacklist?word={base64_of('queried').replace('=', '%3D')}") == DONE
    assert rows(server, "SELECT word FROM blacklist") == []


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (b" " * 2_000_000, 413),
        ([], 400),
        ({}, 400),
        ({"word": 5}, 400),
        ({"word": None}, 400),
        ({"word": ["YQ=="]}, 400),
        ({"word": "!"}, 400),
        ({"word": "/w=="}, 400),
        ({"word": ""}, 400),
        (word("  "), 400),
        (word("\0"), 400),
        (word("\u200b\u0301"), 400),
        (word("x" * 101), 400),
        (word("x" * 500_000), 400),
    ],
)
def test_bad_calls(server: RunningServer, method: str, body: Any, status: int) -> None:
    check_refused(server, server.rest(method, "/blacklist", body), status)


def check_refused(server: RunningServer, answered: tuple[int, Any], status: int) -> None:
    """Refused in the usual way, and nothing is kept of it."""
    assert (answered[0], answered[1]["status_code"]) == (status, 500)
    assert isinstance(answered[1]["data"], str)
    assert rows(server, "SELECT word FROM blacklist") == []
    assert "Traceback" not in server.log


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_keys_and_scopes(server: RunningServer, method: str) -> None:
    for key, status in ((None, 401), ("wrong", 401), ("reader-key", 403), ("rooms-key", 403)):
        check_refused(server, server.http(method, "/blacklist", word("keyless"), key=key), status)


def test_other_methods(server: RunningServer) -> None:
    check_refused(server, server.rest("GET", "/blacklist"), 405)


def test_a_word_of_the_configuration_is_not_ended(server: RunningServer) -> None:
    assert server.rest("POST", "/blacklist", word("declared")) == DONE
    assert rows(server, "SELECT word FROM blacklist") == [("declared",)]
    answered = server.rest("DELETE", "/blacklist", word("Declared"))
    check_refused(server, answered, 403)
    assert "content.blacklist" in answered[1]["data"]
    assert server.rest("DELETE", "/blacklist", word("nobody set it")) == DONE
