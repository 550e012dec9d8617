"""POST /join and POST /leave: backends have users come into rooms and go out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chat.texts import base64_of
from tests.clients import Client
from tests.rest.town import CELLAR, HALL, LADIES, LAWN, TOWN
from tests.running import CHANNEL_ID, ROOM_ID, RunningServer

EXTRA = TOWN
Enter = Callable[..., Client]


@pytest.fixture
def server(shared_server: RunningServer) -> RunningServer:
    return shared_server


def join(server: RunningServer, room_id: str, *user_ids: Any, **members: Any) -> Any:
    status, answer = server.rest("POST", "/join", {"user_ids": user_ids, "room_id": room_id} | members)
    assert (status, answer["status_code"]) == (200, 200)
    return answer["data"]


def leave(server: RunningServer, room_id: str, *user_ids: Any) -> None:
    answer = server.rest("POST", "/leave", {"user_ids": user_ids, "room_id": room_id})
    assert answer == (200, {"status_code": 200})


def all_in(count: int) -> dict[str, Any]:
    return {"success": count, "failures": 0, "errors": []}


def test_all_sessions_come_in_and_hear_the_room(server: RunningServer, enter: Enter) -> None:
    watcher, first, second = enter("watcher", LAWN), enter("401", None), enter("401", None)
    assert join(server, LAWN, 401, "401") == all_in(1)
    for client in (watcher, first, second):
        joined = client.wait_for("gn_user_joined")
        assert (joined["actor"]["id"], joined["target"]["id"]) == ("401", LAWN)
    watcher.say("hello", LAWN)
    assert first.wait_for("message")["object"]["content"] == base64_of("hello")
    assert second.wait_for("message")["object"]["content"] == base64_of("hello")
    assert second.say("here", LAWN)["status_code"] == 200
    assert first.wait_for("message")["object"]["content"] == base64_of("here")
    # Once more: nothing is announced.
    assert join(server, LAWN, "401") == all_in(1)
    for client in (watcher, first, second):
        client.sync()
        assert client.heard("gn_user_joined") == []
    leave(server, LAWN, "401", "nobody", "watcher-elsewhere")
    for client in (watcher, first, second):
        client.sync()
    assert [left["actor"]["id"] for left in watcher.heard("gn_user_left")] == ["401"]
    assert first.say("gone", LAWN)["status_code"] == 702
    leave(server, LAWN, "401")
    watcher.sync()
    assert len(watcher.heard("gn_user_left")) == 1


def test_neither_rules_nor_membership_stop_it(server: RunningServer, enter: Enter) -> None:
    owner, man = enter("owner", CELLAR), enter("man", None)
    assert man.call("join", {"verb": "join", "target": {"id": LADIES}})["status_code"] == 705
    assert join(server, LADIES, "man") == all_in(1)
    assert man.call("join", {"verb": "join", "target": {"id": CELLAR}})["status_code"] == 802
    assert join(server, "", "man", room_name=base64_of("cellar")) == all_in(1)
    assert owner.wait_for("gn_user_joined")["actor"]["id"] == "man"
    # Who was brought in is in.
    assert man.say("hello", CELLAR)["status_code"] == 200
    assert owner.wait_for("message")["actor"]["id"] == "man"
    for event in ("users_in_room", "history"):
        assert man.call(event, {"verb": "list", "target": {"id": CELLAR}})["status_code"] == 200
    assert man.call("join", {"verb": "join", "target": {"id": CELLAR}})["status_code"] == 200
    assert man.call("leave", {"verb": "leave", "target": {"id": CELLAR}})["status_code"] == 200
    assert owner.wait_for("gn_user_left")["actor"]["id"] == "man"
    assert man.say("hello", CELLAR)["status_code"] == 802
    assert man.call("join", {"verb": "join", "target": {"id": CELLAR}})["status_code"] == 802


def test_into_a_room_for_operators_come_operators_alone(server: RunningServer, enter: Enter) -> None:
    admin_room = next(
        one["room_id"]
        for one in server.rest("GET", "/rooms-acl", {"user_id": "super"})[1]["data"]
        if one["channel_id"] == CHANNEL_ID and one["room_id"] not in (ROOM_ID, HALL, CELLAR, LADIES, "grown")
    )
    enter("super", None), enter("anybody", None)
    found = join(server, admin_room, "super", "anybody")
    assert (found["success"], [error["status_code"] for error in found["errors"]]) == (1, [802])
    # Who came in is told of, whatever else is in the call.
    leave(server, admin_room, "super")
    found = join(server, admin_room, "super", "anybody", room_name="!")
    assert (found["success"], [error["status_code"] for error in found["errors"]]) == (1, [802])


def test_what_failed_and_why(server: RunningServer, enter: Enter) -> None:
    mod, rude, gone = enter("mod", HALL), enter("rude", None), enter("gone", None)
    ban = {"verb": "ban", "target": {"id": HALL, "objectType": "room"}}
    banned = {"id": "rude", "summary": "1h", "content": base64_of("why not")}
    assert mod.call("ban", ban | {"object": banned})["status_code"] == 200
    assert gone.call("status", {"verb": "offline"})["status_code"] == 200
    found = join(server, HALL, "rude", "gone", "nobody", "mod")
    assert (found["success"], found["failures"]) == (1, 3)
    first, *others = found["errors"]
    assert first["status_code"] == 703
    assert first["error"] in {
        f"user rude is banned from room Hall for {seconds} seconds. Reason: why not" for seconds in range(3500, 3601)
    }
    assert others == [{"status_code": 800, "error": f"user not online: {name}"} for name in ("gone", "nobody")]
    rude.sync()
    assert rude.heard("gn_user_joined") == []
    nowhere = {"status_code": 802, "error": "no room exists with id nowhere or name "}
    assert join(server, "nowhere", "mod", "rude") == {"success": 0, "failures": 2, "errors": [nowhere, nowhere]}
    found = join(server, "n" * 900_000, *map(str, range(1000)))
    assert {error["error"] for error in found["errors"]} == {f"no room exists with id {'n' * 64} or name "}
    found = join(server, "", "mod", room_name=base64_of("Nöwhere"))
    assert found["errors"] == [{"status_code": 802, "error": "no room exists with id  or name Nöwhere"}]


def test_a_name_beside_an_id_means_nothing(server: RunningServer, enter: Enter) -> None:
    enter("neighbour", None)
    assert join(server, HALL, "neighbour", room_name="!") == all_in(1)
    nowhere = {"status_code": 802, "error": "no room exists with id nowhere or name "}
    for name in ("!", base64_of("Hall")):
        assert join(server, "nowhere", "neighbour", room_name=name)["errors"] == [nowhere]


def test_a_hidden_user_comes_in_unseen(server: RunningServer, enter: Enter) -> None:
    watcher, shy = enter("watcher", LAWN), enter("shy", None)
    assert shy.call("status", {"verb": "invisible"})["status_code"] == 200
    assert join(server, LAWN, "shy") == all_in(1)
    assert shy.wait_for("gn_user_joined")["actor"]["id"] == "shy"
    leave(server, LAWN, "shy")
    watcher.sync()
    assert watcher.heard("gn_user_joined") == watcher.heard("gn_user_left") == []


@pytest.mark.parametrize("path", ["/join", "/leave"])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (None, 400),
        ([], 400),
        ({"room_id": HALL}, 400),
        ({"user_ids": []}, 400),
        ({"user_ids": [], "room_id": HALL}, 400),
        ({"user_ids": ["alice"]}, 400),
        ({"user_ids": "alice", "room_id": HALL}, 400),
        ({"user_ids": [None], "room_id": HALL}, 400),
        ({"user_ids": ["alice"] * 1001, "room_id": HALL}, 400),
        ({"user_ids": ["alice"], "room_id": 5}, 400),
        ({"user_ids": ["alice"], "room_name": "!"}, 400),
    ],
)
def test_bad_calls(server: RunningServer, enter: Enter, path: str, body: Any, status: int) -> None:
    alice = enter("alice", None)
    answered, answer = server.rest("POST", path, body)
    assert (answered, answer["status_code"]) == (status, 500)
    assert isinstance(answer["data"], str)
    alice.sync()
    assert alice.heard("gn_user_joined") == alice.heard("gn_user_left") == []
    assert "Traceback" not in server.log


def test_out_of_a_room_that_is_not_there(server: RunningServer) -> None:
    assert server.rest("POST", "/leave", {"user_ids": ["alice"], "room_id": "nowhere"})[0] == 404
    assert server.rest("POST", "/leave", {"user_ids": ["alice"], "room_name": base64_of("Nowhere")})[0] == 404


@pytest.mark.parametrize("path", ["/join", "/leave"])
def test_they_are_for_keys_of_rooms(server: RunningServer, path: str) -> None:
    body = {"user_ids": ["nobody"], "room_id": HALL}
    assert server.http("POST", path, body)[0] == 401
    assert server.http("POST", path, body, key="reader-key")[0] == 403
    assert server.http("POST", path, body, key="rooms-key")[0] == 200
