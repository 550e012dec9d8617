"""The access rules that users put on their rooms, and what becomes of rooms whose store is late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred, fail, succeed

from chat.acl import RULES_CHARACTERS
from chat.config import GlobalRoles
from chat.errors import StorageError
from chat.model import RoomId, UserId
from chat.storage.sql import SqlStore
from chat.testing import MemoryServer
from tests.conversing import eventually, logged_in
from tests.plugins.test_lives_of_rooms import CHANNELS, create, join, listed, made, remove, rename

ROLES = GlobalRoles(superusers=("super",))
Make = Callable[..., MemoryServer]


@pytest.fixture
def server(memory_server: Make) -> MemoryServer:
    return memory_server(channels=CHANNELS, roles=ROLES)


def rule(action: str, kind: str, value: str) -> dict[str, str]:
    return {"summary": action, "objectType": kind, "content": value}


@pytest.mark.parametrize(("user", "code"), [("alice", 705), ("super", 200), ("chief", 200), ("admin", 200)])
async def test_who_may_pull_others_into_a_room(server: MemoryServer, user: str, code: int) -> None:
    client = await logged_in(server, user)
    body = create("Pull", attachments=[rule("autojoin", "age", "18:")])
    assert (await client.call("create", body))["status_code"] == code


async def test_who_lacks_an_attribute_is_not_let_in_by_its_negation(server: MemoryServer) -> None:
    operator = await logged_in(server, "super")
    body = create("Pull", attachments=[rule("autojoin", "custom", "age=!1:1")])
    room = (await operator.call("create", body))["data"]["target"]["id"]
    for name, attributes, joins in (
        ("nobody", {}, False),
        ("adult", {"age": "30"}, True),
        ("baby", {"age": "1"}, False),
    ):
        client = server.client()
        await client.login(name, **attributes)
        await client.sync()
        assert [event["target"]["id"] for event in client.heard("gn_user_joined")] == ([room] if joins else [])


@pytest.mark.parametrize("user", ["super", "chief", "admin", "plain"])
@pytest.mark.parametrize("kind", ["custom", "disallow"])
async def test_nobody_passes_by_rules_for_autojoin(server: MemoryServer, user: str, kind: str) -> None:
    """They say who is meant, and those who pass by the rules for `join` are meant by what they are."""
    operator = await logged_in(server, "super")
    rules = [rule("autojoin", kind, "gender=f"), rule("join", "membership", "vip")]
    room = (await operator.call("create", create("Pull", attachments=rules)))["data"]["target"]["id"]
    for gender in ("m", "f"):
        client = server.client()
        await client.login(user, gender=gender)
        await client.sync()
        joins = kind == "custom" and gender == "f" and user != "plain"
        assert server.server.presence.occupies(UserId(user), room) is joins
        await client.leave()


async def test_the_rules_of_a_room_are_bounded(server: MemoryServer) -> None:
    alice = await logged_in(server, "alice")
    long = [rule(action, "city", "x" * 1000) for action in ("join", "list", "history", "message", "kick")]
    assert sum(len(one["content"]) for one in long) > RULES_CHARACTERS
    assert (await alice.call("create", create("Mine", attachments=long)))["status_code"] == 603
    assert (await alice.call("create", create("Mine", attachments=long[:3])))["status_code"] == 200
    for member, code in (("content", 603), ("objectType", 601), ("summary", 602)):
        too_long = rule("join", "age", "1:") | {member: "x" * 1025}
        assert (await alice.call("create", create("More", attachments=[too_long])))["status_code"] == code


async def test_the_same_name_again_is_no_news(server: MemoryServer) -> None:
    alice, bob = await logged_in(server, "alice"), await logged_in(server, "bob")
    room = await made(alice)
    reply = await alice.call("rename_room", rename(room, "Mine"))
    assert (reply["status_code"], reply["data"]["verb"]) == (200, "renamed")
    await bob.sync()
    assert bob.heard("gn_room_renamed") == []


async def test_a_removal_that_the_store_made_late_ends_the_room_at_the_next_try(
    server: MemoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = await logged_in(server, "alice"), await logged_in(server, "bob")
    room = await made(alice)
    await bob.call("join", join(room))
    monkeypatch.setattr(cast("SqlStore", server.server.services.store), "remove_room", _gone_before)
    assert (await alice.call("remove_room", remove(room)))["status_code"] == 200
    await bob.sync()
    assert len(bob.heard("gn_room_removed")) == 1
    assert room not in await listed(bob)
    assert (await alice.call("remove_room", remove(room)))["status_code"] == 802


def _gone_before(*arguments: Any) -> Deferred[bool]:
    return succeed(False)


def given_up(server: MemoryServer, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let the store do it the next time, and tell nobody that it did."""
    store = cast("SqlStore", server.server.services.store)
    method = getattr(store, name)

    def answer_too_late(*arguments: Any) -> Deferred[Any]:
        monkeypatch.setattr(store, name, method)
        done: Deferred[Any] = method(*arguments)
        return done.addCallback(lambda result: fail(StorageError("the store did not answer in time")))

    monkeypatch.setattr(store, name, answer_too_late)


async def test_a_name_that_the_store_took_late_is_in_force_at_the_next_try(
    server: MemoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = await logged_in(server, "alice"), await logged_in(server, "bob")
    room = await made(alice)
    given_up(server, monkeypatch, "rename_room")
    assert (await alice.call("rename_room", rename(room, "New name")))["status_code"] != 200
    assert (await alice.call("rename_room", rename(room, "New name")))["status_code"] == 200
    await bob.sync()
    assert len(bob.heard("gn_room_renamed")) == 1
    assert server.server.services.rooms.room(RoomId(room)).name == "New name"


async def test_rules_that_the_store_took_late_are_in_force_with_the_next_ones(
    server: MemoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sets any there, also other ones."""
    alice = await logged_in(server, "alice")
    room = await made(alice)

    async def set_rule(one: dict[str, str]) -> int:
        body = {"verb": "set", "target": {"id": room, "objectType": "room"}, "object": {"attachments": [one]}}
        return int((await alice.call("set_acl", body))["status_code"])

    given_up(server, monkeypatch, "set_acls")
    assert await set_rule(rule("join", "age", "18:")) != 200
    assert await set_rule(rule("list", "age", "18:")) == 200
    acls = server.server.services.rooms.room(RoomId(room)).acls
    assert [one.action for one in acls] == ["join", "list"]


async def test_two_who_remove_a_room_at_once(server: MemoryServer) -> None:
    alice, operator = await logged_in(server, "alice"), await logged_in(server, "super")
    room = await made(alice)
    both = [client.ask("remove_room", remove(room)) for client in (alice, operator)]
    assert sorted([(await reply)["status_code"] for reply in both]) == [200, 802]
    await alice.sync()
    assert len(alice.heard("gn_room_removed")) == 1


async def test_a_removal_says_the_name_that_the_room_has_by_then(server: MemoryServer) -> None:
    alice, operator = await logged_in(server, "alice"), await logged_in(server, "super")
    room = await made(alice)
    both = alice.ask("rename_room", rename(room, "New name")), operator.ask("remove_room", remove(room))
    assert [(await reply)["status_code"] for reply in both] == [200, 200]
    await eventually(lambda: alice.heard("gn_room_removed"))
    names = [alice.heard(name)[0]["target"]["displayName"] for name in ("gn_room_renamed", "gn_room_removed")]
    assert names[0] == names[1]
