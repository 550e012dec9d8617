"""What a user loses while a command waits is lost: the command is refused, and nobody hears of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs
from twisted.internet.defer import Deferred
from zope.interface import implementer

from chat.config import AclRule
from chat.errors import ChatError, ErrorCode
from chat.ichat import IGuard
from chat.model import Ban, BanScope, Mute, Role, RoomId, UserId
from chat.plugin import Context, Phase
from chat.requests import BringIn, SendMessage, TakeRole, Telling
from chat.slots import Activity
from chat.storage.calls import read_by
from chat.testing import MemoryServer
from chat.texts import base64_of
from chat.times import utc_now
from tests.banning import BAR, HALL, TOWN, Make, backend, inside, join, said
from tests.conversing import eventually, logged_in
from tests.held import Held

ALICE, CELLAR, HOUR = UserId("alice"), RoomId("cellar"), timedelta(hours=1)
CROSSING = AclRule(action="crossroom", type="samechannel", value="y")


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    lobby, *others = TOWN["channels"]
    return memory_server(channels=(structs.replace(lobby, acls=(CROSSING,)), *others), roles=TOWN["roles"])


def admin_room(server: MemoryServer) -> RoomId:
    """The room of the operators in the lobby."""
    rooms = server.server.services.rooms
    room = rooms.admin_room_of(rooms.room(HALL))
    assert room is not None
    return room.id


@implementer(IGuard)
class Slow:
    """A guard that says nothing until it is let through, for good, as one that asks another server."""

    name = "slow"
    phase = Phase.CUSTOM
    verbs = frozenset({"message", "edit"})

    def __init__(self) -> None:
        self.waiting: list[Deferred[None]] = []

    async def check(self, context: Context, request: Activity) -> None:
        """See `IGuard`."""
        self.waiting.append(Deferred())
        await self.waiting[-1]

    def let_through(self) -> None:
        """Everything that waits goes on."""
        for one in self.waiting:
            one.callback(None)


def mute(server: MemoryServer, room_id: RoomId) -> None:
    """Alice is muted there from now on."""
    now = utc_now()
    server.server.services.mutes.put(Mute(ALICE, room_id, UserId("0"), "1h", "", now + HOUR), now)


def ban(server: MemoryServer) -> None:
    """Alice is banned from everywhere from now on; nobody has ended the session yet."""
    now = utc_now()
    server.server.services.rooms.bans.put(Ban(ALICE, BanScope.GLOBAL, "", UserId("0"), "1h", "", now + HOUR), now)


def silenced(way: str, server: MemoryServer) -> str:
    """Alice may not speak any more that way; the verb of what she is told then."""
    if way == "ban":
        ban(server)
    else:
        mute(server, RoomId(way))
    return "ban" if way == "ban" else "mute"


def private(text: str) -> dict[str, Any]:
    """What is said to bob alone."""
    return {"verb": "send", "target": {"id": "bob", "objectType": "private"}, "object": {"content": base64_of(text)}}


@pytest.mark.parametrize(
    ("body", "way"),
    [
        (said("rude"), HALL),
        (said("rude"), "ban"),
        (said("rude", actor={"url": BAR}), HALL),
        (said("rude", actor={"url": BAR}), BAR),
        (private("rude"), "ban"),
    ],
)
async def test_who_is_silenced_while_guards_wait_says_nothing(
    server: MemoryServer, body: dict[str, Any], way: str
) -> None:
    alice, bob, slow = await inside(server, "alice", HALL, BAR), await inside(server, "bob", HALL), Slow()
    assert (await alice.call("message", private("before")))["status_code"] == 200
    await bob.sync()
    bob.events.clear()
    server.server.pipeline.add_guards([slow])
    saying = alice.ask("message", body)
    await eventually(lambda: slow.waiting)
    verb = silenced(way, server)
    slow.let_through()
    reply = await saying
    assert (reply["status_code"], reply["data"]["verb"]) == (703, verb)
    await bob.sync()
    assert bob.events == []


@pytest.mark.parametrize(("place", "way"), [("room", HALL), ("room", "ban"), ("private", "ban")])
async def test_who_is_silenced_while_a_message_is_looked_for_does_not_edit_it(
    server: MemoryServer, monkeypatch: pytest.MonkeyPatch, place: str, way: str
) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    message = (await alice.call("message", said("hello") if place == "room" else private("hello")))["data"]
    await bob.sync()
    bob.events.clear()
    held = Held(monkeypatch, "find_message", read_by)
    body = {"verb": "edit", "target": {"id": message["target"]["id"]}}
    editing = alice.ask("edit", body | {"object": {"id": message["id"], "content": base64_of("rude")}})
    await held.begun()
    verb = silenced(way, server)
    await held.let_through(server)
    reply = await editing
    assert (reply["status_code"], reply["data"]["verb"]) == (703, verb)
    await bob.sync()
    assert bob.events == []


@pytest.mark.parametrize("is_stored", [False, True])
@pytest.mark.parametrize(
    ("kind", "target", "way"), [("room", HALL, HALL), ("room", HALL, "ban"), ("private", "bob", "ban")]
)
async def test_nor_does_a_backend_say_it(
    server: MemoryServer, kind: str, target: str, way: str, is_stored: bool
) -> None:
    await inside(server, "alice")
    bob, slow, services = await inside(server, "bob"), Slow(), server.server.services
    server.server.pipeline.add_guards([slow])
    request = SendMessage(body="rude", target=target, kind=kind, telling=Telling(is_stored=is_stored))
    context = backend(server).on_behalf_of(await services.users.known(ALICE))
    saying = Deferred.fromCoroutine(server.server.pipeline.dispatch(context, request))
    await eventually(lambda: slow.waiting)
    silenced(way, server)
    slow.let_through()
    with pytest.raises(ChatError) as refused:
        await saying
    assert refused.value.code is ErrorCode.USER_IS_BANNED
    await bob.sync()
    assert bob.events == []


@pytest.mark.parametrize(
    ("user", "role", "where"),
    [("mod", Role.GLOBALMOD, {}), ("barkeeper", Role.OWNER, {"room_id": CELLAR})],
)
async def test_who_loses_the_role_that_lets_one_in_does_not_come_in(
    server: MemoryServer, monkeypatch: pytest.MonkeyPatch, user: str, role: Role, where: dict[str, Any]
) -> None:
    room_id = where.get("room_id") or admin_room(server)
    services, client = server.server.services, await logged_in(server, user)
    held = Held(monkeypatch, "recent_messages", read_by)
    joining = client.ask("join", join(room_id))
    await held.begun()
    await services.dispatch(backend(server), TakeRole(user_id=UserId(user), role=role, **where))
    await held.let_through(server)
    assert (await joining)["status_code"] == 802
    assert not services.presence.occupies(UserId(user), room_id)
    await client.sync()
    assert client.events == []


async def test_who_was_brought_into_a_room_joins_it_again(server: MemoryServer) -> None:
    """A room for members alone: whoever is in it belongs there."""
    alice = await logged_in(server, "alice")
    await server.server.services.dispatch(backend(server), BringIn(UserId("alice"), CELLAR))
    assert (await alice.call("join", join(CELLAR)))["status_code"] == 200


async def test_nobody_but_operators_is_brought_into_a_room_of_operators(server: MemoryServer) -> None:
    services, room_id = server.server.services, admin_room(server)
    for user in ("lobbyist", "mod"):
        await logged_in(server, user)
    await services.dispatch(backend(server), BringIn(UserId("mod"), room_id))
    with pytest.raises(ChatError) as refused:
        await services.dispatch(backend(server), BringIn(UserId("lobbyist"), room_id))
    assert refused.value.code is ErrorCode.NO_SUCH_ROOM
    assert services.presence.occupies(UserId("mod"), room_id)
    assert not services.presence.occupies(UserId("lobbyist"), room_id)
