"""POST and DELETE /ban: who is out, who hears of it, and what is refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from chat.texts import base64_of
from tests.clients import Client
from tests.running import CHANNEL_ID, ROOM_ID, RunningServer

LAWN, PARK = "lawn", "park"
EXTRA = """
[[channels]]
id = "park"
name = "Park"
[[channels.rooms]]
id = "lawn"
name = "Lawn"
[roles]
superusers = ["super"]
[[backend.keys]]
name = "reader"
key = "reader-key"
scopes = ["read"]
"""
GENERAL, WHY = base64_of("General"), base64_of("why not")
JOIN = {"verb": "join", "target": {"id": ROOM_ID}}
DONE = (200, {"status_code": 200, "data": {"status": "OK"}})
Enter = Callable[..., Client]


@pytest.fixture
def server(shared_server: RunningServer) -> RunningServer:
    return shared_server


def ban(server: RunningServer, user_id: str, **entry: Any) -> tuple[int, Any]:
    return server.rest("POST", "/ban", {user_id: {"duration": "1h"} | entry})


def unban(server: RunningServer, user_id: str, **place: Any) -> tuple[int, Any]:
    return server.rest("DELETE", "/ban", {"user_id": user_id} | place)


def joined(client: Client, room_id: str = ROOM_ID) -> int:
    """The code of the reply to a join."""
    code: int = client.call("join", {"verb": "join", "target": {"id": room_id}})["status_code"]
    return code


def until_closed(client: Client) -> tuple[int, list[str]]:
    """The code with which the server ends the connection, and what it says before."""
    said = [name for name, _ in client.events]
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            said.append(client.receive()[0])
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, [name for name in said if name not in ("gn_connect", "gn_user_joined")]


def audits(server: RunningServer, user_id: str) -> list[tuple[Any, ...]]:
    columns = "key_name, actor_id, action, room_id, reason"
    with closing(sqlite3.connect(server.settings.folder / "data" / "chat.db")) as database:
        query = f"SELECT {columns} FROM audit WHERE user_id = ? ORDER BY key"
        return database.execute(query, (user_id,)).fetchall()


def test_a_ban_from_a_room_as_published(server: RunningServer, enter: Enter) -> None:
    alice, bob = enter("alice"), enter("bob")
    entry = {"duration": "7d", "target": ROOM_ID, "type": "room", "reason": WHY, "admin_id": "bob"}
    assert server.rest("POST", "/ban", {"alice": entry}) == DONE
    told = alice.wait_for("gn_banned")
    until = told["object"].pop("updated")
    assert until.endswith("Z")
    who = {"id": "alice", "displayName": base64_of("alice")}
    assert told["object"] == who | {"summary": "7d", "content": WHY}
    assert told["actor"] == {"id": "bob", "displayName": base64_of("bob")}
    assert told["target"] == {"objectType": "room", "id": ROOM_ID, "displayName": GENERAL}
    for client in (alice, bob):
        banned, kicked = client.wait_for("gn_user_banned"), client.wait_for("gn_user_kicked")
        assert (banned["object"], banned["actor"]["id"]) == (who, "bob")
        assert (kicked["object"]["id"], kicked["actor"]["id"], kicked["verb"]) == ("alice", "bob", "ban")
        client.sync()
        assert not client.heard("gn_user_banned") + client.heard("gn_user_kicked") + client.heard("gn_banned")
    assert joined(alice) == 703
    assert unban(server, "alice", room_id=ROOM_ID) == DONE
    assert joined(alice) == 200
    assert audits(server, "alice") == [
        ("tests", "bob", "ban-room", ROOM_ID, "why not"),
        ("tests", "0", "unban-room", ROOM_ID, ""),
    ]


def test_a_ban_from_the_server_as_published(server: RunningServer, enter: Enter) -> None:
    sessions, bob = [enter("carol"), enter("carol", None)], enter("bob")
    entry = {"duration": "24h", "reason": WHY, "admin_id": "", "type": "global", "name": base64_of("Caro")}
    assert server.rest("POST", "/ban", {"carol": entry}) == DONE
    for session in sessions:
        code, said = until_closed(session)
        assert (code, said[-3:]) == (4003, ["gn_banned", "gn_user_banned", "gn_user_kicked"])
    assert bob.wait_for("gn_user_banned")["actor"] == {"id": "0", "displayName": base64_of("admin")}
    with Client(server.url) as carol:
        refused = carol.login("carol")
        assert (refused["status_code"], refused["data"]["target"]) == (703, {"objectType": "global"})
    assert unban(server, "carol", **{"global": True}) == DONE
    assert enter("carol").say("back", ROOM_ID)["status_code"] == 200


def test_who_is_not_known_is_kept_out_when_the_time_comes(server: RunningServer) -> None:
    entry = {"duration": "1h", "type": "global"}
    assert server.rest("POST", "/ban", {"new-1": entry | {"name": base64_of("Nêw")}, "new-2": entry}) == DONE
    for user_id, name in (("new-1", "Nêw"), ("new-2", "new-2")):
        with Client(server.url) as client:
            assert client.login(user_id)["status_code"] == 703
            assert client.wait_for("gn_banned")["object"]["displayName"] == base64_of(name)


@pytest.mark.parametrize(
    ("place", "refused", "admitted"),
    [
        ({"room_id": ROOM_ID}, ROOM_ID, LAWN),
        ({"room_name": GENERAL}, ROOM_ID, LAWN),
        ({"room_id": LAWN, "room_name": GENERAL}, LAWN, ROOM_ID),
        ({"room_id": LAWN, "room_name": "!"}, LAWN, ROOM_ID),
        ({"target": LAWN}, LAWN, ROOM_ID),
        ({"target": CHANNEL_ID}, ROOM_ID, LAWN),
        ({"channel_id": PARK}, LAWN, ROOM_ID),
        ({"type": "channel", "target": PARK}, LAWN, ROOM_ID),
        ({"type": "channel", "channel_id": PARK, "room_id": ROOM_ID}, LAWN, ROOM_ID),
        ({"type": "room", "room_id": LAWN, "channel_id": CHANNEL_ID, "global": True}, LAWN, ROOM_ID),
        ({"type": "room", "room_name": GENERAL}, ROOM_ID, LAWN),
        ({"type": "", "target": "", "channel_id": "", "room_id": LAWN, "global": False}, LAWN, ROOM_ID),
    ],
)
def test_what_a_ban_is_from(
    server: RunningServer, enter: Enter, place: dict[str, Any], refused: str, admitted: str
) -> None:
    dave = enter("dave", None)
    assert ban(server, "dave", **place) == DONE
    assert (joined(dave, refused), joined(dave, admitted)) == (703, 200)
    assert unban(server, "dave", **place) == DONE
    assert joined(dave, refused) == 200


def test_numbers_are_ids_too(server: RunningServer, enter: Enter) -> None:
    user, _ = enter("4942530"), enter("1971")
    entry = {"duration": "1h", "room_id": ROOM_ID, "admin_id": 1971}
    assert server.rest("POST", "/ban", {"4942530": entry}) == DONE
    assert user.wait_for("gn_banned")["actor"]["id"] == "1971"
    assert server.rest("DELETE", "/ban", {"user_id": 4942530, "room_id": ROOM_ID}) == DONE
    assert joined(user) == 200


def test_the_end_of_a_ban_by_a_query_string(server: RunningServer, enter: Enter) -> None:
    erin = enter("erin", None)
    assert ban(server, "erin", room_id=ROOM_ID) == DONE
    assert server.rest("DELETE", f"/ban?user_id=erin&room_id={ROOM_ID}") == DONE
    assert joined(erin) == 200
    assert ban(server, "erin", type="global") == DONE
    assert server.rest("DELETE", "/ban?user_id=erin&global=true") == DONE
    assert enter("erin").say("back", ROOM_ID)["status_code"] == 200


def test_the_end_of_a_ban_that_is_not_there(server: RunningServer, enter: Enter) -> None:
    enter("frank", None)
    assert unban(server, "frank", room_id=ROOM_ID) == DONE
    assert audits(server, "frank") == []


def test_an_operator_is_banned_whoever_is_said_to_ask(server: RunningServer, enter: Enter) -> None:
    operator, _ = enter("super"), enter("bob", None)
    assert ban(server, "super", room_id=ROOM_ID, admin_id="bob") == DONE
    assert operator.wait_for("gn_banned")["actor"]["id"] == "bob"


HERE = {"room_id": ROOM_ID, "duration": "1h"}
BAD_ENTRIES: list[tuple[Any, int, str]] = [
    (5, 400, "Expected object, got int"),
    ({"duration": "1h"}, 400, "missing target id"),
    ({"duration": "1h", "type": "room"}, 400, "missing target id"),
    ({"duration": "1h", "type": "channel", "room_id": ROOM_ID}, 400, "missing target id"),
    ({"duration": "1h", "global": False}, 400, "missing target id"),
    ({"duration": "1h", "global": "yes"}, 400, "Expected bool, got str - at $.global"),
    ({"duration": "1h", "type": "world"}, 400, "the type of a ban is room, channel or global"),
    ({"duration": "1h", "type": "world", "target": ROOM_ID}, 400, "the type of a ban is room, channel or global"),
    ({"duration": "1h", "target": "nowhere"}, 404, "no such room"),
    ({"duration": "1h", "room_id": "nowhere"}, 404, "no room exists with id: nowhere"),
    ({"duration": "1h", "room_name": base64_of("nowhere")}, 404, f"no room exists with name: {base64_of('nowhere')}"),
    ({"duration": "1h", "room_name": "!"}, 400, "room_name is not base64 of UTF-8"),
    ({"duration": "1h", "channel_id": "nowhere"}, 404, "no such channel"),
    ({"room_id": ROOM_ID}, 400, "a duration is a positive integer and one of d, h, m, s"),
    (HERE | {"duration": 5}, 400, "Expected str, got int - at $.duration"),
    (HERE | {"duration": "-1h"}, 400, "a duration is a positive integer and one of d, h, m, s"),
    (HERE | {"duration": "9999999d"}, 400, "a duration ends before the year 10000"),
    (HERE | {"reason": "!"}, 400, "reason is not base64 of UTF-8"),
    (HERE | {"reason": base64_of("x" * 1_025)}, 400, "reason has more than 1024 characters"),
    (HERE | {"name": "!"}, 400, "name is not base64 of UTF-8"),
    (HERE | {"admin_id": "nobody"}, 404, "no such user to act"),
]


@pytest.mark.parametrize(("entry", "status", "text"), BAD_ENTRIES)
def test_the_first_bad_entry_is_told_and_none_applied(
    server: RunningServer, enter: Enter, entry: Any, status: int, text: str
) -> None:
    good, bad = enter("good"), enter("bad")
    answer = server.rest("POST", "/ban", {"good": HERE, "bad": entry, "worse": HERE | {"duration": "?"}})
    message = f"{text} for user id bad"
    assert answer == (status, {"status_code": 200, "data": {"status": "FAIL", "message": message}})
    for client in (good, bad):
        assert client.say("still here", ROOM_ID)["status_code"] == 200
        assert client.heard("gn_banned") == []
    assert audits(server, "good") == []


@pytest.mark.parametrize("user_id", ["", "no id", "ü", "x" * 65, "0"])
def test_who_cannot_be_banned(server: RunningServer, user_id: str) -> None:
    status, answer = ban(server, user_id, room_id=ROOM_ID)
    assert (status, answer["data"]["status"]) == (403 if user_id == "0" else 400, "FAIL")


@pytest.mark.parametrize(
    ("method", "body", "status", "text"),
    [
        ("POST", {}, 400, "ask for 1 to 1000"),
        ("POST", {str(number): HERE for number in range(1_001)}, 400, "ask for 1 to 1000"),
        ("POST", [], 400, "Expected object, got array"),
        ("POST", None, 400, "ask for 1 to 1000"),
        ("DELETE", {}, 400, "Object missing required field user_id"),
        ("DELETE", {"user_id": "bob"}, 400, "missing target id"),
        ("DELETE", {"user_id": [], "room_id": ROOM_ID}, 400, "Expected int | str, got array - at $.user_id"),
        ("DELETE", {"user_id": "nobody", "room_id": ROOM_ID}, 404, "no such user"),
        ("DELETE", {"user_id": "bob", "room_id": "nowhere"}, 404, "no room exists with id: nowhere"),
        ("DELETE", {"user_id": "bob", "room_name": "eA=="}, 404, "no room exists with name: eA=="),
        ("DELETE", {"user_id": "bob", "channel_id": "nowhere"}, 404, "no such channel"),
    ],
)
def test_what_is_refused_as_a_whole(
    server: RunningServer, enter: Enter, method: str, body: Any, status: int, text: str
) -> None:
    enter("bob", None)
    envelope = {"status_code": 200 if method == "POST" else 500, "data": {"status": "FAIL", "message": text}}
    assert server.rest(method, "/ban", body) == (status, envelope)


@pytest.mark.parametrize("body", [b"{", b"\xff", b" " * 2_000_000])
def test_what_is_no_json_is_refused_as_everywhere(server: RunningServer, body: bytes) -> None:
    for method in ("POST", "DELETE"):
        status, answer = server.rest(method, "/ban", body)
        assert (status, answer["status_code"]) == (413 if len(body) > 9 else 400, 500)
        assert isinstance(answer["data"], str)


def test_the_scope_of_the_key(server: RunningServer) -> None:
    for method in ("POST", "DELETE"):
        assert server.http(method, "/ban", {})[0] == 401
        assert server.http(method, "/ban", {}, key="reader-key")[0] == 403
    assert "Traceback" not in server.log


def test_the_legacy_status(run_server: Callable[..., RunningServer]) -> None:
    server = run_server("[rest]\nlegacy_http_status = true")
    failed = {"status_code": 200, "data": {"status": "FAIL", "message": "ask for 1 to 1000"}}
    assert server.rest("POST", "/ban", {}) == (200, failed)
