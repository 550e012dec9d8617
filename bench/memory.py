"""What the server keeps in memory for each room, user, mute and so on: bytes of each, where there are 1,000 and 10,000.

Measured with tracemalloc, on the objects that the server itself uses. What a connection takes besides, the scenarios
`memory-N` of `run.py` tell. docs/memory.md has the figures beside the bounds.
"""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from chat.buckets import Rate, TokenBucket
from chat.conversations import Conversation, Conversations
from chat.messages import Span
from chat.model import (
    Access,
    Acl,
    Ban,
    BanScope,
    Channel,
    ChannelId,
    Message,
    MessageId,
    Mute,
    Role,
    Room,
    RoomId,
    RoomKind,
    Status,
    User,
    UserId,
    new_id,
)
from chat.occupants import Occupant
from chat.presence import Presence
from chat.roles import Roles
from chat.rooms import Rooms
from chat.sanctions import Bans, Mutes
from chat.sessions import Session
from chat.timelines import Timelines
from chat.timers import Timers
from chat.times import utc_now
from chat.users import Users
from chat.world import Grant, Timer, World

COUNTS = (1_000, 10_000)
CHANNEL = Channel(1, ChannelId(new_id()), "Lobby", 0, (), is_default=True)
NOTHING: Any = None
SHORT, LONG = 30, 10_000
KEPT = 50

Add = Callable[[int], object]


def a_user(number: int) -> User:
    """A user with three attributes, as a login makes one."""
    attributes = {"age": str(number), "gender": "w", "avatar": f"https://chat.test/{number}.png"}
    return User(number, UserId(f"user-{number}"), f"User {number}", "login", attributes)


def a_room(number: int, *acls: Acl) -> Room:
    """A room."""
    name = f"Room {number}"
    return Room(number, RoomId(new_id()), name, CHANNEL.id, RoomKind.TEMPORARY, Access.OPEN, 0, acls)


def a_message(number: int, room: Room, author: User, characters: int) -> Message:
    """A message as it comes back from the store."""
    return Message(
        key=number,
        id=MessageId(new_id()),
        room_id=room.id,
        seq=number,
        author=author,
        body=f"{number:0{characters}}",
        published=utc_now(),
    )


def rooms() -> Add:
    """Rooms of the directory."""
    directory = Rooms()
    directory.load(World(a_user(0), (CHANNEL,), (), (), {}, ()))
    return lambda number: directory.put(a_room(number))


def roles() -> Add:
    """Users who own a room of their own."""
    held = Roles(())
    return lambda number: held.put(
        Grant(UserId(f"user-{number}"), f"User {number}", Role.OWNER, room_id=RoomId(new_id()))
    )


def members() -> Add:
    """Members of one room."""
    held: set[UserId] = set()
    return lambda number: held.add(UserId(f"user-{number}"))


def mutes() -> Add:
    """Mutes of one room."""
    held, room_id, until = Mutes(Clock().seconds), RoomId(new_id()), utc_now() + timedelta(hours=1)

    def add(number: int) -> None:
        end = until + timedelta(seconds=number)
        held.put(Mute(UserId(f"user-{number}"), room_id, UserId("0"), "1h", f"reason {number}", end), utc_now())

    return add


def bans() -> Add:
    """Bans from one room."""
    held, room_id, until = Bans(Clock().seconds), new_id(), utc_now() + timedelta(hours=1)

    def add(number: int) -> None:
        end, user_id = until + timedelta(seconds=number), UserId(f"user-{number}")
        held.put(Ban(user_id, BanScope.ROOM, room_id, UserId("0"), "1h", f"reason {number}", end), utc_now())

    return add


def timers() -> Add:
    """Timers of rooms."""
    held, due = Timers(NOTHING, Clock()), utc_now() + timedelta(hours=1)
    return lambda number: held.note(Timer("remove-room", new_id(), due + timedelta(seconds=number)))


def online() -> Add:
    """Users online, with a session each, in no room."""
    presence = Presence()
    return lambda number: presence.login(Session(NOTHING), a_user(number))


def occupied(users_each: int) -> Callable[[], Add]:
    """Users in rooms, besides that they are online: so many in each room."""

    def make() -> Add:
        presence = Presence()
        sessions = [Session(NOTHING) for _ in range(max(COUNTS))]
        room_ids = [RoomId(new_id()) for _ in range(max(COUNTS) // users_each)]
        for number, session in enumerate(sessions):
            presence.login(session, a_user(number))
        return lambda number: presence.join(sessions[number], room_ids[number // users_each])

    return make


class EmptyStore:
    """Holds no messages."""

    def recent_messages(self, room: Room, limit: int) -> Deferred[Span]:
        """See `IStore`."""
        return succeed(Span((), 0))

    def ping(self) -> Deferred[None]:
        """See `IStore`."""
        return succeed(None)


def newest(characters: int) -> Callable[[], Add]:
    """Newest messages of active rooms, KEPT in each."""

    def make() -> Add:
        store: Any = EmptyStore()
        timelines = Timelines(store, Presence(), KEPT)
        places = [a_room(number) for number in range(max(COUNTS) // KEPT)]
        author = a_user(0)

        def add(number: int) -> None:
            room = places[number // KEPT]
            if number % KEPT == 0:
                Deferred.fromCoroutine(timelines.open(room))
            timelines.posted(a_message(number % KEPT + 1, room, author, characters))

        return add

    return make


def listed() -> Add:
    """Occupants as lists show them, kept with the occupants."""
    users = Users(NOTHING, Presence(), None)
    occupants = [Occupant(a_user(number)) for number in range(max(COUNTS))]

    def add(number: int) -> None:
        occupant = occupants[number]
        occupant.entry = users.in_room(occupant.user, Status.ONLINE, "")

    return add


def conversations() -> Add:
    """Conversations of two users each."""
    remembered = Conversations(NOTHING)

    def add(number: int) -> None:
        room = Room(number, RoomId(new_id()), "", None, RoomKind.CONVERSATION, Access.MEMBERS, 0)
        owners = {UserId(f"user-{number}"): number, UserId(f"user-{number + 1}"): number + 1}
        remembered.keep(Conversation(room, owners))

    return add


def buckets() -> Add:
    """Users whose commands are counted."""
    rate = Rate(20, 40)
    held: dict[str, TokenBucket] = {}

    def add(number: int) -> None:
        held[f"user-{number}"] = TokenBucket(rate)

    return add


THINGS: dict[str, Callable[[], Add]] = {
    "room of the directory": rooms,
    "role": roles,
    "member of a room": members,
    "mute": mutes,
    "ban": bans,
    "timer": timers,
    "user online": online,
    "user in a room of 2": occupied(2),
    "user in a room of 1,000": occupied(1_000),
    f"message of {SHORT} characters": newest(SHORT),
    f"message of {LONG} characters": newest(LONG),
    "occupant as lists show it": listed,
    "conversation": conversations,
    "allowance of a user": buckets,
}


def bytes_each(make: Callable[[], Add], count: int) -> float:
    """How much memory one more takes, where there are `count`."""
    add = make()
    gc.collect()
    tracemalloc.start()
    for number in range(count):
        add(number)
    gc.collect()
    total, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return total / count


def main() -> None:
    """Print a table."""
    heads = "".join(f"{f'of {count:,}':>12}" for count in COUNTS)
    sys.stdout.write(f"{'bytes each':32}{heads}\n")
    for name, make in THINGS.items():
        figures = "".join(f"{bytes_each(make, count):12,.0f}" for count in COUNTS)
        sys.stdout.write(f"{name:32}{figures}\n")


if __name__ == "__main__":
    main()
