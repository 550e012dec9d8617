"""set_acl with whatever clients come up with: refused with a code of the protocol, and all or nothing; what is accepted
is a rule that can be asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some
from twisted.internet.threads import deferToThread

from chat.acl import ACTIONS, TYPES, check_rules
from chat.model import Acl
from chat.testing import MemoryClient, MemoryServer
from tests.conformance.opened import in_reactor
from tests.conversing import JOIN, ROOM, send
from tests.plugins.test_access_rules import LOBBY, OWNER, PLAIN, SUPER, enter, sections

Make = Callable[..., MemoryServer]
REFUSALS = {509, 510, 600, 601, 602, 603, 706, 716}
VALUES = (
    "18:",
    "45:25",
    "f",
    "f,m",
    "",
    " ",
    "y",
    "n",
    "age=18:",
    "gender=!f|age=1:",
    "(age=1:",
    "x" * 1025,
    "\0",
    "é",
)
KNOWN = sorted(TYPES | ACTIONS["room"] | ACTIONS["channel"])
words = some.one_of(some.sampled_from(KNOWN), some.text(max_size=5))
scalars = some.one_of(some.none(), some.integers(), some.booleans(), words, some.sampled_from(VALUES), some.text())
a_rule = some.fixed_dictionaries(
    {
        "summary": some.sampled_from(["join", "list", "message", "crossroom", "history", "create", "ban"]),
        "objectType": some.sampled_from(["age", "custom", "gender", "crossroom", "samechannel", "owner", "disallow"]),
        "content": some.sampled_from(VALUES),
    }
)
anything = some.one_of(
    some.dictionaries(some.sampled_from(["summary", "objectType", "content", "id"]), scalars, max_size=4), scalars
)
attempts = some.one_of(
    a_rule.map(lambda rule: [rule]),
    some.lists(a_rule, min_size=1, max_size=3),
    some.lists(some.one_of(a_rule, anything), max_size=3),
)
PLACES = some.sampled_from([(ROOM, "room"), (LOBBY, "channel"), (ROOM, "room"), (LOBBY, "channel"), (ROOM, "rooms")])


class Boss:
    """An operator who sets rules at random, and users whom they concern."""

    def __init__(self, server: MemoryServer) -> None:
        self.server = server
        self.boss: MemoryClient
        self.plain: MemoryClient

    async def come(self) -> None:
        self.boss = await enter(self.server, SUPER, ROOM)
        self.plain = await enter(self.server, PLAIN, ROOM)
        await enter(self.server, OWNER, ROOM)

    async def rules(self) -> dict[str, list[Acl]]:
        found = {}
        for target, kind in ((ROOM, "room"), (LOBBY, "channel")):
            reply = await self.boss.call("get_acl", {"verb": "get", "target": {"id": target, "objectType": kind}})
            shown = reply["data"]["object"]["attachments"]
            found[kind] = [Acl(one["summary"], one["objectType"], one["content"]) for one in shown]
        return found

    async def play(self, place: tuple[str, str], attachments: list[Any]) -> None:
        before = await self.rules()
        target = {"id": place[0], "objectType": place[1]}
        body = {"verb": "set", "target": target, "object": {"objectType": "acl", "attachments": attachments}}
        code = (await self.boss.call("set_acl", body))["status_code"]
        after = await self.rules()
        if code == 200:
            for kind, its_rules in after.items():
                check_rules(kind, its_rules, {})
        else:
            assert after == before
            assert code in REFUSALS | {508, 801}
        await self.ask()

    async def ask(self) -> None:
        """Nothing that is asked of the rules fails."""
        for event, body in (
            ("message", send("hello")),
            ("join", JOIN),
            ("list_rooms", {"verb": "list", "object": {"url": LOBBY}}),
            ("list_channels", {"verb": "list"}),
            ("history", {"verb": "list", "target": {"id": ROOM}}),
            ("message", send("hello") | {"actor": {"url": "other"}}),
        ):
            assert (await self.plain.call(event, body))["status_code"] in {200, 702, 705, 801, 802}, event


async def test_whatever_is_set(memory_server: Make, failures: list[Any]) -> None:
    """No bug is logged either."""
    boss = Boss(memory_server(**sections()))
    await boss.come()

    @settings(max_examples=300, deadline=None)
    @given(place=PLACES, attachments=attempts)
    def play(place: tuple[str, str], attachments: list[Any]) -> None:
        in_reactor(lambda: boss.play(place, attachments))

    await deferToThread(play)
    assert failures == []
