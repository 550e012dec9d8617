"""Access rules ask for what an authenticator vouches for. Each way to say something else of oneself is tried here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chat.acl import ATTRIBUTES
from chat.config import AclRule, Auth, ChannelSection, RoomSection, StaticUser, UserOptions
from chat.model import UserId
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of
from tests.conversing import JOIN, ROOM

Make = Callable[..., MemoryServer]
WANTED = {"age": "30", "gender": "f", "membership": "vip", "user_id": "boss", "user_type": "0", "spoken_language": "en"}
RULES = tuple(
    AclRule(action="join", type=kind, value="30:30" if kind == "age" else WANTED.get(kind, "x"))
    for kind in sorted(ATTRIBUTES)
)
SECTIONS: dict[str, Any] = {
    "channels": (
        ChannelSection(
            id="lobby",
            name="Lobby",
            default=True,
            rooms=(RoomSection(id=ROOM, name="General", acls=RULES), RoomSection(id="open", name="Open")),
        ),
    ),
    "auth": Auth(kind="static", users=(StaticUser(id="alice", token="t", attributes={"age": "17"}),)),
}
CLAIMS = {kind: WANTED.get(kind, "x") for kind in (*ATTRIBUTES, *WANTED, "room_owner", "admin", "superuser", "owner")}


def attachments(**values: str) -> list[dict[str, str]]:
    return [{"objectType": kind, "content": base64_of(value)} for kind, value in values.items()]


async def logged_in(server: MemoryServer, token: str = "t", **claims: str) -> tuple[MemoryClient, int]:
    client = server.client()
    said = [*attachments(**claims), {"objectType": "token", "content": token}]
    actor = {"id": "alice", "displayName": base64_of("Boss"), "content": base64_of("superuser"), "attachments": said}
    return client, (await client.call("login", {"verb": "login", "actor": actor}))["status_code"]


async def joins(client: MemoryClient) -> int:
    return int((await client.call("join", JOIN))["status_code"])


async def test_what_a_login_says_is_not_believed(memory_server: Make) -> None:
    client, code = await logged_in(memory_server(**SECTIONS), **CLAIMS)
    assert (code, await joins(client)) == (200, 705)


async def test_a_login_that_fails_leaves_nothing(memory_server: Make) -> None:
    """Neither on its connection nor for the user's sessions."""
    server = memory_server(**SECTIONS)
    client, code = await logged_in(server)
    failed, refused = await logged_in(server, "wrong", **CLAIMS)
    assert (code, refused) == (200, 712)
    assert await joins(failed) == 804
    assert await joins(client) == 705
    again = await client.call(
        "login", {"verb": "login", "actor": {"id": "alice", "attachments": attachments(**CLAIMS)}}
    )
    assert (again["status_code"], await joins(client)) == (804, 705)


@pytest.mark.parametrize("kind", sorted(ATTRIBUTES))
@pytest.mark.parametrize("place", [{}, {"target": {"id": "open"}}])
async def test_nobody_sets_what_rules_ask_for(memory_server: Make, kind: str, place: dict[str, Any]) -> None:
    """Nor together with what users may set, nor spelt another way."""
    client, _ = await logged_in(memory_server(**SECTIONS))
    await client.call("join", {"verb": "join", "target": {"id": "open"}})
    for spelt in (kind, kind.upper(), f" {kind}", f"{kind}\u200b"):
        changed = attachments(avatar="a", **{spelt: "x"})
        reply = await client.call("update_user_info", {"verb": "update", "object": {"attachments": changed}} | place)
        assert reply["status_code"] == 705
    listed = await client.call("users_in_room", {"verb": "list", "target": {"id": "open"}})
    assert [user["attachments"] for user in listed["data"]["object"]["attachments"]] == [attachments(age="17")]


async def test_what_comes_with_a_command_is_not_believed(memory_server: Make) -> None:
    client, _ = await logged_in(memory_server(**SECTIONS))
    actor = {"id": "boss", "attachments": attachments(**CLAIMS), **CLAIMS}
    for body in (JOIN | {"actor": actor}, JOIN | {"actor": actor, "provider": CLAIMS, "object": actor}):
        assert (await client.call("join", body))["status_code"] == 705


async def test_what_was_set_before_the_rules_changed_is_not_believed(memory_server: Make) -> None:
    """What a user was once let set is dropped at the next login, unless it is one of the attributes that may stay."""
    server = memory_server(**SECTIONS, users=UserOptions(self_attributes=("avatar",)))
    await logged_in(server)
    await server.server.services.store.update_attributes(UserId("alice"), CLAIMS | {"avatar": "mine"})
    client, _ = await logged_in(server)
    assert await joins(client) == 705
    kept = await server.server.services.store.find_user(UserId("alice"))
    assert kept is not None
    assert dict(kept.attributes) == {"age": "17", "avatar": "mine"}


async def test_the_authenticator_is_believed(memory_server: Make) -> None:
    known = StaticUser(id="alice", token="t", attributes={kind: CLAIMS[kind] for kind in ATTRIBUTES})
    client, _ = await logged_in(memory_server(**SECTIONS | {"auth": Auth(kind="static", users=(known,))}))
    assert await joins(client) == 200
