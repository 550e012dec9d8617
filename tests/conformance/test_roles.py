"""Roles that are given and taken, beside those that are declared."""

from __future__ import annotations

import pytest
from msgspec import structs

from chat.config import ChannelSection, Config, GlobalRoles
from chat.errors import ChatError, ErrorCode, StorageError
from chat.model import ChannelId, Role, RoomId, UserId
from chat.world import Grant

from .opened import ALICE, BOB, CONFIG, LOBBY, NOBODY, Opened, audit

CHANNEL = ChannelId("lobby")
EVERYWHERE = Grant(ALICE, "Alice", Role.GLOBALMOD)
IN_CHANNEL = Grant(ALICE, "Alice", Role.ADMIN, channel_id=CHANNEL)
IN_ROOM = Grant(ALICE, "Alice", Role.MODERATOR, room_id=RoomId("room0"))
DECLARED = Grant(BOB, "Bob", Role.OWNER, channel_id=CHANNEL)
ALL = (EVERYWHERE, IN_CHANNEL, IN_ROOM)
WITHOUT_BOB = Config(channels=(ChannelSection(id="lobby", name="Lobby", default=True, rooms=LOBBY.rooms),))


async def kept(opened: Opened, config: Config = CONFIG) -> list[Grant]:
    """The roles after opening again, duplicates too."""
    return list((await opened.reopen(config)).grants)


async def test_what_was_given_is_there_after_opening_again(opened: Opened) -> None:
    for grant in ALL:
        assert await opened.store.put_role(grant, audit("give"))
    assert sorted(await kept(opened), key=repr) == sorted([*ALL, DECLARED], key=repr)
    assert sorted(await kept(opened), key=repr) == sorted([*ALL, DECLARED], key=repr)


async def test_giving_again_changes_nothing(opened: Opened) -> None:
    assert await opened.store.put_role(IN_ROOM, audit("first"))
    assert not await opened.store.put_role(IN_ROOM, audit("second"))
    assert (await kept(opened)).count(IN_ROOM) == 1
    assert [row[2] for row in opened.case.audits()] == ["first"]


async def test_a_role_that_is_taken(opened: Opened) -> None:
    others = (structs.replace(IN_ROOM, role=Role.OWNER), structs.replace(IN_ROOM, room_id=RoomId("room1")))
    for grant in (*ALL, *others):
        await opened.store.put_role(grant, audit("give"))
    for grant in ALL:
        assert await opened.store.end_role(grant, audit("take"))
        assert not await opened.store.end_role(grant, audit("late"))
    assert set(await kept(opened)) == {DECLARED, *others}
    assert [row[2] for row in opened.case.audits()] == ["give"] * 5 + ["take"] * 3


async def test_a_declared_role_can_be_given_too_and_stays_then(opened: Opened) -> None:
    assert await opened.store.put_role(DECLARED, audit("give"))
    assert set(await kept(opened)) == {DECLARED}
    assert await kept(opened, WITHOUT_BOB) == [DECLARED]


async def test_declared_roles_follow_the_configuration(opened: Opened) -> None:
    await opened.store.put_role(IN_CHANNEL, audit("give"))
    assert await kept(opened, WITHOUT_BOB) == [IN_CHANNEL]
    assert set(await kept(opened)) == {IN_CHANNEL, DECLARED}


async def test_a_declared_role_that_is_taken_is_back_with_the_next_opening(opened: Opened) -> None:
    roles = GlobalRoles(superusers=("alice",))
    everybody = Config(channels=CONFIG.channels, roles=roles)
    superuser = structs.replace(EVERYWHERE, role=Role.SUPERUSER)
    assert superuser in await kept(opened, everybody)
    await opened.store.put_role(superuser, audit("give"))
    assert await opened.store.end_role(superuser, audit("take"))
    assert superuser not in await kept(opened)
    assert superuser in await kept(opened, everybody)


async def test_who_has_a_role_in_a_room_is_not_noted_as_its_member(opened: Opened) -> None:
    """Nothing of it is left when the role is taken."""
    await opened.store.put_role(IN_ROOM, audit("give"))
    assert (await opened.reopen()).members == {}


@pytest.mark.parametrize(
    ("grant", "code"),
    [
        (Grant(NOBODY, "Nobody", Role.GLOBALMOD), ErrorCode.NO_SUCH_USER),
        (structs.replace(IN_CHANNEL, channel_id=ChannelId("nowhere")), ErrorCode.NO_SUCH_CHANNEL),
        (structs.replace(IN_ROOM, room_id=RoomId("nowhere")), ErrorCode.NO_SUCH_ROOM),
    ],
)
async def test_where_there_is_nobody_and_nothing(opened: Opened, grant: Grant, code: ErrorCode) -> None:
    for change in (opened.store.put_role, opened.store.end_role):
        with pytest.raises(ChatError) as caught:
            await change(grant, audit("lost"))
        assert caught.value.code is code
    assert opened.case.audits() == []


async def test_nobody_is_anything_in_a_room_that_was_removed(opened: Opened) -> None:
    await opened.store.put_role(IN_ROOM, audit("give"))
    await opened.store.remove_room(opened.room(), audit("remove"))
    with pytest.raises(ChatError) as caught:
        await opened.store.put_role(IN_ROOM, audit("late"))
    assert caught.value.code is ErrorCode.NO_SUCH_ROOM
    without = Config(channels=(structs.replace(LOBBY, rooms=LOBBY.rooms[1:]),))
    assert set(await kept(opened, without)) == {DECLARED}


async def test_a_role_and_its_audit_row_are_kept_both_or_none(opened: Opened) -> None:
    broken = structs.replace(audit("give"), user_id=UserId(None))  # type: ignore[arg-type]
    with pytest.raises(StorageError):
        await opened.store.put_role(IN_ROOM, broken)
    assert IN_ROOM not in await kept(opened)
