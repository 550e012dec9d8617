"""POST /send: backends have users say something, in rooms and to one another."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from chat.texts import base64_of
from tests.clients import Client, message
from tests.rest.town import CELLAR, HALL, LADIES, LAWN, LOBBY_NAME, PARK, PARK_NAME, TOWN
from tests.running import CHANNEL_ID, ROOM_ID, RunningServer, wait_until

EXTRA = f"""
{TOWN}
[messages]
max_characters = 100
text_whispers = true
"""
Enter = Callable[..., Client]


@pytest.fixture
def server(shared_server: RunningServer) -> RunningServer:
    return shared_server


def saying(user_id: Any, target_id: Any, text: str = "hello", **members: Any) -> dict[str, Any]:
    named = {"user_id": user_id, "target_id": target_id, "object_type": "room", "content": base64_of(text)}
    return named | members


def send(server: RunningServer, body: dict[str, Any]) -> None:
    assert server.rest("POST", "/send", body) == (200, {"status_code": 200})


def history(client: Client, target_id: str) -> list[Any]:
    reply = client.call("history", {"verb": "list", "target": {"id": target_id}})
    shown: list[Any] = reply["data"]["object"]["attachments"]
    return shown


def is_known(server: RunningServer, user_id: str) -> bool:
    with closing(sqlite3.connect(server.settings.folder / "data" / "chat.db")) as database:
        return bool(database.execute("SELECT 1 FROM users WHERE id = ?", (user_id,)).fetchall())


def test_into_a_room_without_a_trace(server: RunningServer, enter: Enter) -> None:
    first, second = enter("first", LAWN), enter("second", LAWN)
    send(server, saying(601, LAWN, user_name=base64_of("Röbot"), persist=False))
    for client in (first, second):
        heard = client.wait_for("message")
        assert heard.pop("id")
        assert heard.pop("published").endswith("Z")
        assert heard == {
            "verb": "send",
            "actor": {"id": "601", "displayName": base64_of("Röbot")},
            "object": {
                "content": base64_of("hello"),
                "displayName": PARK_NAME,
                "url": PARK,
                "objectType": "room",
            },
            "target": {"id": LAWN, "displayName": base64_of("Lawn"), "objectType": "room"},
        }
    assert history(first, LAWN) == []
    assert first.say("numbered", LAWN)["data"]["seq"] == 1
    assert is_known(server, "601")


def test_into_a_room_to_stay(server: RunningServer, enter: Enter) -> None:
    client = enter("first", HALL)
    send(server, saying("602", HALL, "stays", user_name=base64_of("Nåme"), persist=True))
    send(server, saying("602", "", "again", user_name=base64_of("Other"), target_name=base64_of("hall"), persist=True))
    one, two = client.wait_for("message"), client.wait_for("message")
    assert (one["object"]["id"], two["object"]["id"]) == (one["id"], two["id"])
    assert (one["actor"]["displayName"], two["actor"]["displayName"]) == (base64_of("Nåme"), base64_of("Other"))
    assert (one["object"]["url"], one["object"]["displayName"]) == (CHANNEL_ID, LOBBY_NAME)
    assert two["seq"] == one["seq"] + 1
    assert [(entry["id"], entry["content"]) for entry in history(client, HALL)[:2]] == [
        (two["id"], base64_of("again")),
        (one["id"], base64_of("stays")),
    ]
    assert client.say("next", HALL)["data"]["seq"] == two["seq"] + 1


@pytest.mark.parametrize("persist", [True, False])
def test_with_what_others_may_see_of_the_user(server: RunningServer, enter: Enter, persist: bool) -> None:
    client, vip = enter("first", HALL), Client(server.url)
    attachments = [{"objectType": kind, "content": base64_of(kind)} for kind in ("membership", "city", "ip")]
    actor = {"id": "vip", "displayName": base64_of("Vip"), "attachments": attachments}
    vip.call("login", {"verb": "login", "actor": actor})
    send(server, saying("vip", HALL, include_user_info=True, persist=persist))
    actor = client.wait_for("message")["actor"]
    assert sorted(actor["attachments"], key=lambda one: str(one["objectType"])) == [
        {"objectType": "city", "content": base64_of("city")},
        {"objectType": "membership", "content": base64_of("membership")},
    ]
    assert actor["displayName"] == base64_of("Vip")
    send(server, saying("vip", HALL, include_user_info=False, persist=persist))
    assert "attachments" not in client.wait_for("message")["actor"]
    vip.socket.close()


@pytest.mark.parametrize("persist", [True, False])
def test_neither_rules_nor_membership_stop_it(server: RunningServer, enter: Enter, persist: bool) -> None:
    owner, man = enter("owner", CELLAR), enter("man", None)
    server.rest("POST", "/join", {"user_ids": ["owner"], "room_id": LADIES})
    for room_id in (CELLAR, LADIES):
        assert man.say("hello", room_id)["status_code"] in (702, 802)
        send(server, saying("man", room_id, persist=persist))
        heard = owner.wait_for("message")
        assert (heard["actor"]["id"], heard["target"]["id"]) == ("man", room_id)
    # What looks like a whisper is for all.
    send(server, saying("man", CELLAR, '{"text": "hello -owner"}', persist=persist))
    owner.wait_for("message")
    man.sync()
    assert man.heard("message") == []


def test_to_a_user_without_a_trace(server: RunningServer, enter: Enter) -> None:
    first, second, sender, other = (enter(name, None) for name in ("603", "603", "sender", "other"))
    send(server, saying("sender", 603, object_type="private", user_name=base64_of("Sender"), target_name="whatever"))
    for client in (first, second, sender):
        heard = client.wait_for("message")
        assert heard["actor"] == {"id": "sender", "displayName": base64_of("Sender")}
        assert heard["target"] == {"id": "603", "displayName": base64_of("603"), "objectType": "private"}
        assert heard["object"] == {
            "content": base64_of("hello"),
            "url": "",
            "displayName": "",
            "objectType": "private",
        }
    for client in (first, other):
        client.sync()
        assert client.heard("message") == client.heard("gn_room_created") == []
    assert history(first, "sender") == []
    # To oneself: once.
    send(server, saying("other", "other", object_type="private"))
    other.sync()
    assert len(other.heard("message")) == 1


def test_to_a_user_who_is_away(server: RunningServer, enter: Enter) -> None:
    sender, away = enter("sender", None), enter("away", None)
    away.socket.close()
    wait_until(lambda: server.rest("GET", "/last-online", {"user_id": "away"})[1]["data"] != {})
    send(server, saying("sender", "away", "lost", object_type="private"))
    send(server, saying("sender", "away", "kept", object_type="private", persist=True))
    sender.wait_for("message")
    kept = sender.wait_for("message")
    assert kept["object"]["id"] == kept["id"]
    with Client(server.url) as again:
        waiting = again.login("away")["data"]["object"]["attachments"]
        assert [(entry["id"], entry["content"]) for entry in waiting] == [(kept["id"], base64_of("kept"))]
        assert [entry["id"] for entry in history(again, kept["target"]["id"])] == [kept["id"]]


@pytest.mark.parametrize("persist", [True, False])
def test_bans_and_mutes_stop_it(server: RunningServer, enter: Enter, persist: bool) -> None:
    listener, rude, mod = enter("listener", HALL), enter("rude", HALL), enter("mod", None)
    listener.events.clear()
    mute = {"rude": {"room_id": HALL, "duration": "1h", "reason": base64_of("why")}}
    assert server.rest("POST", "/mute", mute)[0] == 200
    status, answer = server.rest("POST", "/send", saying("rude", HALL, persist=persist))
    assert (status, answer) == (403, {"status_code": 500, "data": "muted in this room"})
    assert server.rest("DELETE", "/mute", {"user_id": "rude", "room_id": HALL})[0] == 200
    name = f"banned-{persist}"
    enter(name, None)
    ban = {"verb": "ban", "target": {"objectType": "global"}, "object": {"id": name, "summary": "1h"}}
    assert mod.call("ban", ban)["status_code"] == 200
    for body in (saying(name, HALL, persist=persist), saying(name, "mod", object_type="private", persist=persist)):
        status, answer = server.rest("POST", "/send", body)
        assert (status, answer) == (403, {"status_code": 500, "data": "banned from this server"})
    name = f"barred-{persist}"
    enter(name, None)
    for where, target in (("room", HALL), ("channel", CHANNEL_ID)):
        ban = {"verb": "ban", "target": {"objectType": where, "id": target}, "object": {"id": name, "summary": "1h"}}
        assert mod.call("ban", ban)["status_code"] == 200
        status, answer = server.rest("POST", "/send", saying(name, HALL, persist=persist))
        assert (status, answer["data"]) == (403, f"banned from this {where}")
    for client in (listener, mod):
        client.sync()
        assert client.heard("message") == []
    rude.socket.close()


def test_the_system_says_something(server: RunningServer, enter: Enter) -> None:
    client = enter("first", HALL)
    client.events.clear()
    send(server, saying("0", HALL, persist=True))
    assert client.wait_for("message")["actor"] == {"id": "0", "displayName": base64_of("admin")}


@pytest.mark.parametrize("persist", [True, False])
@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"user_id": None}, 400),
        ({"user_id": 1.5}, 400),
        ({"user_id": "no id"}, 400),
        ({"user_name": "!"}, 400),
        ({"user_name": base64_of("n" * 1025)}, 400),
        ({"user_id": "alice", "user_name": base64_of("n" * 1025)}, 400),
        ({"object_type": "channel"}, 400),
        ({"object_type": None}, 400),
        ({"target_id": None}, 400),
        ({"target_id": [ROOM_ID]}, 400),
        ({"target_id": "nowhere"}, 404),
        ({"target_id": None, "target_name": "!"}, 400),
        ({"target_id": None, "target_name": base64_of("Nowhere")}, 404),
        ({"target_id": None, "target_name": base64_of("Lawn")}, 404),
        ({"target_id": "nobody", "object_type": "private"}, 404),
        ({"target_id": None, "object_type": "private", "target_name": base64_of("alice")}, 400),
        ({"content": "!"}, 400),
        ({"content": None}, 400),
        ({"content": ""}, 400),
        ({"content": base64_of(" \n")}, 400),
        ({"content": base64_of("a" * 101)}, 400),
        ({"content": base64_of("a\0b")}, 400),
        ({"include_user_info": "yes"}, 400),
        ({"persist": "no"}, 400),
    ],
)
def test_bad_calls(server: RunningServer, enter: Enter, changes: dict[str, Any], status: int, persist: bool) -> None:
    alice = enter("alice")
    alice.events.clear()
    answered, answer = server.rest("POST", "/send", saying("x1", ROOM_ID, persist=persist) | changes)
    assert (answered, answer["status_code"]) == (status, 500)
    assert isinstance(answer["data"], str)
    alice.sync()
    assert alice.heard("message") == []
    assert not is_known(server, "x1")
    assert "Traceback" not in server.log


@pytest.mark.parametrize("body", [b"{", b"[]", None, {}])
def test_no_call_at_all(server: RunningServer, body: Any) -> None:
    assert server.rest("POST", "/send", body)[0] == 400


def test_a_client_cannot_ask_as_a_backend_does(server: RunningServer, enter: Enter) -> None:
    client = enter("first", HALL)
    client.events.clear()
    body = message("hello", HALL)
    telling = {"is_stored": False, "author_name": "Admin", "shows_author": True}
    reply = client.call("message", body | {"telling": telling, "as_operator": True, "persist": False})
    assert reply["data"]["actor"]["displayName"] == base64_of("first")
    assert reply["data"]["seq"] > 0
    assert history(client, HALL)[0]["id"] == reply["data"]["id"]


def test_it_is_for_keys_of_rooms(server: RunningServer) -> None:
    body = saying("604", HALL)
    assert server.http("POST", "/send", body)[0] == 401
    assert server.http("POST", "/send", body, key="reader-key")[0] == 403
    assert server.http("POST", "/send", body, key="rooms-key")[0] == 200
