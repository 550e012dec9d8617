"""The published examples of the calls, sent as they are to a real server: each is taken, the answer has the published
shape, and what clients hear has it too. Where not, the cases say why.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
from twisted.internet.task import Clock

from chat.config import Config
from chat.server import Server
from chat.texts import base64_of
from tests.clients import Client
from tests.rest.cases import BARE, CASES, OWNED_ID, Case
from tests.rest.published import EXAMPLES, differences, numbered, shape
from tests.running import ROOM_ID, RunningServer, wait_until

EXTRA = f"""
[[channels.rooms]]
id = "{OWNED_ID}"
name = "Owned"
owners = ["124352"]
moderators = ["124352"]
[[channels]]
id = "00000000-0000-0000-0000-00000000000c"
name = "Other"
owners = ["124352"]
admins = ["124352"]
[rooms]
owner_grace_s = 1
[rest]
heartbeat_s = 1
[roles]
superusers = ["124352"]
globalmods = ["124352"]
"""
# Who is in the room, and who has been on the server.
PEOPLE, KNOWN = ("1234", "5678", "124352"), ("1971", "4942530", "4942529")


@pytest.fixture(scope="module")
def server(shared_server: RunningServer) -> RunningServer:
    """The server, with those known to it who have been on it."""
    for user_id in KNOWN:
        with Client(shared_server.url) as client:
            client.login(user_id)
    return shared_server


def forms(case: Case) -> Iterator[tuple[str, Any]]:
    """The ways to send a case: as a body, with ids as numbers, and without a body in the query string."""
    yield "body", case.body
    if numbered(case.body) != case.body:
        yield "numbers", numbered(case.body)
    if case.body and not case.name.startswith("POST "):
        yield "query", case.body


@pytest.mark.parametrize(
    ("case", "form", "body"),
    [
        pytest.param(case, *one, id=f"{case.name} {place} {one[0]}")
        for place, case in enumerate(CASES)
        for one in forms(case)
    ],
)
def test_every_example(server: RunningServer, case: Case, form: str, body: Any) -> None:
    with prepared(server, case) as people:
        status, answer = sent(server, case.call, form, body)
        assert status == case.status, answer
        found = set[str]()
        if case.answer is not None:
            found |= set(differences(published(case.name, case.answer), shape(answer), "answer"))
        if case.event is not None:
            name, place = case.event
            heard = people["5678"].wait_for(name)
            found |= set(differences(shape(EXAMPLES[case.name][place]), shape(heard), "event"))
    assert found == set().union(*(difference.found for difference in case.differs))


def test_every_example_is_used() -> None:
    used = {name: set[int]() for name in EXAMPLES}
    for case in CASES:
        used[case.name] |= case.used
    assert used == {name: set(range(len(examples))) for name, examples in EXAMPLES.items()}


def test_every_call_is_served() -> None:
    served = {f"{call.method} {call.path}" for call in Server(Config(), Clock()).endpoints}
    assert {case.call for case in CASES} <= served


def sent(server: RunningServer, call: str, form: str, body: Any) -> tuple[int, Any]:
    """Make the call in this form."""
    method, path = call.split()
    if form != "query":
        return server.rest(method, f"/{path}", body)
    words = {key: str(value).lower() if isinstance(value, bool) else value for key, value in body.items()}
    return server.rest(method, f"/{path}?{urlencode(words, doseq=True)}")


def published(name: str, place: int) -> Any:
    """The shape of an answer, in the envelope."""
    found = shape(EXAMPLES[name][place])
    return {"status_code": "int", "data": found} if (name, place) in BARE else found


@contextmanager
def prepared(server: RunningServer, case: Case) -> Iterator[dict[str, Client]]:
    """The people in the room, if there are to be any, and what is to be done before."""
    with ExitStack() as stack:
        people = {}
        for user_id in () if case.is_offline else PEOPLE:
            people[user_id] = stack.enter_context(Client(server.url, max_queue=None))
            enter(people[user_id], user_id)
        for call, body in case.before:
            assert sent(server, call, "body", body)[0] == 200
        yield people
    for place in ({"global": True}, {"room_id": ROOM_ID}):
        sent(server, "DELETE ban", "body", {"user_id": "1234"} | place)
    wait_until(lambda: is_as_before(server))


def is_as_before(server: RunningServer) -> bool:
    """Whether nobody is in a room any more, and what was made for a time is gone."""
    inside = sent(server, "GET rooms-for-users", "body", {"users": PEOPLE})[1]["data"]
    return not any(inside.values()) and "temporary" not in str(sent(server, "GET rooms", "body", None)[1])


def enter(client: Client, user_id: str) -> None:
    """Come into the room as somebody of whom everything is known that there is in the examples."""
    (somebody,) = EXAMPLES["GET users-in-rooms"][2]["data"]["2ddd90ac-1d44-4af5-9c7d-b9191bc35675"]
    claims = [{"objectType": kind, "content": content} for kind, content in somebody["info"].items()]
    actor = {"id": user_id, "displayName": base64_of(user_id), "attachments": claims}
    assert client.call("login", {"verb": "login", "actor": actor})["status_code"] == 200
    assert client.call("join", {"verb": "join", "target": {"id": ROOM_ID}})["status_code"] == 200
