"""POST and DELETE /mute and GET /muted: in whose name, from which room, and which entry is wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from chat.texts import base64_of
from tests.clients import Client
from tests.running import CHANNEL_ID, ROOM_ID, RunningServer

EXTRA = """
[[channels]]
id = "park"
name = "Park"
[[channels.rooms]]
id = "lawn"
name = "Lawn"
"""
GENERAL, LAWN, WHY = base64_of("General"), "lawn", base64_of("some reason")
DONE = (200, {"status_code": 200, "data": {"status": "OK"}})
HERE = {"room_id": ROOM_ID, "duration": "1h"}
Enter = Callable[..., Client]


@pytest.fixture
def server(shared_server: RunningServer) -> RunningServer:
    return shared_server


def test_the_published_mute(server: RunningServer, enter: Enter) -> None:
    user, _ = enter("4942530"), enter("1971", None)
    entry = {"room_name": GENERAL, "duration": "99m", "reason": WHY, "muter_user_id": "1971"}
    assert server.rest("POST", "/mute", {"4942530": entry}) == DONE
    told = user.wait_for("gn_mute")
    assert told["object"].pop("updated").endswith("Z")
    assert told["object"] == {"objectType": "user", "id": "4942530", "summary": "99m", "content": WHY}
    assert told["actor"]["id"] == "1971"
    for body in ({"user_ids": ["4942530"]}, {"user_ids": [4942530, "4942530"]}, {"users": [4942530]}):
        ((room_id, mute),) = server.rest("GET", "/muted", body)[1]["data"]["4942530"].items()
        assert mute.pop("timestamp").endswith("Z")
        assert (room_id, mute) == (
            ROOM_ID, {"room_name": GENERAL, "muter_user_id": "1971", "duration": "99m", "reason": WHY}
        )  # fmt: skip
    assert server.rest("DELETE", "/mute", {"user_id": 4942530, "room_name": GENERAL}) == DONE
    assert user.wait_for("gn_unmute")["actor"]["id"] == "0"


def test_a_muter_may_be_a_number_and_is_the_system_otherwise(server: RunningServer, enter: Enter) -> None:
    alice, _ = enter("alice"), enter("1971", None)
    for given, muter in ((1971, "1971"), ("1971", "1971"), ("", "0"), (None, "0")):
        assert server.rest("POST", "/mute", {"alice": HERE | {"muter_user_id": given}}) == DONE
        assert alice.wait_for("gn_mute")["actor"]["id"] == muter
        (mute,) = server.rest("GET", "/muted", {"room_id": ROOM_ID})[1]["data"].values()
        assert mute["muter_user_id"] == muter
    with closing(sqlite3.connect(server.settings.folder / "data" / "chat.db")) as database:
        query = "SELECT key_name, actor_id FROM audit WHERE action = 'mute' AND user_id = 'alice' ORDER BY key"
        assert database.execute(query).fetchall() == [("tests", who) for who in ("1971", "1971", "0", "0")]
    assert server.rest("DELETE", "/mute", {"user_id": "alice", "room_id": ROOM_ID}) == DONE


def test_the_id_of_a_room_wins(server: RunningServer, enter: Enter) -> None:
    bob = enter("bob")
    both = {"room_id": LAWN, "room_name": GENERAL}
    assert server.rest("POST", "/mute", {"bob": both | {"duration": "1h"}}) == DONE
    assert bob.wait_for("gn_mute")["target"]["id"] == LAWN
    assert bob.say("not muted here", ROOM_ID)["status_code"] == 200
    assert set(server.rest("GET", "/muted", both)[1]["data"]) == {"bob"}
    assert server.rest("DELETE", "/mute", {"user_id": "bob"} | both) == DONE
    assert server.rest("GET", "/muted", {"room_id": LAWN})[1]["data"] == {}


def test_the_id_of_a_channel_is_no_room(server: RunningServer, enter: Enter) -> None:
    enter("bob", None)
    assert server.rest("POST", "/mute", {"bob": {"room_id": CHANNEL_ID, "duration": "1h"}})[0] == 404


@pytest.mark.parametrize(
    ("entry", "status", "text"),
    [
        (5, 400, "Expected object, got int"),
        ({"duration": "1h"}, 400, "neither room_id nor room_name is given"),
        ({"duration": "1h", "room_id": "nowhere"}, 404, "no room exists with id: nowhere"),
        ({"duration": "1h", "room_name": "eHh4"}, 404, "no room exists with name: eHh4"),
        ({"room_id": ROOM_ID}, 400, "a duration is a positive integer and one of d, h, m, s"),
        (HERE | {"duration": 5}, 400, "Expected str, got int - at $.duration"),
        (HERE | {"reason": "!"}, 400, "reason is not base64 of UTF-8"),
        (HERE | {"reason": base64_of("x" * 1_025)}, 400, "reason has more than 1024 characters"),
        (HERE | {"muter_user_id": "nobody"}, 404, "no such user to act"),
    ],
)
def test_the_first_bad_entry_is_told_and_none_applied(
    server: RunningServer, enter: Enter, entry: Any, status: int, text: str
) -> None:
    good, bad = enter("good"), enter("bad")
    answer = server.rest("POST", "/mute", {"good": HERE, "bad": entry, "nobody": HERE})
    assert answer == (status, {"status_code": 500, "data": f"{text} for user id bad"})
    for client in (good, bad):
        assert client.say("not muted", ROOM_ID)["status_code"] == 200


def test_how_many_may_be_muted_and_asked_for_at_once(server: RunningServer) -> None:
    many = [str(number) for number in range(1_001)]
    for answer in (
        server.rest("POST", "/mute", dict.fromkeys(many, HERE)),
        server.rest("POST", "/mute", {}),
        server.rest("GET", "/muted", {"user_ids": many}),
    ):
        assert answer == (400, {"status_code": 500, "data": "ask for 1 to 1000"})
    assert len(server.rest("GET", "/muted", {"user_ids": many[1:]})[1]["data"]) == 1_000
    assert "Traceback" not in server.log
