"""Rooms that users make, rename and remove; timers; how often rooms were joined."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs
from twisted.internet.defer import Deferred

from chat.errors import ChatError, ErrorCode
from chat.model import Access, Role, Room, RoomId, RoomKind, User
from chat.times import utc_now
from chat.world import Grant

from .opened import ALICE, NOBODY, Opened, audit, mute, rules, timer


async def refusal(refused: Deferred[Any]) -> ErrorCode:
    with pytest.raises(ChatError) as error:
        await refused
    return error.value.code


async def test_a_room_is_made_with_its_owner_rules_and_timer(opened: Opened) -> None:
    new = opened.new_room("Nåme 😀", access=Access.MEMBERS, acls=rules("vip"), timer=timer("made"))
    room = await opened.store.create_room(new)
    assert room == Room(
        room.key, new.id, "Nåme 😀", new.channel.id, RoomKind.TEMPORARY, Access.MEMBERS, 0, tuple(rules("vip"))
    )
    world = await opened.reopen()
    assert opened.room_of_id(new.id) == room
    assert Grant(ALICE, "Alice", Role.OWNER, None, new.id) in world.grants
    assert world.timers == (new.timer,)


async def test_names_are_taken_without_regard_to_case_in_one_channel(opened: Opened) -> None:
    room = await opened.store.create_room(opened.new_room("Straße", owner_limit=9))
    for name in ("Straße", "STRASSE", "strasse", "room 0"):
        assert await refusal(opened.store.create_room(opened.new_room(name))) is ErrorCode.ROOM_ALREADY_EXISTS
        assert await refusal(opened.store.rename_room(opened.room(1), name, audit("x"))) is (
            ErrorCode.ROOM_ALREADY_EXISTS
        )
    await opened.store.rename_room(room, "STRASSE", audit("rename_room"))
    await opened.reopen()
    assert opened.room_of_id(room.id).name == "STRASSE"
    assert len([one for one in opened.world.rooms if one.kind is RoomKind.TEMPORARY]) == 1


async def test_a_refused_room_leaves_nothing(opened: Opened) -> None:
    new = opened.new_room("Room 0", acls=rules("vip"), timer=timer("made"))
    before = opened.case.content()
    assert await refusal(opened.store.create_room(new)) is ErrorCode.ROOM_ALREADY_EXISTS
    assert opened.case.content() == before


async def test_an_owner_is_made_known_with_the_room_alone(opened: Opened) -> None:
    stranger = User(0, NOBODY, "Nåme 😀", "backend", {})
    new = opened.new_room("Their own", owner=stranger, is_newcomer=True)
    before = opened.case.content()
    for refused, code in (
        (structs.replace(new, room_name="Room 0"), ErrorCode.ROOM_ALREADY_EXISTS),
        (structs.replace(new, owner_limit=0), ErrorCode.TOO_MANY_PRIVATE_ROOMS),
    ):
        assert await refusal(opened.store.create_room(refused)) is code
        assert opened.case.content() == before
    await opened.store.create_room(new)
    made = await opened.known(NOBODY)
    assert (made.name, made.origin) == ("Nåme 😀", "backend")
    other = opened.new_room("Another", owner=structs.replace(stranger, id=ALICE), is_newcomer=True)
    await opened.store.create_room(other)
    assert await opened.known(ALICE) == opened.alice
    world = await opened.reopen()
    for grant in (
        Grant(NOBODY, "Nåme 😀", Role.OWNER, None, new.id),
        Grant(ALICE, "Alice", Role.OWNER, None, other.id),
    ):
        assert grant in world.grants


async def test_two_rooms_of_one_name_at_once(opened: Opened) -> None:
    first = opened.store.create_room(opened.new_room("Same"))
    second = opened.store.create_room(opened.new_room("same", owner=opened.bob))
    assert (await first).name == "Same"
    assert await refusal(second) is ErrorCode.ROOM_ALREADY_EXISTS


async def test_an_owner_has_so_many_temporary_rooms(opened: Opened) -> None:
    first = await opened.store.create_room(opened.new_room("One"))
    await opened.store.create_room(opened.new_room("Two"))
    third = opened.new_room("Three")
    assert await refusal(opened.store.create_room(third)) is ErrorCode.TOO_MANY_PRIVATE_ROOMS
    await opened.store.create_room(structs.replace(third, owner=opened.bob))
    await opened.store.remove_room(first, audit("remove_room"))
    await opened.store.create_room(opened.new_room("Four"))
    assert await refusal(opened.store.create_room(opened.new_room("Five"))) is ErrorCode.TOO_MANY_PRIVATE_ROOMS
    await opened.store.create_room(opened.new_room("Five", owner_limit=3))
    await opened.store.create_room(opened.new_room("Any", owner_limit=None))


async def test_a_renamed_room(opened: Opened) -> None:
    room = opened.room()
    await opened.store.rename_room(room, "Other", audit("rename_room"))
    await opened.store.rename_room(room, "Other", audit("rename_room"))
    await opened.store.create_room(opened.new_room("Room 0"))
    assert [row[2] for row in opened.case.audits()] == ["rename_room"] * 2


async def test_a_removed_room_is_gone_with_what_belongs_to_it(opened: Opened) -> None:
    room = await opened.store.create_room(opened.new_room("Gone", acls=rules("vip")))
    await opened.store.put_sanctions([mute(room_id=room.id), mute()], [])
    await opened.store.set_timer(timer(room.id))
    await opened.store.set_timer(timer("other"))
    assert await opened.store.remove_room(room, audit("remove_room")) is True
    assert await opened.store.remove_room(room, audit("remove_room")) is False
    assert await refusal(opened.store.rename_room(room, "Back", audit("rename_room"))) is ErrorCode.NO_SUCH_ROOM
    assert [row[2] for row in opened.case.audits()] == ["remove_room"]
    world = await opened.reopen()
    assert room.id not in {one.id for one in world.rooms}
    assert room.id not in {grant.room_id for grant in world.grants}
    assert {one.place for one in world.sanctions} == {("room", "room0")}
    assert {one.subject for one in world.timers} == {"other"}
    again = await opened.store.create_room(opened.new_room("Gone"))
    assert again.key > room.key


async def test_a_discarded_room_was_never_there(opened: Opened) -> None:
    new = opened.new_room("Ghost", owner_limit=1, acls=rules("vip"), timer=timer("ghost"))
    made, discarded = opened.store.create_room(new), opened.store.discard_room(new.id, utc_now())
    again = opened.store.create_room(opened.new_room("Ghost", owner_limit=1))
    room, other = await made, await again
    await discarded
    await opened.store.set_timer(timer(room.id))
    for _ in range(2):
        await opened.store.discard_room(room.id, utc_now())
    world = await opened.reopen()
    assert other in world.rooms
    assert room.id not in {one.id for one in world.rooms} | {grant.room_id for grant in world.grants}
    assert room.id not in {one.subject for one in world.timers}
    assert opened.case.audits() == []


async def test_a_declared_room_comes_back_with_the_next_opening(opened: Opened) -> None:
    room = opened.room()
    await opened.store.append_message(opened.draft("before"))
    await opened.store.remove_room(room, audit("remove_room"))
    await opened.reopen()
    assert opened.room() == room
    assert (await opened.store.append_message(opened.draft("after"))).message.seq == 2


async def test_timers(opened: Opened) -> None:
    first, moved = timer("a", minutes=1), timer("a", minutes=3)
    others = [timer("b", minutes=2), timer("a", "other kind", minutes=4)]
    for one in (first, *others, moved):
        await opened.store.set_timer(one)
    for kind, subject in (("kind", "b"), ("kind", "nothing"), ("nothing", "a")):
        await opened.store.cancel_timer(kind, subject)
    world = await opened.reopen()
    assert world.timers == (moved, others[1])


async def test_joins_are_counted(opened: Opened) -> None:
    first, second, unknown = RoomId("room0"), RoomId("room1"), RoomId("nowhere")
    assert await opened.store.count_joins([first, second, unknown]) == {first: 0, second: 0}
    await opened.store.add_tallies({first: 1, second: 2, unknown: 3}, {})
    await opened.store.add_tallies({first: 2**40}, {})
    await opened.store.add_tallies({}, {})
    assert await opened.store.count_joins([first, unknown]) == {first: 2**40 + 1}
    await opened.reopen()
    assert await opened.store.count_joins([second]) == {second: 2}
    assert await opened.store.count_joins([]) == {}
