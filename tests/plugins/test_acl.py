"""get_acl and set_acl."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from twisted.internet.defer import gatherResults

from chat.acl import RULES_CHARACTERS
from chat.config import AclOptions
from chat.storage.engines import sqlite_engine
from chat.storage.schema import audit
from chat.testing import MemoryClient, MemoryServer
from tests.conversing import JOIN, ROOM, logged_in, send
from tests.plugins.test_access_rules import (
    ADMIN,
    CHIEF,
    EVERYBODY,
    LOBBY,
    MOD,
    OTHER,
    OWNER,
    PLAIN,
    SUPER,
    VIP,
    enter,
    rule,
    sections,
)

Make = Callable[..., MemoryServer]
Rule = dict[str, str]


def plan(action: str, kind: str, value: str) -> Rule:
    return {"summary": action, "objectType": kind, "content": value}


def setting(*rules: Rule, target: str = ROOM, kind: str = "room") -> dict[str, Any]:
    place = {"id": target, "objectType": kind}
    return {"verb": "set", "target": place, "object": {"objectType": "acl", "attachments": list(rules)}}


def asking(target: str = ROOM, kind: str = "room") -> dict[str, Any]:
    return {"verb": "get", "target": {"id": target, "objectType": kind}}


async def set_code(client: MemoryClient, *rules: Rule, **place: str) -> int:
    return int((await client.call("set_acl", setting(*rules, **place)))["status_code"])


async def rules_of(client: MemoryClient, **place: str) -> list[Rule]:
    reply = await client.call("get_acl", asking(**place))
    assert reply["status_code"] == 200, reply
    assert reply["data"]["target"] == asking(**place)["target"]
    shown: list[Rule] = reply["data"]["object"]["attachments"]
    return shown


@pytest.mark.parametrize(
    ("place", "may"),
    [
        ({}, {OWNER, ADMIN, CHIEF, MOD, SUPER}),
        ({"target": LOBBY, "kind": "channel"}, {ADMIN, CHIEF, MOD, SUPER}),
    ],
)
async def test_who_may_set_rules(memory_server: Make, place: dict[str, str], may: set[str]) -> None:
    server = memory_server(**sections())
    for number, user in enumerate(EVERYBODY):
        client = await enter(server, user)
        before = await rules_of(client, **place)
        code = await set_code(client, plan("history" if not place else "whisper", "age", f"{number}:"), **place)
        assert code == (200 if user in may else 705), user
        assert ((await rules_of(client, **place)) != before) == (user in may)


@pytest.mark.parametrize(("user", "code"), [(OWNER, 705), (ADMIN, 200), (CHIEF, 200), (MOD, 200), (SUPER, 200)])
@pytest.mark.parametrize("value", ["18:", ""])
async def test_who_may_set_autojoin(memory_server: Make, user: str, code: int, value: str) -> None:
    """To take one of two rules away is to pull in more users."""
    server = memory_server(**sections(of_room=(rule("autojoin"), rule("autojoin", "age", "30:"))))
    assert await set_code(await enter(server, user), plan("autojoin", "age", value)) == code


async def test_rules_for_setacl_concern_owners_of_rooms(memory_server: Make) -> None:
    server = memory_server(**sections(of_channel=(rule("setacl"),)))
    codes = [await set_code(await enter(server, user), plan("list", "age", "1:")) for user in (OWNER, ADMIN, MOD)]
    assert codes == [705, 200, 200]


async def test_rules_work_at_once(memory_server: Make) -> None:
    """Who is in the room stays, and may come in with another session."""
    server = memory_server(**sections())
    owner, inside, outside = await enter(server, OWNER), await enter(server, PLAIN, ROOM), await enter(server, "late")
    rules = [plan(action, "membership", "vip") for action in ("join", "list")]
    assert await set_code(owner, rules[0]) == 200
    assert (await outside.call("join", JOIN))["status_code"] == 705
    assert await set_code(owner, rules[1]) == 200
    assert (await outside.call("join", JOIN))["status_code"] == 802
    assert (await outside.call("get_acl", asking()))["status_code"] == 802
    assert (await inside.call("message", send("still here")))["status_code"] == 200
    assert (await (await enter(server, PLAIN)).call("join", JOIN))["status_code"] == 200
    assert (await (await enter(server, VIP)).call("join", JOIN))["status_code"] == 200
    assert await set_code(owner, *[one | {"content": " "} for one in rules]) == 200
    assert await rules_of(outside) == []
    assert (await outside.call("join", JOIN))["status_code"] == 200
    assert await set_code(owner, plan("message", "membership", "vip")) == 200
    assert (await inside.call("message", send("not any more")))["status_code"] == 705


async def test_autojoin_works_at_the_next_login(memory_server: Make) -> None:
    server = memory_server(**sections())
    boss = await enter(server, SUPER)
    for value, joined in (("18:", 1), ("", 0)):
        assert await set_code(boss, plan("autojoin", "age", value)) == 200
        client = server.client()
        await client.login("adult", age="30")
        await client.sync()
        assert len(client.heard("gn_user_joined")) == joined
        await client.call("leave", {"verb": "leave", "target": {"id": ROOM}})
        await client.leave()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (plan("fly", "age", "1:"), 602),
        (plan("whisper", "age", "1:"), 602),
        (plan("fly", "age", ""), 602),
        (plan("join", "wings", "1:"), 601),
        (plan("join", "wings", ""), 601),
        (plan("join", "samechannel", "y"), 601),
        (plan("kick", "age", "1:"), 601),
        (plan("join", "age", "45:25"), 603),
        (plan("join", "custom", "age=1:,gender=F"), 603),
        (plan("crossroom", "samechannel", "nope"), 603),
        (plan("message", "sameroom", "Y"), 603),
        (plan("join", "city", "x" * 1025), 603),
        (plan("join", "city", "x" * 1024), 603),
        ({"objectType": "age", "content": "1:"}, 602),
        ({"summary": "join", "content": "1:"}, 509),
        ({"summary": "join", "objectType": "age"}, 510),
    ],
)
async def test_all_or_nothing(memory_server: Make, wrong: Rule, code: int) -> None:
    server = memory_server(**sections(), acl=AclOptions(allowed={"room.kick": ("gender",)}))
    owner = await enter(server, OWNER)
    much = [plan(action, "city", "x" * 1000) for action in ("list", "history", "message")]
    assert sum(map(len, "".join(one["content"] for one in much))) + 1024 + 100 < RULES_CHARACTERS + 100
    assert await set_code(owner, *much) == 200
    before = await rules_of(owner)
    fine = plan("join", "gender", "f"), plan("crossroom", "city", "x" * 50)
    for rules in ((*fine, wrong), (wrong, *fine)):
        assert await set_code(owner, *rules) == code
        assert await rules_of(owner) == before


async def test_a_refused_custom_rule_says_where(memory_server: Make) -> None:
    owner = await enter(memory_server(**sections()), OWNER)
    reply = await owner.call("set_acl", setting(plan("join", "custom", "age=1:,gender=F")))
    assert (reply["status_code"], reply["message"]) == (603, "at character 15: expected a value")


@pytest.mark.parametrize(
    ("event", "change", "code"),
    [
        ("get_acl", {"target": {"objectType": "room"}}, 502),
        ("get_acl", {"target": {"id": ROOM}}, 605),
        ("get_acl", {"target": {"id": ROOM, "objectType": "rooms"}}, 605),
        ("get_acl", {"target": {"id": "nowhere", "objectType": "room"}}, 802),
        ("get_acl", {"target": {"id": LOBBY, "objectType": "room"}}, 802),
        ("get_acl", {"target": {"id": ROOM, "objectType": "channel"}}, 801),
        ("set_acl", {"target": {"objectType": "room"}}, 502),
        ("set_acl", {"target": {"id": ROOM}}, 600),
        ("set_acl", {"target": {"id": ROOM, "objectType": "room "}}, 600),
        ("set_acl", {"target": {"id": "nowhere", "objectType": "room"}}, 802),
        ("set_acl", {"target": {"id": "nowhere", "objectType": "channel"}}, 801),
        ("set_acl", {"object": None}, 507),
        ("set_acl", {"object": {}}, 508),
        ("set_acl", {"object": {"attachments": []}}, 508),
        ("set_acl", {"object": {"attachments": [plan("join", "age", "1:")] * 101}}, 716),
    ],
)
async def test_refusals(memory_server: Make, event: str, change: dict[str, Any], code: int) -> None:
    owner = await enter(memory_server(**sections()), OWNER)
    body = setting(plan("join", "age", "1:")) if event == "set_acl" else asking()
    assert (await owner.call(event, body | change))["status_code"] == code


@pytest.mark.parametrize("kind", ["room", "channel"])
async def test_rules_are_shown_to_who_may_list(memory_server: Make, kind: str) -> None:
    server = memory_server(**sections(**{f"of_{kind}": (rule("list"),)}))
    body = asking(*((ROOM, "room") if kind == "room" else (LOBBY, "channel")))
    codes = {user: (await (await enter(server, user)).call("get_acl", body))["status_code"] for user in EVERYBODY}
    hidden = {PLAIN: 802} if kind == "room" else {PLAIN: 801, OWNER: 801}
    assert codes == dict.fromkeys(EVERYBODY, 200) | hidden


async def test_what_is_set_already_is_not_set_again(memory_server: Make) -> None:
    server = memory_server(**sections(of_room=(rule("join"),)))
    owner = await enter(server, OWNER)
    assert await set_code(owner, plan("join", "membership", "vip"), plan("list", "age", "")) == 200
    assert await set_code(owner, plan("join", "age", "1:"), plan("join", "age", "2:")) == 200
    assert await rules_of(owner) == [plan("join", "membership", "vip"), plan("join", "age", "2:")]
    chief = await enter(server, CHIEF)
    assert await set_code(chief, plan("list", "age", "9:"), target=LOBBY, kind="channel") == 200
    engine = sqlite_engine(server.server.config.storage_url, writes=False)
    with engine.connect() as connection:
        rows = connection.execute(audit.select().order_by(audit.c.key)).all()
    engine.dispose()
    assert [(row.actor_id, row.action, row.room_id, row.reason) for row in rows] == [
        (OWNER, "set-acl-room", ROOM, "join age=2:"),
        (CHIEF, "set-acl-channel", LOBBY, "list age=9:"),
    ]


async def test_the_audit_log_has_the_beginning_of_what_is_long(memory_server: Make) -> None:
    server = memory_server(**sections())
    owner = await enter(server, OWNER)
    kinds = ("city", "country", "group", "image")
    many = [plan(action, kind, "x" * 60) for action in ("join", "list", "history", "message", "kick") for kind in kinds]
    assert await set_code(owner, plan("join", "city", "x" * 1000), plan("list", "city", "x" * 40)) == 200
    assert await set_code(owner, *many) == 200
    engine = sqlite_engine(server.server.config.storage_url, writes=False)
    with engine.connect() as connection:
        long, longer = connection.execute(select(audit.c.reason).order_by(audit.c.key)).scalars()
    engine.dispose()
    assert long == f"join city={'x' * 39}…; list city={'x' * 40}"
    assert len(longer) == 500
    assert longer.startswith(f"join city={'x' * 39}…; join country=")
    assert longer.endswith("…")


async def test_two_who_set_rules_at_once(memory_server: Make) -> None:
    server = memory_server(**sections())
    owner, admin = await enter(server, OWNER), await enter(server, ADMIN)
    both = [
        owner.ask("set_acl", setting(plan("join", "age", "18:"))),
        admin.ask("set_acl", setting(plan("list", "age", "21:"))),
    ]
    assert [(await reply)["status_code"] for reply in both] == [200, 200]
    assert await rules_of(owner) == [plan("join", "age", "18:"), plan("list", "age", "21:")]


async def test_rules_survive_a_restart(memory_server: Make, tmp_path: Any) -> None:
    world = sections(of_room=(rule("join"),)) | {"data_dir": str(tmp_path)}
    server = memory_server(**world)
    changed = plan("join", "membership", "normal"), plan("list", "age", "1:")
    assert await set_code(await enter(server, OWNER), *changed) == 200
    await server.stop()
    owner = await logged_in(memory_server(**world), OWNER)
    assert sorted(map(str, await rules_of(owner))) == sorted(map(str, (plan("join", "membership", "vip"), changed[1])))
    assert await rules_of(owner, target=OTHER) == []


async def test_rules_that_two_set_at_once_are_all_or_nothing(memory_server: Make) -> None:
    """The later one has the last word in everything that it asks, and memory has what the store has, in its order."""
    server = memory_server(**sections(of_room=(rule("message"),)))
    owner, admin = await enter(server, OWNER), await enter(server, ADMIN)
    asked = [
        owner.ask("set_acl", setting(plan("join", "age", "1:"), plan("list", "age", "1:"))),
        admin.ask("set_acl", setting(plan("history", "age", "2:"), plan("join", "age", "2:"), plan("list", "age", ""))),
    ]
    assert [reply["status_code"] for reply in await gatherResults(asked)] == [200, 200]
    rules = server.server.services.rooms.room(ROOM).acls
    assert [(one.action, one.value) for one in rules] == [("message", "vip"), ("join", "2:"), ("history", "2:")]
    await server.stop()
    again = memory_server(data_dir=server.server.config.data_dir, **sections(of_room=(rule("message"),)))
    assert set(again.server.services.rooms.room(ROOM).acls) == set(rules)


async def test_a_declared_rule_that_is_asked_for_again_stays_a_declared_one(memory_server: Make) -> None:
    """It is gone when it is declared no more."""
    server = memory_server(**sections(of_room=(rule("message"),)))
    owner = await enter(server, OWNER)
    assert await set_code(owner, plan("message", "membership", "vip"), plan("join", "age", "1:")) == 200
    await server.stop()
    again = memory_server(data_dir=server.server.config.data_dir, **sections())
    assert [one.action for one in again.server.services.rooms.room(ROOM).acls] == ["join"]
