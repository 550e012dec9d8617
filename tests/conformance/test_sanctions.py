"""Mutes, and the audit of what was done."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec import structs

from chat.errors import StorageError
from chat.model import Mute, RoomId
from chat.moderation import Audit
from chat.times import to_ms, utc_now

from .opened import ALICE, BOB, NOBODY, Opened, audit, mute


def kept(opened: Opened) -> set[Mute]:
    return set(opened.world.mutes)


async def test_mutes_are_there_after_opening_again(opened: Opened) -> None:
    mutes = [mute(ALICE), mute(ALICE, "room1", "2h", "wörds 😀"), mute(BOB, reason="")]
    await opened.store.put_mutes(mutes, [])
    await opened.reopen()
    assert kept(opened) == set(mutes)


async def test_a_mute_replaces_the_one_of_the_same_user_and_room(opened: Opened) -> None:
    first, other, second = mute(), mute(BOB), mute(duration="2h", reason="again")
    await opened.store.put_mutes([first, other], [])
    await opened.store.put_mutes([second], [])
    third = mute(BOB, duration="3h")
    await opened.store.put_mutes([mute(BOB, duration="lost"), third], [])
    await opened.reopen()
    assert kept(opened) == {second, third}


async def test_a_mute_that_has_ended_is_forgotten(opened: Opened) -> None:
    over = structs.replace(mute(), until=utc_now() - timedelta(milliseconds=1))
    lasting = mute(BOB)
    await opened.store.put_mutes([over, lasting], [])
    await opened.reopen()
    assert kept(opened) == {lasting}


async def test_a_mute_that_is_taken_away(opened: Opened) -> None:
    await opened.store.put_mutes([mute(ALICE), mute(BOB), mute(ALICE, "room1")], [])
    for _ in range(2):
        await opened.store.end_mute(ALICE, RoomId("room0"), audit("unmute"))
    await opened.reopen()
    assert {(one.user_id, one.room_id) for one in kept(opened)} == {(BOB, "room0"), (ALICE, "room1")}


async def test_mutes_are_set_all_or_none(opened: Opened) -> None:
    for wrong in (mute(NOBODY), mute(BOB, "nowhere")):
        with pytest.raises(StorageError):
            await opened.store.put_mutes([mute(), wrong], [audit("mute")])
    assert opened.case.audits() == []
    await opened.reopen()
    assert kept(opened) == set()


async def test_every_act_has_its_audit_row(opened: Opened) -> None:
    until = utc_now() + timedelta(hours=1)
    await opened.store.put_mutes([mute()], [audit("mute", until=until), audit("mute", BOB)])
    await opened.store.end_mute(ALICE, RoomId("room0"), audit("unmute"))
    everywhere = Audit(utc_now(), "", BOB, "broadcast", ALICE, None, "wörds 😀")
    await opened.store.record(everywhere)
    assert opened.case.audits() == [
        ("key", "bob", "mute", "alice", "room0", "why", to_ms(until)),
        ("key", "bob", "mute", "bob", "room0", "why", None),
        ("key", "bob", "unmute", "alice", "room0", "why", None),
        ("", "bob", "broadcast", "alice", None, "wörds 😀", None),
    ]
