"""What a user wrote is deleted bit by bit: who may, what is told, and what becomes of it when others do so too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail

from chat.archive import Search
from chat.config import ChannelSection, GlobalRoles, RoomSection
from chat.errors import ChatError, ErrorCode, StorageError
from chat.model import UserId
from chat.plugin import Context
from chat.requests import DeleteWritten, WrittenDeleted
from chat.testing import MemoryClient, MemoryServer
from chat.times import utc_now
from tests.conversing import ROOM, inside, send

Make = Callable[..., MemoryServer]
ALICE = UserId("alice")
CHANNELS = (
    ChannelSection(name="Lobby", default=True, rooms=(RoomSection(id=ROOM, name="General", owners=("owner",)),)),
)
ROLES = GlobalRoles(superusers=("super",), globalmods=("mod",))


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(channels=CHANNELS, roles=ROLES)


async def step(server: MemoryServer, actor: str = "0", whom: str = ALICE, **members: Any) -> WrittenDeleted:
    """A bit of it, in the name of somebody."""
    services = server.server.services
    user = services.users.system if actor == "0" else await services.users.known(UserId(actor))
    request = DeleteWritten(user_id=UserId(whom), **members)
    outcome = await services.dispatch(Context(utc_now(), user, None, "key"), request)
    assert isinstance(outcome.reply, WrittenDeleted)
    return outcome.reply


async def said(client: MemoryClient, *texts: str) -> list[str]:
    """The ids of what is said."""
    return [(await client.call("message", send(text)))["data"]["id"] for text in texts]


async def heard(client: MemoryClient) -> list[str]:
    await client.sync()
    return [data["object"]["id"] for data in client.heard("gn_message_deleted")]


@pytest.mark.parametrize(
    ("actor", "whom", "may"),
    [
        ("mod", "alice", True),
        ("mod", "mod", True),
        ("super", "mod", True),
        ("0", "super", True),
        ("mod", "super", False),
        ("owner", "alice", False),
        ("alice", "alice", False),
        ("super", "0", False),
    ],
)
async def test_who_may(server: MemoryServer, actor: str, whom: str, may: bool) -> None:
    for name in ("alice", "owner", "mod", "super"):
        await said(await inside(server, name), "a")
    if may:
        assert await step(server, actor, whom) == WrittenDeleted(deleted=1, told=1, below=None)
        return
    with pytest.raises(ChatError) as refused:
        await step(server, actor, whom)
    assert refused.value.code is ErrorCode.NOT_ALLOWED
    assert await heard(await inside(server, "bob")) == []


async def test_nobody(server: MemoryServer) -> None:
    with pytest.raises(ChatError) as refused:
        await step(server, whom="nobody")
    assert refused.value.code is ErrorCode.NO_SUCH_USER


async def test_below_a_position(server: MemoryServer) -> None:
    """What came since it was begun stays."""
    bob, alice = await inside(server, "bob"), await inside(server)
    ids = await said(alice, *"abc")
    assert await step(server, below=3) == WrittenDeleted(deleted=2, told=2, below=None)
    assert await heard(bob) == [ids[1], ids[0]]
    assert await step(server, below=3) == WrittenDeleted(below=None)


async def test_where_nobody_is(server: MemoryServer) -> None:
    alice = await inside(server)
    await said(alice, *"ab")
    await alice.call("leave", {"verb": "leave", "target": {"id": ROOM}})
    assert await step(server) == WrittenDeleted(deleted=2, told=0, below=None)


async def test_what_somebody_else_deletes_first(server: MemoryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told once, and counted where it was done."""
    bob, alice = await inside(server, "bob"), await inside(server)
    ids = await said(alice, *"abc")
    services, searching = server.server.services, Deferred[Any]()
    found = await services.store.search_messages(Search(author=await services.users.known(ALICE), is_live=True))
    monkeypatch.setattr(services.store, "search_messages", lambda search, below: searching)
    stepping = Deferred.fromCoroutine(step(server))
    body = {"verb": "delete", "target": {"id": ROOM}, "object": {"id": ids[1]}}
    assert (await alice.call("delete", body))["status_code"] == 200
    searching.callback(found)
    assert await stepping == WrittenDeleted(deleted=2, told=2, below=None)
    assert await heard(bob) == [ids[1], ids[2], ids[0]]


async def test_a_store_that_does_not_take_it_away(server: MemoryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    bob, alice = await inside(server, "bob"), await inside(server)
    ids = await said(alice, *"ab")
    with monkeypatch.context() as patched:
        broken = fail(StorageError("the write failed"))
        patched.setattr(server.server.services.store, "delete_messages", lambda *arguments: broken)
        assert await step(server) == WrittenDeleted(failed=2, below=None)
    assert await heard(bob) == []
    assert await step(server) == WrittenDeleted(deleted=2, told=2, below=None)
    assert await heard(bob) == [ids[1], ids[0]]
