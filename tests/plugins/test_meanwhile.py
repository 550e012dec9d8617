"""What a user loses while a command waits is lost: the command is refused, and nobody hears of it."""

from __future__ import annotations

from typing import Any

import pytest

from chat.errors import ChatError, ErrorCode
from chat.model import Role, RoomId, UserId
from chat.requests import BringIn, TakeRole
from chat.storage import reading
from chat.testing import MemoryServer
from tests.banning import HALL, TOWN, Make, backend, join
from tests.conversing import logged_in
from tests.held import Held

CELLAR = RoomId("cellar")


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(**TOWN)


def admin_room(server: MemoryServer) -> RoomId:
    """The room of the operators in the lobby."""
    rooms = server.server.services.rooms
    room = rooms.admin_room_of(rooms.room(HALL))
    assert room is not None
    return room.id


@pytest.mark.parametrize(
    ("user", "role", "where"),
    [("mod", Role.GLOBALMOD, {}), ("barkeeper", Role.OWNER, {"room_id": CELLAR})],
)
async def test_who_loses_the_role_that_lets_one_in_does_not_come_in(
    server: MemoryServer, monkeypatch: pytest.MonkeyPatch, user: str, role: Role, where: dict[str, Any]
) -> None:
    room_id = where.get("room_id") or admin_room(server)
    services, client = server.server.services, await logged_in(server, user)
    held = Held(monkeypatch, reading, "recent_messages")
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
