"""The access rules of rooms and channels: those that users set beside those that the configuration declares."""

from __future__ import annotations

import pytest
from msgspec import structs

from chat.acl import RULES_CHARACTERS
from chat.config import AclRule, Config
from chat.errors import ChatError, ErrorCode
from chat.model import Acl, Channel, Room

from .opened import CONFIG, LOBBY, ROOMS, Opened, audit

AGE, VIP = Acl("join", "age", "18:"), Acl("join", "membership", "vip")


def declaring(*rules: Acl) -> Config:
    """The usual configuration with these rules for the first room, and for its channel."""
    acls = tuple(AclRule(action=rule.action, type=rule.type, value=rule.value) for rule in rules)
    rooms = (structs.replace(ROOMS[0], acls=acls), *ROOMS[1:])
    return structs.replace(CONFIG, channels=(structs.replace(LOBBY, rooms=rooms, acls=acls),))


def place(opened: Opened, kind: str) -> Room | Channel:
    return opened.room() if kind == "room" else opened.world.channels[0]


both = pytest.mark.parametrize("kind", ["room", "channel"])


@both
async def test_rules_are_set_changed_and_taken_away(opened: Opened, kind: str) -> None:
    here = place(opened, kind)
    assert await opened.store.set_acls(here, [AGE, VIP], audit("set")) == (AGE, VIP)
    older = structs.replace(AGE, value="21:")
    assert await opened.store.set_acls(here, [older, Acl("list", "gender", "f")], audit("set")) == (
        older, VIP, Acl("list", "gender", "f"),
    )  # fmt: skip
    gone = [structs.replace(VIP, value=""), Acl("join", "city", "")]
    assert await opened.store.set_acls(here, gone, audit("take")) == (older, Acl("list", "gender", "f"))
    await opened.reopen()
    assert place(opened, kind).acls == (older, Acl("list", "gender", "f"))
    assert opened.room(1).acls == ()
    assert [row[2] for row in opened.case.audits()] == ["set", "set", "take"]


@both
async def test_two_changes_at_once_both_count(opened: Opened, kind: str) -> None:
    here = place(opened, kind)
    first, second = (opened.store.set_acls(here, [rule], audit("set")) for rule in (AGE, VIP))
    assert (await first, await second) == ((AGE,), (AGE, VIP))


@both
async def test_rules_that_are_too_long_together_change_nothing(opened: Opened, kind: str) -> None:
    here = place(opened, kind)
    await opened.store.set_acls(here, [AGE], audit("set"))
    before = opened.case.content()
    long = [Acl("list", "city", "x" * RULES_CHARACTERS), structs.replace(AGE, value="19:")]
    with pytest.raises(ChatError) as refused:
        await opened.store.set_acls(here, long, audit("set"))
    assert refused.value.code is ErrorCode.INVALID_ACL_VALUE
    assert opened.case.content() == before


@both
async def test_rules_that_became_too_long_together_are_taken_away_one_by_one(opened: Opened, kind: str) -> None:
    """What users set and what is declared have the limit each: together they may be above it."""
    half = RULES_CHARACTERS // 2
    set_ones = [Acl(action, "city", "x" * half) for action in ("list", "message")]
    set_ones[1] = structs.replace(set_ones[1], value="x" * (half - 50))
    await opened.store.set_acls(place(opened, kind), set_ones, audit("set"))
    declared = [structs.replace(one, type="country") for one in set_ones]
    await opened.reopen(declaring(*declared))
    here = place(opened, kind)
    assert len(here.acls) == 4
    longer = structs.replace(set_ones[1], value=set_ones[1].value + "x")
    with pytest.raises(ChatError) as refused:
        await opened.store.set_acls(here, [longer], audit("set"))
    assert refused.value.code is ErrorCode.INVALID_ACL_VALUE
    other = structs.replace(set_ones[1], value="y" * (half - 50))
    assert len(await opened.store.set_acls(here, [other], audit("set"))) == 4
    gone = [structs.replace(one, value="") for one in (*set_ones, *declared)]
    left = [len(await opened.store.set_acls(here, [one], audit("take"))) for one in gone]
    assert left == [3, 2, 1, 0]


async def test_a_room_that_was_removed_gets_no_rules(opened: Opened) -> None:
    room = await opened.store.create_room(opened.new_room("Gone"))
    await opened.store.remove_room(room, audit("remove"))
    before = opened.case.content()
    with pytest.raises(ChatError) as refused:
        await opened.store.set_acls(room, [AGE], audit("set"))
    assert refused.value.code is ErrorCode.NO_SUCH_ROOM
    assert opened.case.content() == before


@both
async def test_what_users_set_stays_but_for_what_is_declared(opened: Opened, kind: str) -> None:
    await opened.reopen(declaring(AGE, VIP))
    changed, own = structs.replace(AGE, value="99:"), Acl("list", "gender", "f")
    after = await opened.store.set_acls(
        place(opened, kind), [changed, structs.replace(VIP, value=""), own], audit("set")
    )
    assert after == (changed, own)
    await opened.reopen(declaring(AGE, VIP))
    assert set(place(opened, kind).acls) == {AGE, VIP, own}
    await opened.reopen(declaring(VIP))
    assert set(place(opened, kind).acls) == {VIP, own}
    await opened.store.set_acls(place(opened, kind), [structs.replace(VIP, value="normal")], audit("set"))
    await opened.reopen()
    assert set(place(opened, kind).acls) == {structs.replace(VIP, value="normal"), own}
