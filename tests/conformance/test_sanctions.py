"""Mutes, bans, and the audit of what was done."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec import structs

from chat.errors import ChatError, ErrorCode, StorageError
from chat.model import Ban, BanScope, Sanction
from chat.moderation import Audit
from chat.plugin import Identity
from chat.times import to_ms, utc_now

from .opened import ALICE, BOB, CONFIG, LOBBY, NOBODY, Opened, audit, ban, mute


def kept(opened: Opened) -> set[Sanction]:
    return set(opened.world.sanctions)


async def test_mutes_are_there_after_opening_again(opened: Opened) -> None:
    mutes = [mute(ALICE), mute(ALICE, "room1", "2h", "wörds 😀"), mute(BOB, reason="")]
    await opened.store.put_sanctions(mutes, [])
    await opened.reopen()
    assert kept(opened) == set(mutes)


async def test_a_mute_replaces_the_one_of_the_same_user_and_room(opened: Opened) -> None:
    first, other, second = mute(), mute(BOB), mute(duration="2h", reason="again")
    await opened.store.put_sanctions([first, other], [])
    await opened.store.put_sanctions([second], [])
    third = mute(BOB, duration="3h")
    await opened.store.put_sanctions([mute(BOB, duration="lost"), third], [])
    await opened.reopen()
    assert kept(opened) == {second, third}


async def test_a_mute_that_has_ended_is_forgotten(opened: Opened) -> None:
    over = structs.replace(mute(), until=utc_now() - timedelta(milliseconds=1))
    lasting = mute(BOB)
    await opened.store.put_sanctions([over, lasting], [])
    await opened.reopen()
    assert kept(opened) == {lasting}


async def test_a_mute_that_is_taken_away(opened: Opened) -> None:
    await opened.store.put_sanctions([mute(ALICE), mute(BOB), mute(ALICE, "room1")], [])
    for _ in range(2):
        await opened.store.end_sanction(mute(), audit("unmute"))
    await opened.reopen()
    assert {(one.user_id, one.place[1]) for one in kept(opened)} == {(BOB, "room0"), (ALICE, "room1")}


async def test_mutes_are_set_all_or_none(opened: Opened) -> None:
    for wrong in (mute(NOBODY), mute(BOB, "nowhere")):
        with pytest.raises((StorageError, ChatError)):
            await opened.store.put_sanctions([mute(), wrong], [audit("mute")])
    assert opened.case.audits() == []
    await opened.reopen()
    assert kept(opened) == set()


async def test_newcomers_are_made_known_with_their_bans(opened: Opened) -> None:
    newcomers = {NOBODY: Identity("Nåme 😀", {}, "backend"), ALICE: Identity("Another", {})}
    given = ban(user_id=NOBODY)
    await opened.store.put_sanctions([given], [audit("ban", NOBODY)], [], newcomers)
    made = await opened.known(NOBODY)
    assert (made.name, made.origin) == ("Nåme 😀", "backend")
    assert await opened.known(ALICE) == opened.alice
    await opened.reopen()
    assert kept(opened) == {given}


EVERYWHERE = ban(BanScope.GLOBAL, "")
ALICE_MUTED = mute()
OF_ALL_SCOPES = (ban(), ban(target_id="room1"), ban(BanScope.CHANNEL, "lobby"), EVERYWHERE)


async def test_bans_of_all_scopes_are_there_after_opening_again(opened: Opened) -> None:
    others: list[Sanction] = [
        mute(),
        structs.replace(EVERYWHERE, user_id=BOB, reason="wörds 😀"),
        ban(user_id=BOB, reason=""),
    ]
    await opened.store.put_sanctions([*OF_ALL_SCOPES, *others], [])
    await opened.reopen()
    assert kept(opened) == {*OF_ALL_SCOPES, *others}


def besides(given: Ban) -> set[Sanction]:
    """What must not change with a ban."""
    return {ALICE_MUTED, *(one for one in OF_ALL_SCOPES if one != given)}


@pytest.mark.parametrize("given", OF_ALL_SCOPES, ids=lambda one: "-".join(one.place))
async def test_a_ban_replaces_the_one_of_the_same_user_and_place(opened: Opened, given: Ban) -> None:
    others = besides(given)
    await opened.store.put_sanctions([given, *others], [])
    second = structs.replace(given, duration="2h", reason="again", actor_id=ALICE)
    await opened.store.put_sanctions([second], [])
    await opened.reopen()
    assert kept(opened) == {second, *others}


@pytest.mark.parametrize("given", OF_ALL_SCOPES, ids=lambda one: "-".join(one.place))
async def test_a_ban_that_is_taken_away(opened: Opened, given: Ban) -> None:
    others = besides(given)
    await opened.store.put_sanctions([given, *others], [])
    for _ in range(2):
        await opened.store.end_sanction(given, audit("unban"))
    await opened.reopen()
    assert kept(opened) == others


@pytest.mark.parametrize("wrong", [ban(target_id="nowhere"), ban(BanScope.CHANNEL, "room0"), ban(user_id=NOBODY)])
async def test_a_ban_from_nowhere_or_of_nobody_is_not_kept(opened: Opened, wrong: Ban) -> None:
    with pytest.raises((StorageError, ChatError)):
        await opened.store.put_sanctions([ban(), wrong], [audit("ban")])
    assert opened.case.audits() == []
    await opened.reopen()
    assert kept(opened) == set()


async def test_bans_that_have_ended_are_forgotten(opened: Opened) -> None:
    over = [structs.replace(one, until=utc_now() - timedelta(milliseconds=1)) for one in OF_ALL_SCOPES]
    lasting = structs.replace(EVERYWHERE, user_id=BOB)
    await opened.store.put_sanctions([*over, lasting], [])
    await opened.reopen()
    assert kept(opened) == {lasting}


async def test_what_ended_long_ago_goes_with_a_start(opened: Opened) -> None:
    """Long before now, and before the newest one was set; until then it stays, though it is not in force."""
    long_over = structs.replace(mute(), until=utc_now() - timedelta(days=31))
    lately = structs.replace(ban(), until=utc_now() - timedelta(days=29))
    await opened.store.put_sanctions([long_over, lately], [])
    await opened.reopen()
    assert kept(opened) == set()
    (left,) = opened.case.content()["sanctions"]
    assert to_ms(lately.until) in left


async def test_what_has_ended_by_other_clocks_goes_unless_it_was_replaced(opened: Opened) -> None:
    first, second, third = OF_ALL_SCOPES[:3]
    await opened.store.put_sanctions([first, second], [])
    again = structs.replace(second, until=second.until + timedelta(hours=1))
    await opened.store.put_sanctions([again], [])
    await opened.store.put_sanctions([third], [], [first, second])
    await opened.reopen()
    assert kept(opened) == {again, third}


async def test_a_removed_room_takes_its_bans_along(opened: Opened) -> None:
    await opened.store.put_sanctions(OF_ALL_SCOPES, [])
    await opened.store.remove_room(opened.room(1), audit("remove_room"))
    await opened.reopen()
    assert kept(opened) == {one for one in OF_ALL_SCOPES if one.target_id != "room1"}


@pytest.mark.parametrize("late", [mute(BOB, "room1"), ban(target_id="room1", user_id=BOB)])
async def test_nobody_is_sanctioned_in_a_room_that_was_removed(opened: Opened, late: Sanction) -> None:
    """Nor anywhere else with the same write."""
    over = mute(ALICE, "room2")
    await opened.store.put_sanctions([over], [])
    await opened.store.remove_room(opened.room(1), audit("remove"))
    for write in (
        opened.store.put_sanctions([mute(), late, ban()], [audit("mute")], [over]),
        opened.store.end_sanction(late, audit("end")),
    ):
        with pytest.raises(ChatError) as refused:
            await write
        assert refused.value.code is ErrorCode.NO_SUCH_ROOM
    assert [row[2] for row in opened.case.audits()] == ["remove"]
    await opened.reopen(structs.replace(CONFIG, channels=(structs.replace(LOBBY, rooms=LOBBY.rooms[::2]),)))
    assert kept(opened) == {over}


async def test_what_has_ended_in_a_room_that_was_removed_is_no_obstacle(opened: Opened) -> None:
    over, new = mute(ALICE, "room1"), mute()
    await opened.store.put_sanctions([over], [])
    await opened.store.remove_room(opened.room(1), audit("remove"))
    await opened.store.put_sanctions([new], [], [over])
    await opened.reopen()
    assert kept(opened) == {new}


async def test_every_act_has_its_audit_row(opened: Opened) -> None:
    until = utc_now() + timedelta(hours=1)
    await opened.store.put_sanctions([mute()], [audit("mute", until=until), audit("mute", BOB)])
    await opened.store.end_sanction(mute(), audit("unmute"))
    everywhere = Audit(utc_now(), "", BOB, "broadcast", ALICE, None, "wörds 😀")
    await opened.store.record(everywhere)
    assert opened.case.audits() == [
        ("key", "bob", "mute", "alice", "room0", "why", to_ms(until)),
        ("key", "bob", "mute", "bob", "room0", "why", None),
        ("key", "bob", "unmute", "alice", "room0", "why", None),
        ("", "bob", "broadcast", "alice", None, "wörds 😀", None),
    ]
