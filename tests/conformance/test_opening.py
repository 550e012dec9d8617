"""Opening, closing, opening again: what a store holds, and what the configuration makes of it."""

from __future__ import annotations

import pytest
from msgspec import structs
from twisted.internet.defer import gatherResults

from chat.config import AclRule, ChannelSection, Config, GlobalRoles, RoomSection, StaticUser
from chat.config import Auth as AuthSection
from chat.declarations import declared_by
from chat.errors import ConfigError, StorageError
from chat.model import SYSTEM_ID, SYSTEM_NAME, Access, Acl, Channel, Room, RoomKind, UserId
from chat.world import Grant, World

from .opened import ALICE, BOB, CONFIG, LOBBY, Opened, audit
from .stores import StoreCase


def rooms_by_name(world: World) -> dict[str, Room]:
    return {room.name: room for room in world.rooms if room.kind is RoomKind.STATIC}


async def test_what_is_declared_is_there(opened: Opened) -> None:
    world = opened.world
    assert (world.system.id, world.system.name) == (SYSTEM_ID, SYSTEM_NAME)
    (channel,) = world.channels
    assert (channel.id, channel.name, channel.is_default) == ("lobby", "Lobby", True)
    for number in range(3):
        room = opened.room(number)
        assert (room.id, room.name, room.channel_id) == (f"room{number}", f"Room {number}", "lobby")
        assert (room.kind, room.access, room.acls) == (RoomKind.STATIC, Access.OPEN, ())
    (admins,) = [room for room in world.rooms if room.kind is RoomKind.ADMIN]
    assert admins.channel_id == "lobby"
    assert (world.sanctions, world.timers) == ((), ())


async def test_it_all_stays_the_same_when_nothing_changes(opened: Opened) -> None:
    before = await opened.reopen()
    after = await opened.reopen()
    assert (after.system, after.channels, after.members) == (before.system, before.channels, before.members)
    assert set(after.rooms) == set(before.rooms)
    assert set(after.grants) == set(before.grants)
    assert opened.alice.key == (await opened.known(ALICE)).key


async def test_every_part_of_a_declaration(opened: Opened) -> None:
    room = RoomSection(
        id="room0",
        name="Other",
        sort=7,
        access="members",
        owners=("carol",),
        moderators=("dave",),
        acls=(AclRule(action="join", type="age", value="18:"),),
    )
    channel = ChannelSection(
        id="lobby",
        name="Hall",
        default=True,
        sort=3,
        tags=("a", "b"),
        owners=("alice",),
        admins=("erin",),
        acls=(AclRule(action="list", type="gender", value="w"),),
        rooms=(room,),
    )
    roles = GlobalRoles(superusers=("root",), globalmods=("mod",))
    world = await opened.reopen(Config(channels=(channel,), roles=roles))
    (hall,) = world.channels
    rules = (Acl("list", "gender", "w"),)
    assert hall == Channel(opened.world.channels[0].key, hall.id, "Hall", 3, ("a", "b"), True, rules)
    changed = opened.room(0)
    assert (changed.name, changed.sort, changed.access) == ("Other", 7, Access.MEMBERS)
    assert changed.acls == (Acl("join", "age", "18:"),)
    assert world.members == {}
    assert {(grant.user_id, grant.role.value, grant.channel_id, grant.room_id) for grant in world.grants} == {
        ("root", "superuser", None, None),
        ("mod", "globalmod", None, None),
        ("alice", "owner", "lobby", None),
        ("erin", "admin", "lobby", None),
        ("carol", "owner", None, "room0"),
        ("dave", "moderator", None, "room0"),
    }


async def test_what_is_declared_no_more(opened: Opened) -> None:
    """Roles and rules go; channels and rooms stay."""
    bare = ChannelSection(id="lobby", name="Lobby", default=True)
    world = await opened.reopen(Config(channels=(bare,)))
    assert world.grants == ()
    assert {room.id for room in world.rooms} >= {"room0", "room1", "room2"}
    other = ChannelSection(id="other", name="Other", default=True)
    world = await opened.reopen(Config(channels=(other,)))
    assert {channel.id: channel.is_default for channel in world.channels} == {"lobby": False, "other": True}


async def test_without_ids_the_names_tell_what_is_meant(opened: Opened) -> None:
    kept = {room.name: room.key for room in opened.world.rooms}
    rooms = (RoomSection(name="Room 0"), RoomSection(name="New"))
    world = await opened.reopen(Config(channels=(ChannelSection(name="Lobby", default=True, rooms=rooms),)))
    assert [channel.id for channel in world.channels] == ["lobby"]
    found = rooms_by_name(world)
    assert {name: found[name].key for name in ("Room 0", "Room 1", "Room 2")} == {
        name: kept[name] for name in ("Room 0", "Room 1", "Room 2")
    }
    assert found["New"].key not in kept.values()
    again = await opened.reopen(Config(channels=(ChannelSection(name="Lobby", default=True, rooms=rooms),)))
    assert rooms_by_name(again)["New"] == found["New"]


def lobby(*declared: RoomSection) -> Config:
    return Config(channels=(ChannelSection(id="lobby", name="Lobby", default=True, rooms=declared),))


@pytest.mark.parametrize("public_id", [None, "kept"])
async def test_a_declared_room_keeps_the_name_that_users_gave_it(opened: Opened, public_id: str | None) -> None:
    config = lobby(RoomSection(id=public_id, name="General"))
    room = rooms_by_name(await opened.reopen(config))["General"]
    await opened.store.rename_room(room, "Main", audit("rename_room"))
    taken = await opened.store.create_room(opened.new_room("General"))
    for _ in range(2):
        world = await opened.reopen(config)
        assert opened.room_of_id(room.id) == structs.replace(room, name="Main")
        assert opened.room_of_id(taken.id) == taken
        assert len(world.rooms) == len(CONFIG.channels[0].rooms) + len(("admins", room, taken))


async def test_another_declared_name_is_the_name_from_then_on(opened: Opened) -> None:
    await opened.store.rename_room(opened.room(0), "Mine", audit("rename_room"))
    await opened.reopen(lobby(RoomSection(id="room0", name="Other")))
    assert opened.room(0).name == "Other"


async def test_declared_rooms_exchange_their_names(opened: Opened) -> None:
    await opened.reopen(lobby(RoomSection(id="room0", name="Room 1"), RoomSection(id="room1", name="Room 0")))
    assert [opened.room(number).name for number in range(3)] == ["Room 1", "Room 0", "Room 2"]
    assert await opened.reopen() == await opened.reopen()
    assert [opened.room(number).name for number in range(3)] == ["Room 0", "Room 1", "Room 2"]


async def test_a_name_that_another_room_has_gets_a_number(opened: Opened) -> None:
    for number in range(2):
        await opened.store.remove_room(opened.room(number), audit("remove_room"))
    for name in ("room 0", "hall", "Hall 2", "New"):
        await opened.store.create_room(opened.new_room(name, owner_limit=9))
    declared = (RoomSection(id="room0", name="Room 0"), RoomSection(id="room2", name="Hall"), RoomSection(name="New"))
    for _ in range(2):
        world = await opened.reopen(lobby(*declared))
        assert (opened.room(0).name, opened.room(2).name) == ("Room 0 2", "Hall 3")
        names = sorted(room.name for room in world.rooms)
        assert names == ["Admins", "Hall 2", "Hall 3", "New", "New 2", "Room 0 2", "hall", "room 0"]


async def test_names_of_users_follow_their_declaration(opened: Opened) -> None:
    users = (StaticUser(id="alice", name="The One"), StaticUser(id="zoe"))
    await opened.close()
    store = opened.case.store()
    world = store.open(declared_by(Config(channels=(LOBBY,), auth=AuthSection(users=users))))
    alice, zoe = await store.find_user(ALICE), await store.find_user(UserId("zoe"))
    assert alice is not None
    assert zoe is not None
    assert (alice.key, alice.name, alice.attributes) == (opened.alice.key, "The One", {"age": "30"})
    assert (zoe.name, zoe.attributes) == ("zoe", {})
    bob = next(grant for grant in world.grants if grant.user_id == BOB)
    assert bob == Grant(BOB, "Bob", bob.role, opened.world.channels[0].id, None)
    await store.close()


async def test_a_closing_store_finishes_what_waits_and_takes_nothing_more(opened: Opened) -> None:
    writes = [opened.store.append_message(opened.draft(str(number))) for number in range(50)]
    reads = [opened.store.find_user(ALICE) for _ in range(50)]
    await opened.close()
    assert all(one.called for one in writes)
    assert all(one.called for one in reads)
    assert [one.message.seq for one in await gatherResults(writes)] == list(range(1, 51))
    assert await gatherResults(reads) == [opened.alice] * 50
    for late in (opened.store.ping(), opened.store.find_user(ALICE), opened.store.append_message(opened.draft("x"))):
        with pytest.raises(StorageError):
            await late
    await opened.open()
    assert (await opened.store.recent_messages(opened.room(), 1)).head == 50


async def test_the_data_of_a_newer_server_are_left_alone(opened: Opened) -> None:
    await opened.close()
    opened.case.outdate()
    before = opened.case.content()
    with pytest.raises(ConfigError, match="newer"):
        opened.case.store().open(declared_by(CONFIG))
    assert opened.case.content() == before


async def test_a_store_that_could_not_be_opened_can_be_opened_later(case: StoreCase) -> None:
    opened = Opened(case)
    await opened.open()
    await opened.close()
    with case.broken():
        case.outdate()
        for _ in range(2):
            with pytest.raises(ConfigError):
                case.store().open(declared_by(CONFIG))
