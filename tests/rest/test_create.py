"""POST /create: backends make rooms for users."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from chat.texts import base64_of
from tests.clients import Client
from tests.rest.town import TOWN
from tests.running import CHANNEL_ID, RunningServer

EXTRA = f"""
{TOWN}
[rooms]
owner_grace_s = 2
"""
Enter = Callable[..., Client]


@pytest.fixture
def server(shared_server: RunningServer) -> RunningServer:
    return shared_server


def new(name: str, owner: Any, *user_ids: Any, **members: Any) -> dict[str, Any]:
    return {"room_name": base64_of(name), "owner_id": owner, "user_ids": user_ids, "temporary": True} | members


def create(server: RunningServer, body: dict[str, Any]) -> Any:
    status, answer = server.rest("POST", "/create", body)
    assert (status, answer["status_code"]) == (200, 200), answer
    return answer["data"]


def users(server: RunningServer) -> dict[str, tuple[str, str]]:
    """Who is known by id: name and origin."""
    with closing(sqlite3.connect(server.settings.folder / "data" / "chat.db")) as database:
        return {
            user_id: (name, origin) for user_id, name, origin in database.execute("SELECT id, name, origin FROM users")
        }


def rooms(server: RunningServer) -> set[str]:
    return {room["id"] for room in server.rest("GET", "/rooms")[1]["data"]}


def test_who_is_online_comes_in(server: RunningServer, enter: Enter) -> None:
    owner, guest, other, watcher = (enter(user_id, None) for user_id in ("501", "guest", "guest", "watcher"))
    made = create(server, new("Tr\u00e4 19", 501, "guest", 501, "nobody", "1234"))
    assert made == {
        "room_id": made["room_id"],
        "room_name": base64_of("Tr\u00e4 19"),
        "channel_id": CHANNEL_ID,
        "user_ids_not_joined": ["nobody", "1234"],
    }
    everybody = (owner, guest, other, watcher)
    assert guest.say("hello", made["room_id"])["status_code"] == 200
    for client in everybody:
        client.sync()
        (created,) = client.heard("gn_room_created")
        assert created["actor"] == {"id": "501", "displayName": base64_of("501"), "attachments": []}
        assert (created["target"]["id"], created["target"]["displayName"]) == (made["room_id"], made["room_name"])
    for client in everybody[:3]:
        joined = [event["actor"]["id"] for event in client.heard("gn_user_joined")]
        assert joined in (["guest", "501"], ["501"])
        assert len(client.heard("message")) == 1
    assert watcher.heard("gn_user_joined") == watcher.heard("message") == []
    found = server.rest("GET", "/roles", {"users": ["501"]})[1]["data"]["501"]
    assert found["room"] == {made["room_id"]: ["owner"]}


def test_without_users_everybody_joined(server: RunningServer, enter: Enter) -> None:
    enter("guest", None)
    assert "user_ids_not_joined" not in create(server, new("All of them", "502", "guest"))
    assert set(create(server, {"room_name": base64_of("Nobody"), "owner_id": "502"})) == {
        "room_id",
        "room_name",
        "channel_id",
    }


def test_an_unknown_owner_is_made_known(server: RunningServer, enter: Enter) -> None:
    create(server, new("Of a newcomer", "newcomer", owner_name=base64_of("Nëwcomer")))
    create(server, new("Of another", 503))
    create(server, new("Again", "newcomer", owner_name=base64_of("Another name")))
    known = users(server)
    assert known["newcomer"] == ("Nëwcomer", "backend")
    assert known["503"] == ("503", "backend")


def test_the_rules_that_do_not_stop_it(server: RunningServer, enter: Enter) -> None:
    owner = enter("504", None)
    for number in range(2):
        body = {"verb": "create", "target": {"displayName": base64_of(f"Own {number}")}, "object": {"url": CHANNEL_ID}}
        assert owner.call("create", body)["status_code"] == 200
    create(server, new("One more", "504"))
    rule = {"objectType": "membership", "summary": "create", "content": "vip"}
    channel = {"verb": "set", "target": {"id": CHANNEL_ID, "objectType": "channel"}}
    operator = enter("super", None)
    assert operator.call("set_acl", channel | {"object": {"attachments": [rule]}})["status_code"] == 200
    body = {"verb": "create", "target": {"displayName": base64_of("Own 505")}, "object": {"url": CHANNEL_ID}}
    assert enter("505", None).call("create", body)["status_code"] == 705
    create(server, new("Where users may not", "505"))
    rule["content"] = ""
    assert operator.call("set_acl", channel | {"object": {"attachments": [rule]}})["status_code"] == 200


def test_a_room_that_its_owner_does_not_come_into_ends(server: RunningServer, enter: Enter) -> None:
    guest, owner = enter("guest", None), enter("505", None)
    kept = create(server, new("Kept", "505", "505", "guest"))["room_id"]
    lost = create(server, new("Lost", "not-online", "guest"))["room_id"]
    assert {kept, lost} < rooms(server)
    while guest.wait_for("gn_room_removed")["target"]["id"] != lost:
        pass
    assert rooms(server) & {kept, lost} == {kept}
    assert owner.call("leave", {"verb": "leave", "target": {"id": kept}})["status_code"] == 200
    while guest.wait_for("gn_room_removed")["target"]["id"] != kept:
        pass


def test_a_banned_owner_gets_no_room(server: RunningServer, enter: Enter) -> None:
    mod = enter("mod", None)
    enter("rude", None)
    ban = {"verb": "ban", "target": {"id": CHANNEL_ID, "objectType": "channel"}}
    assert mod.call("ban", ban | {"object": {"id": "rude", "summary": "1h"}})["status_code"] == 200
    before = rooms(server)
    status, answer = server.rest("POST", "/create", new("Of the rude", "rude"))
    assert (status, answer) == (403, {"status_code": 500, "data": "banned from this channel"})
    assert rooms(server) <= before
    # Nor do the banned come into another one's.
    assert create(server, new("Without the rude", "506", "rude"))["user_ids_not_joined"] == ["rude"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (None, 400),
        ([], 400),
        ({"owner_id": "x1"}, 400),
        ({"room_name": base64_of("Name")}, 400),
        (new("Name", None), 400),
        (new("Name", True), 400),
        (new("Name", ""), 400),
        (new("Name", "no id"), 400),
        (new("Name", "x" * 65), 400),
        (new("Name", "x1", owner_name="!"), 400),
        (new("Name", "x1", owner_name=base64_of("n" * 1025)), 400),
        (new("Name", "x1", room_name="!"), 400),
        (new("Name", "x1", room_name=5), 400),
        (new("", "x1"), 400),
        (new("ab", "x1"), 400),
        (new("a" * 121, "x1"), 400),
        (new("a\u202eb", "x1"), 400),
        (new("Forbidden", "x1"), 400),
        (new("general", "owner"), 409),
        (new("general", "x1"), 409),
        (new("general", "x1", owner_name=base64_of("Somebody")), 409),
        (new("Name", "x1", temporary=False), 400),
        (new("Name", "x1", temporary="yes"), 400),
        (new("Name", "x1", user_ids="alice"), 400),
        (new("Name", "x1", user_ids=[None]), 400),
        (new("Name", "x1", user_ids=["alice"] * 1001), 400),
    ],
)
def test_bad_calls(server: RunningServer, enter: Enter, body: Any, status: int) -> None:
    alice = enter("alice", None)
    answered, answer = server.rest("POST", "/create", body)
    assert (answered, answer["status_code"]) == (status, 500)
    assert isinstance(answer["data"], str)
    alice.sync()
    assert alice.heard("gn_room_created") == alice.heard("gn_user_joined") == []
    assert "x1" not in users(server)
    assert "Traceback" not in server.log


def test_it_is_for_keys_of_rooms(server: RunningServer) -> None:
    body = new("By some key", "507")
    assert server.http("POST", "/create", body)[0] == 401
    assert server.http("POST", "/create", body, key="reader-key")[0] == 403
    assert server.http("POST", "/create", body, key="rooms-key")[0] == 200
