"""The verb behind POST /join: users come into rooms because a backend wants it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chat.config import RoomOptions
from chat.errors import ChatError, ErrorCode
from chat.model import RoomId, UserId
from chat.plugin import Context
from chat.requests import BringIn, KeepOnline
from chat.testing import MemoryServer
from chat.times import utc_now
from tests.conversing import CHANNELS, ROOM, inside, logged_in, send

Make = Callable[..., MemoryServer]
BOB = UserId("bob")


async def bring_in(server: MemoryServer, user_id: str, asked_by: UserId | None = None) -> ErrorCode | None:
    """Why the user did not come in; the system asks unless another one does."""
    services = server.server.services
    user = services.users.system if asked_by is None else await services.users.known(asked_by)
    try:
        await services.dispatch(Context(utc_now(), user, None, "key"), BringIn(UserId(user_id), ROOM))
    except ChatError as refusal:
        return refusal.code
    return None


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(channels=CHANNELS)


async def test_a_session_that_stood_by_hears_the_room_too(server: MemoryServer) -> None:
    bob, second = await inside(server, "bob"), await logged_in(server, "bob")
    assert await bring_in(server, "bob") is None
    await bob.call("message", send("hello"))
    await second.sync()
    for client in (bob, second):
        assert [name for name, _ in client.events] == ["message"]
    await bob.call("leave", {"verb": "leave", "target": {"id": ROOM}})
    assert not server.server.services.presence.occupies(BOB, ROOM)


async def test_one_who_is_kept_online_without_a_session(server: MemoryServer) -> None:
    alice, services = await inside(server), server.server.services
    beating = await services.users.made_known(BOB, "Bob", utc_now())
    await services.dispatch(Context(utc_now(), services.users.system, None, "key"), KeepOnline((beating,)))
    assert await bring_in(server, "bob") is None
    await alice.sync()
    assert [joined["actor"]["id"] for joined in alice.heard("gn_user_joined")] == ["bob"]
    assert services.presence.occupies(BOB, ROOM)
    # A session that comes later stands by, until it joins.
    bob = await logged_in(server, "bob")
    assert await bring_in(server, "bob") is None
    await alice.call("message", send("hello"))
    await bob.sync()
    assert len(bob.heard("message")) == 1


async def test_it_is_for_operators_to_ask(server: MemoryServer) -> None:
    await logged_in(server, "bob")
    assert await bring_in(server, "bob", BOB) is ErrorCode.NOT_ALLOWED
    assert not server.server.services.presence.occupies(BOB, ROOM)


async def test_a_room_that_is_full_stays_so(memory_server: Make) -> None:
    server = memory_server(channels=CHANNELS, rooms=RoomOptions(max_users=1))
    await inside(server)
    await logged_in(server, "bob")
    assert await bring_in(server, "bob") is ErrorCode.ROOM_FULL
    assert await bring_in(server, "alice") is None


async def test_nobody_comes_into_a_room_that_is_about_to_go(server: MemoryServer) -> None:
    await logged_in(server, "bob")
    rooms = server.server.services.rooms
    rooms.close(rooms.room(RoomId(ROOM)))
    assert await bring_in(server, "bob") is ErrorCode.NO_SUCH_ROOM
