"""GET /online over real HTTP: who is online, in what order, in which rooms, and as what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from chat.texts import base64_of
from tests.clients import Client
from tests.rest.town import GROWN, HALL, LADIES, LAWN, TOWN
from tests.running import RunningServer

EXTRA = TOWN
Enter = Callable[..., Client]


@pytest.fixture
def server(shared_server: RunningServer) -> RunningServer:
    return shared_server


def ask(server: RunningServer, **members: Any) -> Any:
    status, answer = server.rest("GET", "/online", members)
    assert (status, answer["status_code"]) == (200, 200), answer
    return answer["data"]


def ids(page: Any) -> list[str]:
    return [user["user_id"] for user in page["items"]]


def test_who_is_online(server: RunningServer, enter: Enter) -> None:
    amy, bob = enter("amy-0", HALL), enter("bob-0", None)
    amy.call("join", {"verb": "join", "target": {"id": LAWN}})
    bob.call("status", {"verb": "invisible"})
    found = ask(server, search=base64_of("-0"))
    assert found == {
        "count": 2,
        "items": [
            {
                "user_id": "amy-0",
                "name": base64_of("amy-0"),
                "status": "online",
                "rooms": [
                    {"room_id": HALL, "room_name": base64_of("Hall")},
                    {"room_id": LAWN, "room_name": base64_of("Lawn")},
                ],
                "roles": "",
            },
            {"user_id": "bob-0", "name": base64_of("bob-0"), "status": "invisible", "rooms": [], "roles": ""},
        ],
        "next": None,
    }
    amy.socket.close()
    bob.sync()
    assert ids(ask(server, search=base64_of("-0"))) == ["bob-0"]


def test_roles_everywhere_and_in_a_room(server: RunningServer, enter: Enter) -> None:
    for user_id in ("super", "owner", "gardener"):
        enter(user_id, HALL)
    found = ask(server)["items"]
    assert {user["user_id"]: user["roles"] for user in found if user["roles"]} == {"super": "superuser,globalmod"}
    inside = ask(server, room_id=HALL)["items"]
    assert {user["user_id"]: user["roles"] for user in inside} == {
        "super": "superuser,globalmod",
        "owner": "moderator,owner",
        "gardener": "",
    }
    assert inside == ask(server, room_name=base64_of("Hall"))["items"]
    assert ask(server, room_id=LADIES) == {"count": 0, "items": [], "next": None}


def test_page_by_page_in_the_order_of_names(server: RunningServer) -> None:
    names = {"p1": "béa-p", "p2": "Zoë-p", "p3": "anna-p", "p4": "Béa-p"}
    clients = [Client(server.url) for _ in names]
    for client, (user_id, name) in zip(clients, names.items(), strict=True):
        client.login(user_id, name)
    pages = [ask(server, search=base64_of("-P"), limit=2)]
    pages.append(ask(server, search=base64_of("-P"), limit=2, after=pages[0]["next"]))
    assert [ids(page) for page in pages] == [["p3", "p1"], ["p4", "p2"]]
    assert [page["count"] for page in pages] == [4, 4]
    assert pages[1]["next"] is None
    query = f"/online?search={quote(base64_of('ZOË'))}&limit=1"
    assert ids(server.rest("GET", query)[1]["data"]) == ["p2"]
    assert ids(ask(server, search=base64_of("P3"))) == ["p3"]
    for client in clients:
        client.socket.close()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        ([], 400),
        ({"limit": 0}, 400),
        ({"limit": 501}, 400),
        ({"limit": "many"}, 400),
        ({"search": "!"}, 400),
        ({"search": 5}, 400),
        ({"after": "!"}, 400),
        ({"after": base64_of("x")}, 400),
        ({"after": base64_of('["x"]')}, 400),
        ({"after": base64_of('["x", 1]')}, 400),
        ({"room_id": "nowhere"}, 404),
        ({"room_name": "!"}, 400),
        ({"room_name": base64_of("nowhere")}, 404),
        (b" " * 2_000_000, 413),
    ],
)
def test_bad_calls(server: RunningServer, body: Any, status: int) -> None:
    answered, answer = server.rest("GET", "/online", body)
    assert (answered, answer["status_code"]) == (status, 500)
    assert isinstance(answer["data"], str)
    assert len(answer["data"]) < 200


def test_keys_and_methods(server: RunningServer) -> None:
    assert server.http("GET", "/online")[0] == 401
    assert server.http("GET", "/online", key="rooms-key")[0] == 403
    assert server.http("GET", f"/online?room_id={GROWN}", key="reader-key")[0] == 200
    assert server.rest("POST", "/online", {})[0] == 405
    assert "Traceback" not in server.log
