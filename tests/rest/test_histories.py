"""GET /history, GET /latest-history, POST /full-history."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from chat.texts import base64_of
from chat.times import rfc3339, to_ms, utc_now
from tests.clients import Client
from tests.running import CHANNEL_ID, ROOM_ID, RunningServer

Enter = Callable[..., Client]
ROOMS = ("fields", "times", "limits", "pages", "bursts1", "bursts2", "bursts7", "latest", "bad")
EXTRA = (
    "".join(f'[[channels.rooms]]\nid = "{name}"\nname = "Room of {name}"\n' for name in ROOMS)
    + """
[[backend.keys]]
name = "reader"
key = "reader-key"
scopes = ["read"]
[[backend.keys]]
name = "rooms"
key = "rooms-key"
scopes = ["rooms"]
"""
)
NOW = utc_now().replace(microsecond=0)
FOR_EVER = {"from_time": "0001-01-01T00:00:00Z", "to_time": "9999-12-31T23:59:59Z"}


@pytest.fixture
def server(shared_server: RunningServer) -> RunningServer:
    return shared_server


def ago(days: float) -> str:
    return rfc3339(NOW - timedelta(days=days))


def say(server: RunningServer, client: Client, room_id: str, *ages: float) -> list[str]:
    """Messages that were published so many days ago, the oldest first; their texts say when. Their ids."""
    ids = [client.say(str(age), room_id)["data"]["id"] for age in ages]
    published = [(to_ms(NOW - timedelta(days=age)), message_id) for age, message_id in zip(ages, ids, strict=True)]
    with closing(sqlite3.connect(server.settings.folder / "data" / "chat.db", timeout=30)) as database, database:
        database.executemany("UPDATE messages SET published_ms = ? WHERE id = ?", published)
    return ids


def asked(server: RunningServer, method: str, path: str, **body: Any) -> list[dict[str, Any]]:
    status, answer = server.rest(method, path, body)
    assert status == 200, answer
    found: list[dict[str, Any]] = answer["data"]
    return found


def encoded(*ages: float) -> list[str]:
    return [base64_of(str(age)) for age in ages]


def bodies(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["body"] for entry in entries]


def history(server: RunningServer, room_id: str, **body: Any) -> list[str]:
    return bodies(asked(server, "GET", "/history", room_id=room_id, **body))


def test_every_field(server: RunningServer) -> None:
    with Client(server.url) as zoe:
        zoe.login("1971", "Zoë")
        zoe.call("join", {"verb": "join", "target": {"id": "fields"}})
        first, second = (zoe.say(text, "fields")["data"] for text in ("hällo", "taken back"))
        away = {"verb": "delete", "target": {"id": "fields"}, "object": {"id": second["id"]}}
        assert zoe.call("delete", away) == {"status_code": 200}
    same = {
        "from_user_id": "1971",
        "from_user_name": base64_of("Zoë"),
        "target_id": "fields",
        "target_name": base64_of("Room of fields"),
        "channel_id": CHANNEL_ID,
        "channel_name": base64_of("Lobby"),
        "domain": "room",
    }
    expected = [
        same | {"message_id": one["id"], "body": base64_of(text), "timestamp": one["published"], "deleted": deleted}
        for one, text, deleted in ((second, "taken back", True), (first, "hällo", False))
    ]
    assert asked(server, "GET", "/history", room_name=base64_of("room of fields")) == expected
    assert asked(server, "GET", "/history", room_id="fields", room_name="!") == expected
    assert server.rest("GET", "/history?room_id=fields&user_id=1971&limit=5")[1]["data"] == expected
    assert asked(server, "POST", "/full-history", user_id=1971) == expected
    assert server.rest("POST", "/clear-history", {"room_id": "fields"})[0] == 200
    cleared = [entry | {"deleted": True} for entry in expected]
    assert asked(server, "GET", "/history", room_id="fields") == cleared
    assert asked(server, "POST", "/full-history", user_id=1971) == cleared


def test_times(server: RunningServer, enter: Enter) -> None:
    room = "times"
    say(server, enter("alice", room), room, 20, 15, 14, 8, 7, 6)
    say(server, enter("1972", room), room, 5, 1)
    assert history(server, room) == encoded(1, 5, 6)
    assert history(server, room, from_time=ago(15)) == encoded(14, 15)
    assert history(server, room, from_time=ago(14)) == encoded(8, 14)
    assert history(server, room, to_time=ago(7)) == encoded(8, 14)
    assert history(server, room, to_time=ago(14)) == encoded(15, 20)
    assert history(server, room, from_time=ago(20), to_time=ago(6)) == encoded(7, 8, 14, 15, 20)
    assert history(server, room, **FOR_EVER) == encoded(1, 5, 6, 7, 8, 14, 15, 20)
    assert history(server, room, from_time="9999-12-31T23:59:59Z", to_time="9999-12-31T23:59:59Z") == []
    for user_id in (1972, "1972"):
        assert history(server, room, from_time=ago(7), user_id=user_id) == encoded(1, 5)
    assert history(server, room, to_time=ago(5), user_id="alice") == encoded(6, 7, 8)


def test_a_limit(server: RunningServer, enter: Enter) -> None:
    """It goes back as far as there are messages, whatever else is asked for."""
    room = "limits"
    say(server, enter("alice", room), room, 20, 15, 14, 8, 7, 6, 5, 1)
    assert history(server, room, limit=3, from_time=ago(2), user_id="nobody") == encoded(1, 5, 6)
    assert history(server, room, limit=3, to_time=ago(6)) == encoded(7, 8, 14)
    assert history(server, room, limit=10**30, to_time=ago(14)) == encoded(15, 20)
    moment = (NOW - timedelta(days=14)).isoformat()[:19]
    east = (NOW - timedelta(days=14) + timedelta(hours=5)).isoformat()[:19]
    for time, body in ((f"{moment}Z", 15), (f"{moment}.001Z", 14), (f"{east}+05:00", 15), (f"{east}.001+05:00", 14)):
        assert history(server, room, limit=1, to_time=time) == encoded(body)
    for edge in ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59-05:00"):
        assert history(server, room, limit=1, to_time=edge) == encoded(1)
    assert history(server, room, limit=1, to_time="0001-01-01T00:00:00+05:00") == []


def test_pages(server: RunningServer, enter: Enter) -> None:
    """By the message that the page before ended with; by time those who say the same time come together."""
    say(server, enter("pam", "pages"), "pages", 4, 3, 2, 2, 2, 1)
    (newest,) = asked(server, "GET", "/history", room_id="pages", limit=1)
    seen, last = [newest["body"]], newest["message_id"]
    while page := asked(server, "GET", "/history", room_id="pages", limit=2, before=last):
        assert len(page) == min(2, 6 - len(seen))
        seen += bodies(page)
        last = page[-1]["message_id"]
    assert seen == encoded(1, 2, 2, 2, 3, 4)
    assert history(server, "pages", limit=2) == seen[:4]
    assert history(server, "pages", limit=9, to_time=newest["timestamp"]) == seen[1:]
    assert history(server, "pages", before=newest["message_id"]) == seen[1:]
    assert bodies(asked(server, "POST", "/full-history", user_id="pam", before=newest["message_id"])) == seen[1:]
    assert history(server, "pages", limit=9, before="unknown") == []
    answers = [server.rest("GET", f"/history?room_id=pages&limit={limit}")[1] for limit in (4, 5, 6)]
    assert [answer.get("more") for answer in answers] == [True, True, None]


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_pages_by_time_through_bursts(server: RunningServer, enter: Enter, limit: int) -> None:
    """Each message once, however many are said within a second."""
    random, room = Random(limit), f"bursts{limit}"
    seconds = sorted(random.choice((5, 6, 7, 20, 21)) + random.randrange(1000) / 1000 for _ in range(40))
    ages = [second / 86_400 for second in reversed(seconds)]
    say(server, enter("pat", room), room, *ages)
    seen: list[str] = []
    body: dict[str, Any] = {}
    while page := asked(server, "GET", "/history", room_id=room, limit=limit, **body):
        seen += bodies(page)
        body = {"to_time": page[-1]["timestamp"]}
    assert seen == encoded(*reversed(ages))


def test_latest(server: RunningServer, enter: Enter) -> None:
    alice = enter("alice", "latest")
    say(server, alice, "latest", *range(160, 100, -1))
    assert history(server, "latest") == []
    assert bodies(asked(server, "GET", "/latest-history", room_id="latest")) == encoded(*range(101, 151))
    two = asked(server, "GET", "/latest-history", room_name=base64_of("Room of latest"), limit=2)
    assert bodies(two) == encoded(101, 102)
    assert server.rest("GET", "/latest-history?room_id=latest&limit=1")[1]["data"] == two[:1]


def private(text: str, target: str) -> dict[str, Any]:
    return {"verb": "send", "object": {"content": base64_of(text)}, "target": {"id": target, "objectType": "private"}}


def test_all_that_a_user_wrote(run_server: Callable[..., RunningServer]) -> None:
    """The numbers of all messages grow with the time here, as they do outside of tests."""
    server = run_server()
    with Client(server.url) as carol, Client(server.url) as dave, Client(server.url) as erin:
        check_all(server, carol, dave, erin)


def check_all(server: RunningServer, carol: Client, dave: Client, erin: Client) -> None:
    for client, user_id in ((carol, "carol"), (dave, "1973"), (erin, "erin")):
        client.enter(user_id, ROOM_ID)
    (in_room,) = say(server, carol, ROOM_ID, 40)
    say(server, dave, ROOM_ID, 35)
    to_dave = carol.call("message", private("a", "1973"))["data"]
    owners = {"objectType": "private", "attachments": [{"objectType": "owners", "summary": "1973,erin"}]}
    group = carol.call("create", {"verb": "create", "target": owners})["data"]["target"]["id"]
    to_all = carol.call("message", private("b", group))["data"]
    to_carol = carol.call("message", private("c", "carol"))["data"]
    dave.call("message", private("d", "carol"))
    entries = asked(server, "POST", "/full-history", user_id="carol")
    assert [(one["message_id"], one["domain"], one["target_id"], one["target_name"]) for one in entries] == [
        (to_carol["id"], "private", "carol", base64_of("carol")),
        (to_all["id"], "private", group, ""),
        (to_dave["id"], "private", "1973", base64_of("1973")),
        (in_room, "room", ROOM_ID, base64_of("General")),
    ]
    assert [(one["channel_id"], one["channel_name"]) for one in entries[:3]] == [("", "")] * 3
    assert bodies(asked(server, "POST", "/full-history", user_id="carol", **FOR_EVER)) == bodies(entries)
    old = asked(server, "POST", "/full-history", user_id="carol", from_time=ago(50), to_time=ago(30))
    assert [one["message_id"] for one in old] == [in_room]
    assert asked(server, "POST", "/full-history", user_id="carol", from_time=ago(50), to_time=ago(40)) == []
    assert [one["target_id"] for one in asked(server, "POST", "/full-history", user_id=1973)] == ["carol", ROOM_ID]
    assert asked(server, "POST", "/full-history", user_id="erin") == []


ROOM: dict[str, Any] = {"room_id": "bad"}
TIMES = {"from_time": ago(2), "to_time": ago(1)}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/history", None, 400),
        ("GET", "/history", b"{", 400),
        ("GET", "/history", [], 400),
        ("GET", "/history", {"room_id": "nowhere"}, 404),
        ("GET", "/history", {"room_id": 5}, 400),
        ("GET", "/history", {"room_name": "!"}, 400),
        ("GET", "/history", {"room_name": base64_of("nowhere")}, 404),
        ("GET", "/history", ROOM | {"user_id": "nobody"}, 404),
        ("GET", "/history", ROOM | {"user_id": True}, 400),
        ("GET", "/history", ROOM | {"user_id": 10**100}, 404),
        ("GET", "/history", ROOM | {"limit": 0}, 400),
        ("GET", "/history", ROOM | {"limit": -1}, 400),
        ("GET", "/history", ROOM | {"limit": "all"}, 400),
        ("GET", "/history", ROOM | {"limit": 1.5}, 400),
        ("GET", "/history", ROOM | {"before": 5}, 400),
        ("GET", "/history?room_id=bad&limit=x", None, 400),
        ("GET", "/history?room_id=bad&from_time=x", None, 400),
        *(
            (method, path, ROOM | {"user_id": "alice"} | TIMES | {name: time}, 400)
            for method, path in (("GET", "/history"), ("POST", "/full-history"))
            for name in ("from_time", "to_time")
            for time in (
                "", "yesterday", 5, "2016-12-26", "2016-12-26T08:39:54", "2016-13-26T08:39:54Z",
                "0000-12-31T23:59:59Z", "10000-01-01T00:00:00Z", "-0001-01-01T00:00:00Z", "2016-12-26T08:39:54+25:00",
            )
        ),
        ("GET", "/history", ROOM | {"from_time": ago(1), "to_time": ago(2)}, 400),
        ("GET", "/history", ROOM | {"from_time": "9999-12-30T00:00:00Z"}, 400),
        ("GET", "/history", ROOM | {"to_time": "0001-01-02T00:00:00Z"}, 400),
        ("GET", "/latest-history", None, 400),
        ("GET", "/latest-history", {"room_id": "nowhere"}, 404),
        ("GET", "/latest-history", ROOM | {"limit": 0}, 400),
        ("POST", "/full-history", None, 400),
        ("POST", "/full-history", b"\xff", 400),
        ("POST", "/full-history", {"user_id": "nobody"}, 404),
        ("POST", "/full-history", {"user_id": ["alice"]}, 400),
        ("POST", "/full-history", {"user_id": "alice", "from_time": ago(1)}, 400),
        ("POST", "/full-history", {"user_id": "alice", "to_time": ago(1)}, 400),
        ("POST", "/full-history", {"user_id": "alice", "from_time": ago(1), "to_time": ago(2)}, 400),
        ("GET", "/full-history", {"user_id": "alice"}, 405),
        ("POST", "/history", ROOM, 405),
        ("GET", "/history", b" " * 2_000_000, 413),
    ],
)  # fmt: skip
def test_bad_calls(server: RunningServer, method: str, path: str, body: Any, status: int) -> None:
    answered, answer = server.rest(method, path, body)
    assert (answered, answer["status_code"]) == (status, 500)
    assert isinstance(answer["data"], str)
    assert "Traceback" not in server.log


def test_keys(server: RunningServer) -> None:
    for method, path, body, key, status in (
        ("GET", "/history", ROOM, "reader-key", 200),
        ("GET", "/latest-history", ROOM, "reader-key", 200),
        ("GET", "/history", ROOM, "rooms-key", 403),
        ("GET", "/history", ROOM, None, 401),
        ("POST", "/full-history", {"user_id": "0"}, "reader-key", 403),
        ("POST", "/full-history", {"user_id": "0"}, None, 401),
    ):
        assert server.http(method, path, body, key=key)[0] == status
