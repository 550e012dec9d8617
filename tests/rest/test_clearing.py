"""POST /delete-messages, POST /clear-history: who is there hears of it, and what others said stays."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest

from chat.texts import base64_of
from tests.clients import Client, message
from tests.running import KEY, ROOM_ID, RunningServer

Enter = Callable[..., Client]
ROOMS = ("first", "second", "third", "bad")
EXTRA = (
    "".join(f'[[channels.rooms]]\nid = "{name}"\nname = "Room of {name}"\n' for name in ROOMS)
    + """
[[backend.keys]]
name = "moderator"
key = "moderator-key"
scopes = ["moderate"]
[[backend.keys]]
name = "reader"
key = "reader-key"
scopes = ["read", "rooms"]
"""
)
# So many that the server needs a second or two: what happens meanwhile does so in the middle.
MANY = 1_500


@pytest.fixture
def server(shared_server: RunningServer) -> RunningServer:
    return shared_server


def said(client: Client, room_id: str, *texts: str) -> list[str]:
    """The ids of what is said."""
    return [client.say(text, room_id)["data"]["id"] for text in texts]


def say_much(client: Client, room_id: str = ROOM_ID, count: int = MANY) -> None:
    asked = [client.send("message", message(str(number), room_id)) for number in range(count)]
    assert client.reply(asked[-1])["status_code"] == 200
    client.events.clear()


def deleted(client: Client) -> list[str]:
    """The ids of which the client heard that they are deleted."""
    client.sync()
    return [data["object"]["id"] for data in client.heard("gn_message_deleted")]


def shown(client: Client, room_id: str) -> list[str]:
    """What the room's history shows, oldest first, without tombstones."""
    found, seq, more = [], 0, True
    while more:
        body = {"verb": "list", "target": {"id": room_id}, "object": {"seq": seq}}
        page = client.call("history", body)["data"]["object"]
        entries, more = page["attachments"], page["more"]
        found += [entry["content"] for entry in entries if "deleted" not in entry]
        seq = entries[-1]["seq"] if entries else 0
    return found


def delete(server: RunningServer, user_id: str | int) -> dict[str, Any]:
    status, answer = server.rest("POST", "/delete-messages", {"id": user_id})
    assert status == 200, answer
    data: dict[str, Any] = answer["data"]
    return data


def audits(server: RunningServer, action: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(server.settings.folder / "data" / "chat.db", timeout=30)) as database:
        columns = "key_name, actor_id, user_id, room_id, reason"
        return database.execute(f"SELECT {columns} FROM audit WHERE action = ? ORDER BY key", (action,)).fetchall()


def test_all_that_a_user_wrote_is_deleted(server: RunningServer, enter: Enter) -> None:
    spammer, bob, carol = enter("1971", "first"), enter("bob", "first"), enter("carol", "second")
    spammer.call("join", {"verb": "join", "target": {"id": "second"}})
    in_first, in_second = said(spammer, "first", "a", "b"), said(spammer, "second", "c")
    said(bob, "first", "mine")
    to_bob = message("psst", "bob") | {"target": {"id": "bob", "objectType": "private"}}
    whispered = spammer.call("message", to_bob)["data"]
    conversation = whispered["target"]["id"]
    for client in (spammer, bob, carol):
        client.sync()
        client.events.clear()
    assert delete(server, 1971) == {"success": 4, "failed": 0, "total": 4}
    assert deleted(bob) == [whispered["id"], *reversed(in_first)]
    assert deleted(carol) == in_second
    assert deleted(spammer) == [whispered["id"], *in_second, *reversed(in_first)]
    heard = bob.heard("gn_message_deleted")
    assert [data["target"]["id"] for data in heard] == [conversation, "first", "first"]
    for data in heard:
        assert data["actor"] == {"id": "0", "displayName": base64_of("admin")}
        assert set(data["object"]) == {"id"}
    assert shown(bob, "first") == [base64_of("mine")]
    assert shown(carol, "second") == shown(bob, conversation) == []
    assert audits(server, "delete-messages") == [("tests", "0", "1971", None, "")]
    for client in (bob, carol):
        client.events.clear()
    assert delete(server, "1971") == delete(server, "carol") == {"success": 0, "failed": 0, "total": 0}
    assert deleted(bob) == deleted(carol) == []
    assert len(audits(server, "delete-messages")) == 1
    with Client(server.url) as late:
        joined = late.enter("late", "first")["data"]["object"]["attachments"]
        (history,) = [group["attachments"] for group in joined if group["objectType"] == "history"]
        assert [entry["content"] for entry in history] == [base64_of("mine")]


def test_what_the_system_wrote(server: RunningServer, enter: Enter) -> None:
    eve = enter("eve", "third")
    announced = {"user_id": "0", "object_type": "room", "target_id": "third", "content": "aGk=", "persist": True}
    assert server.rest("POST", "/send", announced)[0] == 200
    message_id = eve.wait_for("message")["object"]["id"]
    assert delete(server, "0") == {"success": 1, "failed": 0, "total": 1}
    assert deleted(eve) == [message_id]


def test_what_is_deleted_or_cleared_already_does_not_count(server: RunningServer, enter: Enter) -> None:
    dora, bob = enter("dora", "third"), enter("bob", "third")
    said(dora, "third", "cleared")
    assert server.rest("POST", "/clear-history", {"room_id": "third"})[0] == 200
    away, left = said(dora, "third", "away", "left")
    target = {"verb": "delete", "target": {"id": "third"}, "object": {"id": away}}
    assert dora.call("delete", target) == {"status_code": 200}
    bob.sync()
    bob.events.clear()
    assert delete(server, "dora") == {"success": 1, "failed": 0, "total": 1}
    assert deleted(bob) == [left]


def test_two_calls_at_once(run_server: Callable[..., RunningServer]) -> None:
    """Nobody hears of a message twice, and what is said meanwhile stays."""
    server = run_server()
    with Client(server.url) as alice, Client(server.url) as bob, ThreadPoolExecutor(3) as pool:
        alice.enter("alice", ROOM_ID)
        say_much(alice)
        bob.enter("bob", ROOM_ID)
        calls = [pool.submit(delete, server, "alice")]
        bob.wait_for("gn_message_deleted")
        calls += [pool.submit(delete, server, "alice") for _ in range(2)]
        said(alice, ROOM_ID, "still here")
        assert [call.result() for call in calls] == [{"success": MANY, "failed": 0, "total": MANY}] * 3
        assert len(set(deleted(bob))) == len(deleted(bob)) == MANY - 1
        assert shown(bob, ROOM_ID) == [base64_of("still here")]
    assert len(audits(server, "delete-messages")) == 1


def test_a_kill_in_between(run_server: Callable[..., RunningServer]) -> None:
    server = run_server()
    with Client(server.url) as alice, Client(server.url) as bob, ThreadPoolExecutor(1) as pool:
        alice.enter("alice", ROOM_ID)
        say_much(alice)
        bob.enter("bob", ROOM_ID)
        said(bob, ROOM_ID, "mine")
        call = pool.submit(delete, server, "alice")
        bob.wait_for("gn_message_deleted")
        server.kill()
        assert isinstance(call.exception(), OSError)
    server.start()
    with Client(server.url) as bob:
        bob.enter("bob", ROOM_ID)
        left = len(shown(bob, ROOM_ID)) - 1
        assert 0 < left < MANY
        assert delete(server, "alice") == {"success": left, "failed": 0, "total": left}
        assert len(set(deleted(bob))) == left
        assert shown(bob, ROOM_ID) == [base64_of("mine")]


def test_a_stop_in_between(run_server: Callable[..., RunningServer]) -> None:
    """The call is answered with what was done, and the next one goes on."""
    server = run_server()
    with Client(server.url) as alice, Client(server.url) as bob, ThreadPoolExecutor(1) as pool:
        alice.enter("alice", ROOM_ID)
        say_much(alice)
        bob.enter("bob", ROOM_ID)
        call = pool.submit(delete, server, "alice")
        bob.wait_for("gn_message_deleted")
        assert server.terminate() == 0
        answer = call.result()
        assert answer.pop("unfinished") is True
        assert answer["failed"] == 0
        assert 0 < answer["success"] == answer["total"] < MANY
    server.start()
    left = MANY - answer["success"]
    assert delete(server, "alice") == {"success": left, "failed": 0, "total": left}
    assert "Traceback" not in server.log


def test_a_caller_who_goes_away(run_server: Callable[..., RunningServer]) -> None:
    """What was begun is done."""
    server = run_server()
    with Client(server.url) as alice, Client(server.url) as bob:
        alice.enter("alice", ROOM_ID)
        say_much(alice)
        bob.enter("bob", ROOM_ID)
        with socket.create_connection(("127.0.0.1", server.settings.backend), timeout=30) as caller:
            head = f"POST /delete-messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
            caller.sendall(f'{head}Content-Length: 14\r\n\r\n{{"id":"alice"}}'.encode())
            bob.wait_for("gn_message_deleted")
        while len(bob.heard("gn_message_deleted")) < MANY - 1:
            bob.sync()
        assert shown(bob, ROOM_ID) == []
    assert "Traceback" not in server.log


def test_a_room_is_cleared(server: RunningServer, enter: Enter) -> None:
    alice, bob = enter("alice", "second"), enter("bob", "second")
    said(alice, "second", "a", "b")
    said(bob, "second", "c")
    for client in (alice, bob):
        client.sync()
        client.events.clear()
    rows = len(audits(server, "clear-room"))
    answer = {"status_code": 200, "data": {"status": "OK"}}
    by_name = {"room_name": base64_of("room of second")}
    assert server.http("POST", "/clear-history", by_name, key="moderator-key") == (200, answer)
    for client in (alice, bob):
        client.sync()
        (told,) = client.heard("gn_message_deleted")
        assert told["object"] == {"id": "second", "objectType": "room"}
        assert (told["actor"]["id"], told["target"]["id"]) == ("0", "second")
        assert shown(client, "second") == []
        client.events.clear()
    assert audits(server, "clear-room")[rows:] == [("moderator", "0", "0", "second", "")]
    assert server.rest("POST", "/clear-history", {"room_id": "second"}) == (200, answer)
    assert deleted(bob) == []
    assert len(audits(server, "clear-room")) == rows + 1
    said(bob, "second", "d")
    assert shown(alice, "second") == [base64_of("d")]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/delete-messages", None, 400),
        ("POST", "/delete-messages", b"{", 400),
        ("POST", "/delete-messages", [], 400),
        ("POST", "/delete-messages", {}, 400),
        ("POST", "/delete-messages", {"id": None}, 400),
        ("POST", "/delete-messages", {"id": ["erin"]}, 400),
        ("POST", "/delete-messages", {"id": True}, 400),
        ("POST", "/delete-messages", {"id": 1.5}, 400),
        ("POST", "/delete-messages", {"id": "nobody"}, 404),
        ("POST", "/delete-messages", {"id": ""}, 404),
        ("POST", "/delete-messages", {"id": 10**100}, 404),
        ("GET", "/delete-messages", {"id": "erin"}, 405),
        ("POST", "/delete-messages", b" " * 2_000_000, 413),
        ("POST", "/clear-history", None, 400),
        ("POST", "/clear-history", b"\xff", 400),
        ("POST", "/clear-history", {"room_id": 5}, 400),
        ("POST", "/clear-history", {"room_id": "nowhere"}, 404),
        ("POST", "/clear-history", {"room_name": base64_of("nowhere")}, 404),
        ("POST", "/clear-history", {"room_name": "!"}, 400),
        ("DELETE", "/clear-history", {"room_id": "bad"}, 405),
    ],
)
def test_bad_calls(server: RunningServer, enter: Enter, method: str, path: str, body: Any, status: int) -> None:
    erin = enter("erin", "bad")
    said(erin, "bad", "stays")
    answered, answer = server.rest(method, path, body)
    assert (answered, answer["status_code"]) == (status, 500)
    assert isinstance(answer["data"], str)
    assert deleted(erin) == []
    assert "Traceback" not in server.log


def test_keys(server: RunningServer, enter: Enter) -> None:
    erin = enter("erin", "bad")
    said(erin, "bad", "stays")
    for path, body in (("/delete-messages", {"id": "erin"}), ("/clear-history", {"room_id": "bad"})):
        for key, status in ((None, 401), ("wrong", 401), ("reader-key", 403)):
            assert server.http("POST", path, body, key=key)[0] == status
    assert deleted(erin) == []
