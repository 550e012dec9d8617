"""What the access rules cost a message: those of its room and channel are asked, however many there are elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec import structs

from chat.acl import condition_of
from chat.config import AclRule, ChannelSection, RoomSection
from chat.model import Acl, RoomId
from chat.testing import MemoryServer

from .conversing import ROOM, inside, send

RULES = tuple(AclRule(action="message", type=kind, value="y") for kind in ("room_owner", "owner"))
OTHERS = tuple(AclRule(action=action, type="disallow", value="y") for action in ("list", "kick", "ban", "setacl"))


@pytest.mark.parametrize("number", [0, 10_000])
@pytest.mark.parametrize(("user", "asked"), [("plain", 1), ("owner", 0), ("admin", 0)])
async def test_rules_of_other_rooms_cost_nothing(
    memory_server: Callable[..., MemoryServer], number: int, user: str, asked: int
) -> None:
    """The first rule that does not hold ends it; who passes by them is asked none."""
    room = RoomSection(id=ROOM, name="General", owners=("owner",), acls=(*RULES, *OTHERS))
    server = memory_server(channels=(ChannelSection(name="Lobby", default=True, admins=("admin",), rooms=(room,)),))
    rooms = server.server.services.rooms
    for one in range(number):
        acls = (Acl("message", "membership", str(one)),)
        rooms.put(structs.replace(rooms.room(ROOM), id=RoomId(f"room{one}"), name=f"Room {one}", acls=acls))
    client = await inside(server, user)
    before = condition_of.cache_info()
    code = (await client.call("message", send("hello")))["status_code"]
    after = condition_of.cache_info()
    assert code == (705 if user == "plain" else 200)
    assert after.hits + after.misses - before.hits - before.misses == asked
