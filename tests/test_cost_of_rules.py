"""What the access rules cost a message: those of its room and channel are asked, however many there are elsewhere, and
the text of none is read again.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType

import pytest
from msgspec import structs

from chat.acl import CONDITIONS_SHARED
from chat.config import AclRule, ChannelSection, RoomSection
from chat.model import Acl, RoomId, User, UserId
from chat.testing import MemoryServer

from .conversing import CHANNELS, ROOM, inside, send

Make = Callable[..., MemoryServer]
RULES = tuple(AclRule(action="message", type=kind, value="y") for kind in ("room_owner", "owner"))
OTHERS = tuple(AclRule(action=action, type="disallow", value="y") for action in ("list", "kick", "ban", "setacl"))
MANY = 4 * CONDITIONS_SHARED


def calls_in_rules(server: MemoryServer, user: User, room_id: RoomId) -> Counter[str]:
    """The functions of the modules that know rules that are called to see whether the user may write in the room."""
    calls: Counter[str] = Counter()
    rooms = server.server.services.rooms
    room = rooms.room(room_id)

    def count(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_globals.get("__name__") in ("chat.acl", "chat.acl_grammar"):
            calls[frame.f_code.co_name] += 1

    sys.setprofile(count)
    try:
        rooms.permits.lets(user, "message", room)
    finally:
        sys.setprofile(None)
    return calls


def put_rooms(server: MemoryServer, number: int, kind: str, value: str) -> list[RoomId]:
    """So many rooms more, each with a rule for messages of its own: `value` with the number of the room in it."""
    rooms = server.server.services.rooms
    ids = [RoomId(f"room{one}") for one in range(number)]
    for one, room_id in enumerate(ids):
        acls = (Acl("message", kind, value.format(one)),)
        rooms.put(structs.replace(rooms.room(ROOM), id=room_id, name=f"Room {one}", acls=acls))
    return ids


@pytest.mark.parametrize(("user_id", "asked"), [("plain", 1), ("owner", 0), ("admin", 0)])
async def test_rules_of_other_rooms_cost_nothing(memory_server: Make, user_id: str, asked: int) -> None:
    """The first rule that does not hold ends it; who passes by them is asked none."""
    room = RoomSection(id=ROOM, name="General", owners=("owner",), acls=(*RULES, *OTHERS))
    server = memory_server(channels=(ChannelSection(name="Lobby", default=True, admins=("admin",), rooms=(room,)),))
    client = await inside(server, user_id)
    user = server.server.services.presence.user(UserId(user_id))
    assert user is not None
    without = calls_in_rules(server, user, ROOM)
    assert without["<lambda>"] == asked
    put_rooms(server, 10_000, "membership", "{}")
    assert calls_in_rules(server, user, ROOM) == without
    assert (await client.call("message", send("hello")))["status_code"] == (705 if asked else 200)


async def test_a_custom_rule_is_read_when_it_is_put_and_never_again(memory_server: Make) -> None:
    """However many different ones there are."""
    server = memory_server(channels=CHANNELS)
    user = User(1, UserId("plain"), "Plain", "login", {"age": str(MANY)})
    ids = put_rooms(server, MANY, "custom", "age=!{0}:{0},(age=1:|gender=f)")
    asked = [calls_in_rules(server, user, room_id) for room_id in ids * 2]
    assert all(calls == asked[0] for calls in asked)
    assert asked[0]["__call__"] > 0
    assert not {"parse", "whole", "_condition", "condition_of", "_single"} & set(asked[0])
