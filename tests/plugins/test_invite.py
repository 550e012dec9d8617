"""invite: who hears of it, as what, and who is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import structs

from chat.config import AclRule, ChannelSection, GlobalRoles, RoomSection
from chat.testing import MemoryServer
from chat.texts import base64_of
from tests.conversing import ROOM, inside, logged_in
from tests.seeds.examples import VERBS, filled

CHANNELS = (
    ChannelSection(
        id="lobby",
        name="Lobby",
        default=True,
        rooms=(
            RoomSection(id=ROOM, name="General"),
            RoomSection(id="secret", name="Secret", access="members", owners=("alice",)),
        ),
    ),
)


def invite(user_id: str, room: str = ROOM) -> Any:
    """The example of an invitation, with real ids."""
    return filled(VERBS["invite"][0], {"target.id": user_id, "actor.url": room})


@pytest.fixture
def server(memory_server: Callable[..., MemoryServer]) -> MemoryServer:
    return memory_server(channels=CHANNELS, roles=GlobalRoles(superusers=("carol",)))


async def test_the_invited_user_hears_of_it_and_nobody_else(server: MemoryServer) -> None:
    carol = await inside(server, "carol")
    bob, again = await logged_in(server, "bob"), await logged_in(server, "bob")
    alice = server.client()
    await alice.login("alice", age="40", avatar="http://some-url.tld/foo.jpg", ip="10.0.0.1")
    await alice.join("General")
    for client in (alice, carol):
        await client.sync()
        client.events.clear()
    assert await alice.call("invite", invite("bob")) == {"status_code": 200}
    for client in (alice, bob, again, carol):
        await client.sync()
    assert alice.events == carol.events == []
    assert bob.events == again.events
    ((name, heard),) = bob.events
    assert name == "gn_invitation"
    assert heard.pop("provider") == {"id": "dev"}
    del heard["id"], heard["published"]
    assert heard == {
        "verb": "invite",
        "actor": {
            "id": "alice",
            "displayName": base64_of("alice"),
            "attachments": [
                {"objectType": "age", "content": "NDA="},
                {"objectType": "avatar", "content": "aHR0cDovL3NvbWUtdXJsLnRsZC9mb28uanBn"},
            ],
        },
        "object": {"url": "lobby", "displayName": base64_of("Lobby")},
        "target": {"id": ROOM, "displayName": base64_of("General")},
    }


async def test_the_actor_is_the_inviter_whatever_the_client_says(server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await logged_in(server, "bob")
    forged = invite("bob")
    forged["actor"] |= {"id": "carol", "displayName": base64_of("Carol")}
    assert (await alice.call("invite", forged))["status_code"] == 200
    await bob.sync()
    assert bob.heard("gn_invitation")[0]["actor"]["id"] == "alice"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"verb": "invite", "actor": {"url": ROOM}}, 502),
        ({"verb": "invite", "target": {"id": "bob"}}, 505),
        (invite("bob") | {"verb": "join"}, 607),
        (invite("nobody"), 800),
        (invite("bob", "nowhere"), 802),
    ],
)
async def test_refusals(server: MemoryServer, body: dict[str, Any], code: int) -> None:
    alice, bob = await inside(server, "alice"), await logged_in(server, "bob")
    assert (await alice.call("invite", body))["status_code"] == code
    await bob.sync()
    assert bob.events == []


async def test_who_is_outside_invites_nobody(server: MemoryServer) -> None:
    alice, bob = await logged_in(server, "alice"), await logged_in(server, "bob")
    assert (await alice.call("invite", invite("bob")))["status_code"] == 702
    assert (await alice.call("invite", invite("nobody")))["status_code"] == 702
    assert (await bob.call("invite", invite("alice", "secret")))["status_code"] == 802
    await bob.sync()
    assert bob.events == []


async def test_who_owns_a_room_invites_from_outside(server: MemoryServer) -> None:
    alice, bob = await logged_in(server, "alice"), await logged_in(server, "bob")
    place = {"target": {"displayName": base64_of("Mine")}, "object": {"url": "lobby"}}
    made = (await alice.call("create", {"verb": "create"} | place))["data"]["target"]["id"]
    assert (await alice.call("invite", invite("bob", made)))["status_code"] == 200
    await bob.sync()
    (invitation,) = bob.heard("gn_invitation")
    assert invitation["target"] == {"id": made, "displayName": base64_of("Mine")}


RULES = (AclRule(action="join", type="age", value="18:30"), AclRule(action="join", type="superuser", value="y"))


@pytest.mark.parametrize("is_online", [True, False])
async def test_who_cannot_come_in_does_not_hear_of_the_room_and_the_inviter_not_why(
    memory_server: Callable[..., MemoryServer], is_online: bool
) -> None:
    """Neither what a user is, nor that one is banned, may be read off the answers."""
    rooms = (
        *CHANNELS[0].rooms,
        *(RoomSection(id=rule.type, name=rule.type, owners=("alice",), acls=(rule,)) for rule in RULES),
        RoomSection(id="banned", name="Banned", owners=("alice",)),
    )
    server = memory_server(channels=(structs.replace(CHANNELS[0], rooms=rooms),))
    alice, bob = await inside(server, "alice"), await logged_in(server, "bob", age="37")
    place = {"target": {"id": "banned", "objectType": "room"}, "object": {"id": "bob", "summary": "1h"}}
    assert (await alice.call("ban", {"verb": "ban"} | place))["status_code"] == 200
    await bob.sync()
    bob.events.clear()
    if not is_online:
        await bob.leave()
    for room_id in ("secret", "age", "superuser", "banned"):
        assert await alice.call("invite", invite("bob", room_id)) == {"status_code": 200}
        assert (await alice.call("invite", invite("nobody", room_id)))["status_code"] == 800
    if is_online:
        await bob.sync()
    assert bob.events == []


async def test_the_answer_does_not_tell_who_is_online(server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await logged_in(server, "bob")
    await bob.call("status", {"verb": "invisible"})
    unseen = await alice.call("invite", invite("bob"))
    await bob.sync()
    assert len(bob.heard("gn_invitation")) == 1
    await bob.leave()
    assert await alice.call("invite", invite("bob")) == unseen == {"status_code": 200}


async def test_who_is_there_already_and_the_inviter_may_be_invited_too(server: MemoryServer) -> None:
    alice, bob = await inside(server, "alice"), await inside(server, "bob")
    for user_id in ("alice", "bob"):
        assert (await alice.call("invite", invite(user_id)))["status_code"] == 200
    for client in (alice, bob):
        await client.sync()
        assert len(client.heard("gn_invitation")) == 1
