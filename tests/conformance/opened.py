"""A store that is open, with a world to test in."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from msgspec import structs
from twisted.internet.defer import Deferred
from twisted.internet.threads import blockingCallFromThread

from chat.config import ChannelSection, Config, RoomSection
from chat.declarations import declared_by
from chat.ichat import IStore
from chat.messages import Draft
from chat.model import Access, Acl, Ban, BanScope, Mute, Room, RoomId, RoomKind, User, UserId, new_id
from chat.moderation import Audit
from chat.new_rooms import NewRoom
from chat.plugin import Identity
from chat.times import from_ms, to_ms, utc_now
from chat.world import StoredKey, Timer, World

from .stores import StoreCase

ALICE, BOB, NOBODY = UserId("alice"), UserId("bob"), UserId("nobody")
ROOMS = tuple(RoomSection(id=f"room{number}", name=f"Room {number}") for number in range(3))
LOBBY = ChannelSection(id="lobby", name="Lobby", default=True, owners=("bob",), rooms=ROOMS)
CONFIG = Config(channels=(LOBBY,))

Result = TypeVar("Result")


class Opened:
    """A store with one channel, three rooms and two users."""

    store: IStore
    world: World
    alice: User
    bob: User

    def __init__(self, case: StoreCase) -> None:
        self.case = case
        self.is_open = False

    async def open(self, config: Config = CONFIG) -> None:
        """Open a store on the place, which knows alice and bob afterwards."""
        self.store = self.case.store()
        self.world = self.store.open(declared_by(config))
        self.is_open = True
        self.alice = (await self.store.record_login(ALICE, Identity("Alice", {"age": "30"}), utc_now())).user
        self.bob = (await self.store.record_login(BOB, Identity("Bob", {}), utc_now())).user

    async def close(self) -> None:
        """Close the store, if it is open."""
        if self.is_open:
            self.is_open = False
            await self.store.close()

    async def reopen(self, config: Config = CONFIG) -> World:
        """Close, and open anew what was kept. The world before anybody logged in."""
        await self.close()
        await self.open(config)
        return self.world

    async def known(self, user_id: UserId) -> User:
        """A user whom the store knows."""
        user = await self.store.find_user(user_id)
        assert user is not None
        return user

    def room(self, number: int = 0) -> Room:
        """One of the declared rooms."""
        return self.room_of_id(RoomId(f"room{number}"))

    def room_of_id(self, room_id: RoomId) -> Room:
        """A room of the world as of the opening."""
        return next(room for room in self.world.rooms if room.id == room_id)

    def draft(self, body: str, room: Room | int = 0, **members: Any) -> Draft:
        """A message of alice's, published now."""
        place = room if isinstance(room, Room) else self.room(room)
        values: dict[str, Any] = {"room": place, "author": self.alice, "body": body, "published": utc_now()}
        return Draft(**(values | members))

    def new_room(self, name: str, **members: Any) -> NewRoom:
        """A temporary room that alice makes."""
        values: dict[str, Any] = {
            "id": RoomId(new_id()),
            "room_name": name,
            "channel": self.world.channels[0],
            "kind": RoomKind.TEMPORARY,
            "access": Access.OPEN,
            "acls": (),
            "owner": self.alice,
            "owner_limit": 2,
            "created": utc_now(),
            "timer": None,
        }
        return NewRoom(**(values | members))


def in_reactor(call: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Run a coroutine to its end, for the thread of a test that is not the reactor's."""
    from twisted.internet import reactor

    running: Any = reactor
    result: Result = blockingCallFromThread(running, lambda: Deferred.fromCoroutine(call()))  # type: ignore[arg-type]
    return result


def mute(user_id: UserId = ALICE, room_id: str = "room0", duration: str = "1h", reason: str = "why") -> Mute:
    """A mute that bob sets."""
    return Mute(user_id, RoomId(room_id), BOB, duration, reason, utc_now() + timedelta(hours=1))


def ban(scope: BanScope = BanScope.ROOM, target_id: str = "room0", **members: Any) -> Ban:
    """A ban of alice that bob sets."""
    one = Ban(ALICE, scope, target_id, BOB, "1h", "why", utc_now() + timedelta(hours=1))
    return structs.replace(one, **members)


def audit(action: str, user_id: UserId = ALICE, room_id: str = "room0", until: datetime | None = None) -> Audit:
    """A row of what bob did with a key."""
    return Audit(utc_now(), "key", BOB, action, user_id, RoomId(room_id), "why", until)


def timer(subject: str = "room0", kind: str = "kind", minutes: int = 1) -> Timer:
    """A timer that is due later."""
    return Timer(kind, subject, utc_now() + timedelta(minutes=minutes))


def rules(*values: str) -> Sequence[Acl]:
    """Rules for joins."""
    return tuple(Acl("join", "membership", value) for value in values)


def key(name: str) -> StoredKey:
    """A key of a backend."""
    return StoredKey(name, name.encode() * 32, ("read", "rooms"), from_ms(to_ms(utc_now())))
