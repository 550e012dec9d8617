"""Words are set and ended at run time, with a row in the audit log each; they survive a restart, no name has any."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults

from chat.config import Content
from chat.errors import ChatError
from chat.model import UserId
from chat.plugin import Context
from chat.requests import AllowWord, ForbidWord
from chat.slots import Activity
from chat.testing import MemoryClient, MemoryServer
from chat.texts import base64_of
from chat.times import utc_now
from chat.words import WORD_LENGTH
from tests.banning import HALL, LOBBY, TOWN, Make, inside, said
from tests.conversing import counted

CONTENT = Content(blacklist=("declared",))


async def ask(server: MemoryServer, request: Activity, user_id: str = "0") -> int:
    """In the name of a user, with a key."""
    services = server.server.services
    user = services.users.system if user_id == "0" else await services.users.known(UserId(user_id))
    try:
        await services.dispatch(Context(utc_now(), user, None, "key"), request)
    except ChatError as refusal:
        return refusal.code.wire
    return 200


def rows(server: MemoryServer) -> tuple[list[Any], list[Any]]:
    """The words that are stored, and the audit log."""
    with closing(sqlite3.connect(f"{server.server.config.data_dir}/chat.db")) as database:
        words = database.execute("SELECT word FROM blacklist ORDER BY key").fetchall()
        log = database.execute("SELECT key_name, actor_id, action, user_id, room_id, reason FROM audit ORDER BY key")
        return [word for (word,) in words], log.fetchall()


async def is_heard(client: MemoryClient, text: str) -> bool:
    """Whether others hear it."""
    return "seq" in (await client.call("message", said(text)))["data"]


async def test_a_word_is_in_force_from_then_to_its_end(memory_server: Make) -> None:
    server = memory_server(**TOWN)
    alice = await inside(server, "alice")
    assert await is_heard(alice, "bàd")
    assert await ask(server, ForbidWord(" Bàd ")) == 200
    assert not await is_heard(alice, "so bad")
    assert await ask(server, ForbidWord("bad")) == await ask(server, ForbidWord("BAD")) == 200
    assert rows(server) == (["Bàd"], [("key", "0", "forbid-word", "0", None, "Bàd")])
    assert await ask(server, AllowWord("b\u200bad")) == 200
    assert await is_heard(alice, "so bad")
    assert await ask(server, AllowWord("bad")) == 200
    assert rows(server)[0] == []
    assert [row[2] for row in rows(server)[1]] == ["forbid-word", "allow-word"]


async def test_two_at_once_that_come_to_the_same_end_together(memory_server: Make) -> None:
    server = memory_server(**TOWN)
    alice = await inside(server, "alice")
    await gatherResults([Deferred.fromCoroutine(ask(server, ForbidWord(word))) for word in ("bad", "Bad")])
    assert rows(server)[0] == ["bad", "Bad"]
    assert await ask(server, AllowWord("BAD")) == 200
    assert rows(server)[0] == []
    assert await is_heard(alice, "bad")


async def test_words_survive_a_restart(memory_server: Make) -> None:
    server = memory_server(**TOWN)
    for word in ("bad", "Wörse"):
        assert await ask(server, ForbidWord(word)) == 200
    assert await ask(server, AllowWord("bad")) == 200
    await server.stop()
    server = memory_server(data_dir=server.server.config.data_dir, **TOWN)
    alice = await inside(server, "alice")
    assert await is_heard(alice, "bad")
    assert not await is_heard(alice, "worse")
    assert await ask(server, AllowWord("worse")) == 200
    assert await is_heard(alice, "worse")


async def test_words_of_the_configuration_stay(memory_server: Make) -> None:
    server = memory_server(**TOWN, content=CONTENT)
    alice = await inside(server, "alice")
    assert not await is_heard(alice, "declared")
    assert await ask(server, AllowWord("DECLARED")) == 200
    assert not await is_heard(alice, "declared")
    assert await ask(server, ForbidWord("declared")) == 200
    assert rows(server)[0] == ["declared"]
    server.server.services.words.declare(())
    assert not await is_heard(alice, "declared")
    assert await ask(server, AllowWord("declared")) == 200
    assert await is_heard(alice, "declared")


async def test_what_was_set_besides_the_configuration_can_be_taken_back(memory_server: Make) -> None:
    server = memory_server(**TOWN, content=CONTENT)
    alice = await inside(server, "alice")
    assert await ask(server, ForbidWord("declared")) == await ask(server, AllowWord("Declared")) == 200
    assert rows(server)[0] == []
    assert [row[2] for row in rows(server)[1]] == ["forbid-word", "allow-word"]
    assert not await is_heard(alice, "declared")
    server.server.services.words.declare(())
    assert await is_heard(alice, "declared")


@pytest.mark.parametrize("word", ["", " ", "\u200b", "x" * (WORD_LENGTH + 1)])
@pytest.mark.parametrize("kind", [ForbidWord, AllowWord])
async def test_what_is_no_word_is_refused(memory_server: Make, kind: type[ForbidWord | AllowWord], word: str) -> None:
    server = memory_server(**TOWN)
    assert await ask(server, kind(word)) == 706
    assert rows(server) == ([], [])


@pytest.mark.parametrize(("user_id", "code"), [("alice", 705), ("owner", 705), ("lobbyist", 705), ("mod", 200)])
async def test_operators_alone_may(memory_server: Make, user_id: str, code: int) -> None:
    server = memory_server(**TOWN)
    await inside(server, user_id)
    assert await ask(server, ForbidWord("bad"), user_id) == code
    assert rows(server)[0] == ["bad"] * (code == 200)
    assert await ask(server, AllowWord("bad"), user_id) == code
    assert rows(server)[0] == []


async def test_with_no_words_nobody_is_asked_more(memory_server: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    server = memory_server(**TOWN)
    alice = await inside(server, "alice")
    for look in ("chat.words.readings", "chat.plugins.blacklist._texts"):
        monkeypatch.setattr(look, lambda text: pytest.fail("a text was read"))
    assert await is_heard(alice, "hello")
    assert (await alice.call("create", create("a name")))["status_code"] == 200
    await ask(server, ForbidWord("bad"))
    calls = counted(server, monkeypatch)
    monkeypatch.undo()
    assert not await is_heard(alice, "bad")
    assert calls == []


def create(name: str) -> dict[str, Any]:
    return {"verb": "create", "target": {"displayName": base64_of(name)}, "object": {"url": LOBBY}}


@pytest.mark.parametrize("name", ["declared", "un Déсlared", "so d e c l a r e d", "deeeclared", "ａdmin", "аdmin"])
async def test_names_of_rooms_have_none(memory_server: Make, name: str) -> None:
    server = memory_server(**TOWN, content=CONTENT)
    bob = await inside(server, "bob")
    for user_id in ("alice", "super"):
        client = await inside(server, user_id)
        assert (await client.call("create", create(name)))["status_code"] == 718
    rename = {"verb": "rename", "target": {"id": HALL, "displayName": base64_of(name)}}
    assert (await client.call("rename_room", rename))["status_code"] == 718
    await bob.sync()
    assert bob.heard("gn_room_created") == bob.heard("gn_room_renamed") == []
    room = (await client.call("create", create("a name")))["data"]["target"]["id"]
    assert await ask(server, ForbidWord("name")) == 200
    assert (await client.call("rename_room", rename | {"target": {"id": room, "displayName": base64_of("n.a.m.e")}}))[
        "status_code"
    ] == 718
