"""The channels and rooms that can be listed, found by id or name, and who may enter them. In memory; no I/O."""

from __future__ import annotations

import time
from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Iterable

from msgspec import structs

from chat.errors import ChatError, ErrorCode
from chat.model import Access, Acl, BanScope, Channel, ChannelId, Room, RoomId, RoomKind, User, UserId
from chat.names import folded
from chat.permits import Permits
from chat.requests import RoomTarget
from chat.rights import Rights
from chat.roles import Roles
from chat.sanctions import Bans
from chat.world import World


class Rooms:
    """The directory of channels and rooms. `roles` tells who is what in them, `rights` what that lets them do,
    `permits` what access rules let users do. Empty until it is loaded.

    `max_users`: how many users a room takes besides operators, 0 for any number.
    """

    def __init__(self, max_users: int = 0, seconds: Callable[[], float] = time.monotonic) -> None:
        self.bans = Bans(seconds)
        self.roles = Roles(())
        self.rights = Rights(self.roles)
        self.permits = Permits(self.roles, self.rights)
        self._max_users = max_users
        self._channels: dict[ChannelId, Channel] = {}
        self._rooms: dict[RoomId, Room] = {}
        self._by_channel: dict[ChannelId, list[Room]] = {}
        self._by_name: dict[str, dict[RoomId, Room]] = {}
        self._autojoined: dict[RoomId, Room] = {}
        self._members: dict[RoomId, frozenset[UserId]] = {}
        self._closed: set[RoomId] = set()

    def load(self, world: World) -> None:
        """Take what the store holds."""
        self.roles = Roles(world.grants)
        self.rights = Rights(self.roles)
        self.permits = Permits(self.roles, self.rights)
        self._channels = {channel.id: channel for channel in sorted(world.channels, key=_channel_order)}
        for channel in world.channels:
            self.permits.put(channel)
        self._members = dict(world.members)
        for room in world.rooms:
            self.put(room)

    def put(self, room: Room) -> None:
        """Have a room in the directory, in place of what was known of it."""
        self._take_out(room.id)
        self._rooms[room.id] = room
        self.permits.put(room)
        self._by_name.setdefault(folded(room.name), {})[room.id] = room
        if any(rule.action == "autojoin" for rule in room.acls):
            self._autojoined[room.id] = room
        if room.channel_id is not None:
            insort(self._by_channel.setdefault(room.channel_id, []), room, key=_room_order)

    def rename(self, room: Room, name: str) -> Room:
        """The room, as it is by now, under another name, which is the one in the directory from now on."""
        renamed = structs.replace(self.room(room.id), name=name)
        self.put(renamed)
        return renamed

    def set_rules(self, place: Room | Channel, rules: tuple[Acl, ...]) -> None:
        """The room or channel, if it is there still, has these access rules from now on."""
        if isinstance(place, Channel):
            self._channels[place.id] = structs.replace(self._channels[place.id], acls=rules)
            self.permits.put(self._channels[place.id])
        elif place.id in self._rooms:
            self.put(structs.replace(self._rooms[place.id], acls=rules))

    def close(self, room: Room) -> None:
        """Nobody comes in any more: the room is to be removed, sooner or later."""
        self._closed.add(room.id)

    def forget(self, room: Room) -> None:
        """The room is gone, with its roles and members."""
        self._take_out(room.id)
        self._closed.discard(room.id)
        self._members.pop(room.id, None)
        self.roles.forget_room(room.id)
        self.bans.forget((BanScope.ROOM.value, room.id))

    def _take_out(self, room_id: RoomId) -> None:
        room = self._rooms.pop(room_id, None)
        if room is None:
            return
        self._autojoined.pop(room_id, None)
        self.permits.forget(room)
        if room.channel_id is not None:
            neighbours = self._by_channel[room.channel_id]
            del neighbours[bisect_left(neighbours, _room_order(room), key=_room_order)]
        same_name = self._by_name[folded(room.name)]
        del same_name[room_id]
        if not same_name:
            del self._by_name[folded(room.name)]

    @property
    def channels(self) -> Iterable[Channel]:
        """All channels in sort order."""
        return self._channels.values()

    @property
    def all(self) -> Collection[Room]:
        """Every room but conversations."""
        return self._rooms.values()

    @property
    def temporary(self) -> list[Room]:
        """The rooms that end when nobody keeps them."""
        return [room for room in self._rooms.values() if room.kind is RoomKind.TEMPORARY]

    def channel(self, channel_id: ChannelId) -> Channel:
        """The channel. Raises NO_SUCH_CHANNEL."""
        channel = self._channels.get(channel_id)
        if channel is None:
            raise ChatError(ErrorCode.NO_SUCH_CHANNEL)
        return channel

    def default_channel(self) -> Channel:
        """The channel in which rooms are found and made by name alone. Raises NO_SUCH_CHANNEL where there is none."""
        default = next((channel for channel in self._channels.values() if channel.is_default), None)
        if default is None:
            raise ChatError(ErrorCode.NO_SUCH_CHANNEL, "there is no default channel")
        return default

    def is_channel(self, public_id: str) -> bool:
        """Whether this is the id of a channel."""
        return public_id in self._channels

    def channel_of(self, room: Room) -> Channel | None:
        """The room's channel; a conversation has none."""
        return None if room.channel_id is None else self._channels[room.channel_id]

    def find(self, room_id: RoomId) -> Room | None:
        """The room, or None."""
        return self._rooms.get(room_id)

    def is_open(self, room_id: RoomId) -> bool:
        """Whether the room is there and is to stay."""
        return room_id in self._rooms and room_id not in self._closed

    def room(self, room_id: RoomId) -> Room:
        """The room. Raises NO_SUCH_ROOM."""
        room = self._rooms.get(room_id)
        if room is None:
            raise ChatError(ErrorCode.NO_SUCH_ROOM)
        return room

    def rooms_in(self, channel_id: ChannelId) -> Iterable[Room]:
        """The rooms of a channel: those that stay in sort order, then the temporary ones."""
        return self._by_channel.get(channel_id, ())

    def admin_room_of(self, room: Room) -> Room | None:
        """The room of the operators in the room's channel; None for a conversation, and where there is none."""
        neighbours = () if room.channel_id is None else self.rooms_in(room.channel_id)
        return next((one for one in neighbours if one.kind is RoomKind.ADMIN), None)

    def members_of(self, room_id: RoomId) -> frozenset[UserId]:
        """The durable members of a room, and whoever has a role in it."""
        return self._members.get(room_id, frozenset()) | self.roles.holders_in(room_id)

    def may_enter(self, user_id: UserId, room: Room) -> bool:
        """Whether the room is for the user at all, whatever its access rules say. Who has a role in a room belongs to
        it as long.
        """
        if room.kind is RoomKind.ADMIN:
            return self.roles.is_operator(user_id)
        if room.access is Access.OPEN or user_id in self._members.get(room.id, ()):
            return True
        return bool(self.roles.in_room(user_id, room.id))

    def may_list(self, user: User, room: Room) -> bool:
        """Whether lists show the room to the user, and news of it: its rules for `list` and those of its channel."""
        return self.may_enter(user.id, room) and self.permits.lets(user, "list", room)

    def is_known_to(self, user: User, place: Room | Channel) -> bool:
        """Whether the user, if not there, may know of it: who may list it, or is something there. To others it is as if
        it did not exist.
        """
        if self.rights.has_standing(user.id, place):
            return True
        return self.permits.lets(user, "list", place) and (isinstance(place, Channel) or self.may_enter(user.id, place))

    def is_found_by(self, user: User, room: Room) -> bool:
        """Whether the user finds the room by its id: who may know of it, or may join it."""
        return self.is_known_to(user, room) or (self.may_enter(user.id, room) and self.permits.lets(user, "join", room))

    def is_news_for(self, user: User, room: Room) -> bool:
        """Whether the user, if not in the room, hears of what becomes of it: who may list it and is not banned."""
        return self.may_list(user, room) and not self.bans.of(user.id, self.channel_of(room))

    def listable(self, user: User, channel_id: ChannelId) -> Channel:
        """The channel, for a user who may list it. To who may not it is not betrayed that it exists.

        Raises NO_SUCH_CHANNEL.
        """
        channel = self.channel(channel_id)
        if not self.permits.lets(user, "list", channel):
            raise ChatError(ErrorCode.NO_SUCH_CHANNEL)
        return channel

    def check_space(self, user_id: UserId, count: int) -> None:
        """Raise ROOM_FULL when a room with `count` users does not take this one too; operators always fit in."""
        if 0 < self._max_users <= count and not self.roles.is_operator(user_id):
            raise ChatError(ErrorCode.ROOM_FULL, f"a room takes at most {self._max_users} users")

    def check_ban(self, user_id: UserId, room: Room) -> None:
        """Raise USER_IS_BANNED for who is banned from the room, its channel or the server, owner of it or not."""
        self.bans.check(user_id, self.channel_of(room), room)

    def entered(self, user: User, target: RoomTarget, occupied: Collection[RoomId]) -> Room:
        """The room that `target` names for a user who may enter it, or is banned from it, or is in it: `occupied`. By
        name those alone are found that the user may list, or is in; by id those too that the user may join.

        Raises NO_SUCH_ROOM, also for a room that is for others alone; MULTIPLE_ROOMS_WITH_NAME.
        """
        if not target.by_name:
            room_id = RoomId(target.target)
            if room_id in occupied:
                return self.room(room_id)
            room = self._of_id(user.id, room_id)
            if not self.is_found_by(user, room):
                raise ChatError(ErrorCode.NO_SUCH_ROOM)
            return room
        named = self._named(target.target)
        return self._only(room for room in named if room.id in occupied or self.may_list(user, room))

    def enterable(self, user_id: UserId, room_id: RoomId) -> Room:
        """The room of this id, for a user who may enter it. To who may not it is not betrayed that it exists.

        Raises NO_SUCH_ROOM, USER_IS_BANNED.
        """
        room = self._of_id(user_id, room_id)
        self.check_ban(user_id, room)
        return room

    def _of_id(self, user_id: UserId, room_id: RoomId) -> Room:
        room = self.room(room_id)
        if not self.may_enter(user_id, room):
            raise ChatError(ErrorCode.NO_SUCH_ROOM)
        return room

    def named_in_default(self, name: str) -> Room:
        """The room of that name in the default channel. Raises NO_SUCH_ROOM, MULTIPLE_ROOMS_WITH_NAME."""
        return self._only(room for room in self._named(name) if self._is_in_default(room))

    def _named(self, name: str) -> Iterable[Room]:
        return self._by_name.get(folded(name), {}).values()

    def _is_in_default(self, room: Room) -> bool:
        channel = self.channel_of(room)
        return channel is not None and channel.is_default

    def _only(self, rooms: Iterable[Room]) -> Room:
        """The one room among these; those of the default channel go before the others."""
        found = list(rooms)
        found = [room for room in found if self._is_in_default(room)] or found
        if not found:
            raise ChatError(ErrorCode.NO_SUCH_ROOM)
        if len(found) > 1:
            raise ChatError(ErrorCode.MULTIPLE_ROOMS_WITH_NAME)
        return found[0]

    def autojoined_by(self, user: User) -> list[Room]:
        """The rooms that are to take the user in at login: those with rules for `autojoin` that hold. By these nobody
        passes: they let nobody in, they say who is meant.
        """
        return [room for room in self._autojoined.values() if self._joins_by_itself(user, room)]

    def _joins_by_itself(self, user: User, room: Room) -> bool:
        return self.may_enter(user.id, room) and self.permits.holds(user, "autojoin", room)

    def kind_of(self, channel_id: ChannelId) -> str:
        """What rooms a channel has: `static`, `temporary`, or `mix` for both or none."""
        kinds = {room.kind.value for room in self.rooms_in(channel_id) if room.kind is not RoomKind.ADMIN}
        return kinds.pop() if len(kinds) == 1 else "mix"


def _channel_order(channel: Channel) -> tuple[int, str]:
    return channel.sort, channel.name


def _room_order(room: Room) -> tuple[bool, int, str, RoomId]:
    return room.kind is RoomKind.TEMPORARY, room.sort, room.name, room.id
