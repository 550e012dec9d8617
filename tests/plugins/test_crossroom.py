"""Messages from one room into another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chat.config import AclRule, ChannelSection, GlobalRoles, RoomSection
from chat.model import RoomId, UserId
from chat.plugin import Context
from chat.requests import MutePlan, MuteUsers
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of
from chat.times import utc_now
from tests.conversing import logged_in

Make = Callable[..., MemoryServer]
HERE, THERE, FAR, SECRET = "here", "there", "far", "secret"


def rule(kind: str, value: str, action: str = "crossroom") -> AclRule:
    return AclRule(action=action, type=kind, value=value)


def world(
    here: tuple[AclRule, ...] = (),
    there: tuple[AclRule, ...] = (),
    far: tuple[AclRule, ...] = (),
    lobby: tuple[AclRule, ...] = (),
    other: tuple[AclRule, ...] = (),
) -> tuple[ChannelSection, ...]:
    """Two rooms in a channel, with a third for members, and one in another channel, with these rules."""
    return (
        ChannelSection(
            id="lobby",
            name="Lobby",
            default=True,
            admins=("adam",),
            acls=lobby,
            rooms=(
                RoomSection(id=HERE, name="Here", acls=here),
                RoomSection(id=THERE, name="There", acls=there, owners=("olga",)),
                RoomSection(id=SECRET, name="Secret", access="members", owners=("olga",)),
            ),
        ),
        ChannelSection(
            id="other", name="Other", acls=other, rooms=(RoomSection(id=FAR, name="Far", acls=far, owners=("olga",)),)
        ),
    )


async def enter(server: MemoryServer, user_id: str, *rooms: str) -> MemoryClient:
    client = await logged_in(server, user_id)
    for room in rooms:
        assert (await client.call("join", {"verb": "join", "target": {"id": room}}))["status_code"] == 200
    await client.sync()
    client.events.clear()
    return client


def across(target: str = THERE, origin: str | None = HERE, **members: Any) -> dict[str, Any]:
    """A message from a room into another one."""
    place = {"id": target, "objectType": "room"}
    body = {"verb": "send", "target": place, "object": {"content": base64_of("hello")} | members}
    return body if origin is None else body | {"actor": {"url": origin}}


async def sent(client: MemoryClient, *targets: str) -> list[int]:
    """The codes of messages into these rooms."""
    return [(await client.call("message", across(target)))["status_code"] for target in targets]


async def test_the_target_hears_where_it_comes_from(memory_server: Make) -> None:
    server = memory_server(channels=world())
    alice, near, bob = [await enter(server, *who) for who in (("alice", HERE), ("near", HERE), ("bob", THERE))]
    forged = across() | {"provider": {"url": "other", "displayName": "x"}}
    forged["actor"] |= {"id": "olga", "displayName": base64_of("Olga")}
    reply = await alice.call("message", forged)
    for client in (alice, near, bob):
        await client.sync()
    assert bob.events == [("message", reply["data"])]
    assert alice.heard("message") == near.heard("message") == []
    said = reply["data"]
    del said["id"], said["published"]
    assert said == {
        "verb": "send",
        "seq": 1,
        "actor": {"id": "alice", "displayName": base64_of("alice"), "url": HERE},
        "provider": {"url": "lobby", "displayName": base64_of("Lobby")},
        "target": {"id": THERE, "displayName": base64_of("There"), "objectType": "room"},
        "object": {
            "content": base64_of("hello"),
            "url": "lobby",
            "displayName": base64_of("Lobby"),
            "objectType": "room",
        },
    }


async def test_it_is_kept_in_the_target_and_may_be_tried_again(memory_server: Make) -> None:
    server = memory_server(channels=world())
    alice, bob = await enter(server, "alice", HERE), await enter(server, "bob", THERE)
    replies = [await alice.call("message", across(id="once")) for _ in range(2)]
    assert replies[0] == replies[1]
    await bob.sync()
    assert len(bob.heard("message")) == 1
    heads = []
    for room in (HERE, THERE):
        body = {"verb": "list", "target": {"id": room}, "object": {"seq": 0}}
        heads.append((await bob.call("history", body))["data"]["object"]["head"])
    assert heads == [0, 1]


async def test_a_message_from_its_own_room_crosses_nothing(memory_server: Make) -> None:
    server = memory_server(channels=world(here=(rule("crossroom", "n"), rule("disallow", "y"))))
    alice = await enter(server, "alice", HERE)
    said = await alice.call("message", across(HERE))
    assert said["status_code"] == 200
    assert "provider" not in said["data"]
    assert "url" not in said["data"]["actor"]


@pytest.mark.parametrize(
    ("target", "origin", "code"),
    [
        (THERE, None, 702),
        (THERE, FAR, 702),
        (THERE, "nowhere", 802),
        (THERE, SECRET, 802),
        ("nowhere", HERE, 802),
        (SECRET, HERE, 802),
        (FAR, HERE, 705),
        (THERE, "x" * 65, 706),
    ],
)
async def test_refusals(memory_server: Make, target: str, origin: str | None, code: int) -> None:
    server = memory_server(channels=world())
    alice = await enter(server, "alice", HERE)
    olga = await enter(server, "olga", THERE, FAR, SECRET)
    assert (await alice.call("message", across(target, origin)))["status_code"] == code
    await olga.sync()
    assert olga.heard("message") == []


async def test_saying_where_one_is_does_not_help_elsewhere(memory_server: Make) -> None:
    """The channels of the two rooms are compared, whatever the client says of them."""
    server = memory_server(channels=world())
    alice, bob = await enter(server, "alice", HERE), await enter(server, "bob", FAR)
    body = across(FAR) | {"provider": {"url": "other"}}
    body["object"]["url"] = "other"
    assert (await alice.call("message", body))["status_code"] == 705
    await bob.sync()
    assert bob.heard("message") == []


VIP = rule("membership", "vip")


@pytest.mark.parametrize(
    ("rules", "there", "far"),
    [
        ({"there": (rule("crossroom", "y"),), "here": (rule("crossroom", "y"),)}, 200, 705),
        ({"there": (rule("crossroom", "n"),)}, 705, 705),
        ({"here": (rule("crossroom", "n"),)}, 705, 705),
        ({"lobby": (rule("crossroom", "n"),)}, 705, 705),
        ({"there": (rule("disallow", "y"),)}, 705, 705),
        ({"there": (VIP,)}, 705, 705),
        ({"here": (VIP,)}, 705, 705),
        ({"lobby": (VIP,)}, 705, 705),
        ({"there": (rule("sameroom", "y"),)}, 705, 705),
        ({"there": (rule("sameroom", "y", "message"),)}, 705, 705),
        ({"there": (rule("crossroom", "n", "message"),)}, 705, 705),
        ({"here": (rule("sameroom", "y", "message"),)}, 200, 705),
        ({"there": (rule("samechannel", "y"),), "far": (rule("samechannel", "y"),)}, 200, 705),
        ({"far": (rule("samechannel", "n"),)}, 200, 200),
        ({"other": (rule("samechannel", "n"),)}, 200, 200),
        ({"here": (rule("samechannel", "n"),), "lobby": (rule("samechannel", "n"),)}, 200, 705),
        ({"far": (rule("samechannel", "n"),), "here": (rule("samechannel", "y"),)}, 200, 705),
        ({"far": (rule("samechannel", "n"), rule("samechannel", "y", "message"))}, 200, 705),
        ({"far": (rule("samechannel", "n"),), "other": (VIP,)}, 200, 705),
    ],
)
async def test_the_rules_of_both_rooms_and_their_channels(
    memory_server: Make, rules: dict[str, tuple[AclRule, ...]], there: int, far: int
) -> None:
    server = memory_server(channels=world(**rules))
    alice = await enter(server, "alice", HERE)
    assert await sent(alice, THERE, FAR) == [there, far]


async def test_whom_the_rules_do_not_concern(memory_server: Make) -> None:
    forbidden = (rule("crossroom", "n"), VIP)
    roles = GlobalRoles(globalmods=("mod",))
    server = memory_server(channels=world(there=forbidden, lobby=(VIP,), far=forbidden), roles=roles)
    mod, adam, olga = [await enter(server, name, HERE) for name in ("mod", "adam", "olga")]
    assert await sent(mod, THERE, FAR) == [200, 200]
    assert await sent(adam, THERE, FAR) == [200, 705]
    assert await sent(olga, THERE) == [705]


async def test_owners_skip_the_rules_of_their_room_and_not_those_of_its_channel(memory_server: Make) -> None:
    server = memory_server(channels=world(there=(rule("crossroom", "n"), VIP), other=(VIP,)))
    olga, alice = await enter(server, "olga", HERE), await enter(server, "alice", HERE)
    assert await sent(olga, THERE, FAR) == [200, 705]
    assert await sent(alice, THERE, FAR) == [705, 705]


@pytest.mark.parametrize("muted_in", [HERE, THERE])
async def test_a_mute_in_either_room_stops_it(memory_server: Make, muted_in: str) -> None:
    server = memory_server(channels=world())
    alice = await enter(server, "alice", HERE, THERE)
    await enter(server, "bob", THERE)
    system = Context(utc_now(), server.server.services.users.system, None, "key")
    plan = MutePlan(UserId("alice"), RoomId(muted_in), "1h", "", UserId("bob"))
    await server.server.pipeline.dispatch(system, MuteUsers((plan,)))
    refused = await alice.call("message", across())
    assert refused["status_code"] == 703
    assert refused["data"]["target"]["id"] == muted_in
    codes = {room: (await alice.call("message", across(room, None)))["status_code"] for room in (HERE, THERE)}
    assert codes == {room: 703 if room == muted_in else 200 for room in (HERE, THERE)}
