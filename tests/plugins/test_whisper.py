"""whisper: to whom, what of it is seen, and who is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chat.config import AclRule, ChannelSection, GlobalRoles, MessageOptions, RoomSection
from chat.model import RoomId, UserId
from chat.plugin import Context
from chat.requests import MutePlan, MuteUsers
from chat.testing import MemoryServer
from chat.texts import base64_of
from chat.times import utc_now
from tests.conversing import CHANNELS, ROOM, inside, logged_in

VIP = AclRule(action="whisper", type="membership", value="vip")
RULED = (
    ChannelSection(
        id="lobby",
        name="Lobby",
        default=True,
        admins=("carol",),
        acls=(VIP,),
        rooms=(
            RoomSection(id=ROOM, name="General", owners=("dave",)),
            RoomSection(id="secret", name="Secret", access="members", owners=("dave",)),
        ),
    ),
)


def whisper(to: str, text: str = "psst", room: str = ROOM) -> Any:
    """The body of a whisper."""
    return {"verb": "whisper", "target": {"id": to}, "actor": {"url": room}, "object": {"content": base64_of(text)}}


@pytest.fixture
def server(memory_server: Callable[..., MemoryServer]) -> MemoryServer:
    return memory_server(
        channels=CHANNELS, roles=GlobalRoles(superusers=("carol",)), messages=MessageOptions(max_characters=20)
    )


async def test_all_sessions_of_the_target_hear_it_and_nobody_else(server: MemoryServer) -> None:
    alice, again, carol = [await inside(server, name) for name in ("alice", "alice", "carol")]
    bob, elsewhere = await inside(server, "bob"), await logged_in(server, "bob")
    for client in (alice, again, carol):
        client.events.clear()
    reply = await alice.call("whisper", whisper("bob"))
    for client in (alice, again, bob, elsewhere, carol):
        await client.sync()
    assert reply["status_code"] == 200
    assert bob.events == elsewhere.events == [("gn_whisper", reply["data"])]
    assert alice.events == again.events == carol.events == []


async def test_what_the_target_gets(server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    forged = whisper("bob") | {"id": "forged", "published": "2001-01-01T00:00:00Z", "provider": {"url": "x"}}
    forged["actor"] |= {"id": "carol", "displayName": base64_of("Carol")}
    await alice.call("whisper", forged)
    await bob.sync()
    (heard,) = bob.heard("gn_whisper")
    assert heard.pop("id") != "forged"
    assert not heard.pop("published").startswith("2001")
    lobby = server.server.services.rooms.room(ROOM).channel_id
    assert heard == {
        "verb": "whisper",
        "provider": {"id": "dev"},
        "actor": {"id": "alice", "displayName": base64_of("alice"), "url": ROOM},
        "target": {"id": "bob", "displayName": base64_of("bob"), "objectType": "user"},
        "object": {"content": base64_of("psst"), "url": lobby, "displayName": base64_of("Lobby")},
    }


async def test_a_whisper_is_not_kept(server: MemoryServer) -> None:
    alice = await inside(server, "alice")
    await inside(server, "bob")
    assert (await alice.call("whisper", whisper("bob")))["status_code"] == 200
    history = await alice.call("history", {"verb": "list", "target": {"id": ROOM}, "object": {"seq": 0}})
    assert history["data"]["object"]["head"] == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"verb": "whisper", "actor": {"url": ROOM}, "object": {"content": "aGk="}}, 502),
        ({"verb": "whisper", "target": {"id": "bob"}, "object": {"content": "aGk="}}, 505),
        ({"verb": "whisper", "target": {"id": "bob"}, "actor": {"url": ROOM}, "object": {}}, 506),
        ({"verb": "whisper", "target": {"id": "bob"}, "actor": {"url": ROOM}}, 507),
        (whisper("bob") | {"verb": "shout"}, 607),
        (whisper("bob", " \n"), 700),
        (whisper("bob") | {"object": {"content": "aGk"}}, 701),
        (whisper("bob", "x" * 21), 714),
        (whisper("bob", room="nowhere"), 802),
        (whisper("alice"), 723),
        (whisper("nobody"), 800),
        (whisper("erin"), 702),
        (whisper("bob", "x" * 20), 200),
        (whisper("bob") | {"verb": "send"}, 200),
    ],
)
async def test_refusals(server: MemoryServer, body: dict[str, Any], code: int) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    await logged_in(server, "erin")
    assert (await alice.call("whisper", body))["status_code"] == code
    await bob.sync()
    assert len(bob.heard("gn_whisper")) == (code == 200)


async def test_who_is_not_in_the_room_whispers_to_nobody_there(server: MemoryServer) -> None:
    alice, bob = await logged_in(server, "alice"), await inside(server, "bob")
    assert (await alice.call("whisper", whisper("bob")))["status_code"] == 702
    assert (await alice.call("whisper", whisper("nobody")))["status_code"] == 702
    await bob.sync()
    assert bob.events == []


async def test_who_is_not_logged_in_whispers_to_nobody(server: MemoryServer) -> None:
    assert (await server.client().call("whisper", whisper("bob")))["status_code"] == 804


async def test_the_invisible_are_as_those_who_are_not_there(server: MemoryServer) -> None:
    alice, bob, carol = [await inside(server, name) for name in ("alice", "bob", "carol")]
    await logged_in(server, "erin")
    absent = await alice.call("whisper", whisper("erin"))
    await bob.call("status", {"verb": "invisible"})
    assert await alice.call("whisper", whisper("bob")) == absent
    assert (await carol.call("whisper", whisper("bob")))["status_code"] == 200
    assert (await bob.call("whisper", whisper("alice")))["status_code"] == 200
    await bob.sync()
    assert [heard["actor"]["id"] for heard in bob.heard("gn_whisper")] == ["carol"]


async def test_a_mute_stops_whispers_in_its_room(server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    system = Context(utc_now(), server.server.services.users.system, None, "key")
    plan = MutePlan(UserId("alice"), RoomId(ROOM), "1h", "", UserId("bob"))
    await server.server.pipeline.dispatch(system, MuteUsers((plan,)))
    refused = await alice.call("whisper", whisper("bob"))
    assert (refused["status_code"], refused["data"]["verb"]) == (703, "mute")
    assert (await bob.call("whisper", whisper("alice")))["status_code"] == 200


async def test_the_rules_of_the_channel(memory_server: Callable[..., MemoryServer]) -> None:
    server = memory_server(channels=RULED, roles=GlobalRoles(globalmods=("mod",)))
    clients = {name: await inside(server, name) for name in ("alice", "dave", "carol", "mod")}
    vip = server.client()
    await vip.login("vip", membership="vip")
    await vip.call("join", {"verb": "join", "target": {"id": ROOM}})
    codes = {name: (await client.call("whisper", whisper("vip")))["status_code"] for name, client in clients.items()}
    assert codes == {"alice": 720, "dave": 720, "carol": 200, "mod": 200}
    assert (await vip.call("whisper", whisper("alice")))["status_code"] == 200


async def test_a_room_for_members_is_not_betrayed(memory_server: Callable[..., MemoryServer]) -> None:
    server = memory_server(channels=RULED)
    alice = await inside(server, "alice")
    assert (await alice.call("whisper", whisper("dave", room="secret")))["status_code"] == 802
