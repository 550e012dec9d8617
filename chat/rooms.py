"""The channels and rooms that can be listed, found by id or name, and who may enter them. In memory; no I/O."""

from __future__ import annotations

from collections.abc import Iterable

from chat.errors import ChatError, ErrorCode
from chat.model import Access, Channel, ChannelId, Room, RoomId, RoomKind, UserId
from chat.requests import RoomTarget
from chat.roles import Roles
from chat.world import World


class Rooms:
    """The directory of channels and rooms. `roles` tells who is what in them. Empty until it is loaded."""

    def __init__(self) -> None:
        self.roles = Roles(())
        self._channels: dict[ChannelId, Channel] = {}
        self._rooms: dict[RoomId, Room] = {}
        self._members: dict[RoomId, set[UserId]] = {}

    def load(self, world: World) -> None:
        """Take what the store holds."""
        self.roles = Roles(world.grants)
        self._channels = {channel.id: channel for channel in sorted(world.channels, key=_order)}
        self._rooms = {room.id: room for room in sorted(world.rooms, key=_order)}
        self._members = {room_id: set(users) for room_id, users in world.members.items()}

    @property
    def channels(self) -> Iterable[Channel]:
        """All channels in sort order."""
        return self._channels.values()

    def channel(self, channel_id: ChannelId) -> Channel:
        """The channel. Raises NO_SUCH_CHANNEL."""
        channel = self._channels.get(channel_id)
        if channel is None:
            raise ChatError(ErrorCode.NO_SUCH_CHANNEL)
        return channel

    def is_channel(self, public_id: str) -> bool:
        """Whether this is the id of a channel."""
        return public_id in self._channels

    def channel_of(self, room: Room) -> Channel | None:
        """The room's channel; a conversation has none."""
        return None if room.channel_id is None else self._channels[room.channel_id]

    def room(self, room_id: RoomId) -> Room:
        """The room. Raises NO_SUCH_ROOM."""
        room = self._rooms.get(room_id)
        if room is None:
            raise ChatError(ErrorCode.NO_SUCH_ROOM)
        return room

    def rooms_in(self, channel_id: ChannelId) -> list[Room]:
        """The rooms of a channel in sort order."""
        return [room for room in self._rooms.values() if room.channel_id == channel_id]

    def may_enter(self, user_id: UserId, room: Room) -> bool:
        """Whether the user may list, join and read the room."""
        return room.access is Access.OPEN or user_id in self._members.get(room.id, ())

    def entered(self, user_id: UserId, target: RoomTarget) -> Room:
        """The room that `target` names for a user who may enter it.

        Raises NO_SUCH_ROOM, also for a room that is for others alone; MULTIPLE_ROOMS_WITH_NAME.
        """
        if target.by_name:
            return self._check_entry(user_id, self.named(target.target))
        return self.enterable(user_id, RoomId(target.target))

    def enterable(self, user_id: UserId, room_id: RoomId) -> Room:
        """The room of this id, for a user who may enter it. Raises NO_SUCH_ROOM, also for one for others alone."""
        return self._check_entry(user_id, self.room(room_id))

    def _check_entry(self, user_id: UserId, room: Room) -> Room:
        """The room itself; to who may not enter it is not betrayed that it exists."""
        if not self.may_enter(user_id, room):
            raise ChatError(ErrorCode.NO_SUCH_ROOM)
        return room

    def named(self, name: str) -> Room:
        """The room of that name, case ignored: in the default channel, else anywhere.

        Raises NO_SUCH_ROOM, MULTIPLE_ROOMS_WITH_NAME.
        """
        try:
            return self.named_in_default(name)
        except ChatError:
            return _only(room for room in self._rooms.values() if _is_named(room, name))

    def named_in_default(self, name: str) -> Room:
        """The room of that name in the default channel. Raises NO_SUCH_ROOM, MULTIPLE_ROOMS_WITH_NAME."""
        defaults = {channel.id for channel in self._channels.values() if channel.is_default}
        return _only(room for room in self._rooms.values() if room.channel_id in defaults and _is_named(room, name))

    def kind_of(self, channel_id: ChannelId) -> str:
        """What rooms a channel has: `static`, `temporary`, or `mix` for both or none."""
        kinds = {room.kind.value for room in self.rooms_in(channel_id) if room.kind is not RoomKind.ADMIN}
        return kinds.pop() if len(kinds) == 1 else "mix"


def _order(place: Channel | Room) -> tuple[int, str]:
    return place.sort, place.name


def _is_named(room: Room, name: str) -> bool:
    return room.name.casefold() == name.casefold()


def _only(rooms: Iterable[Room]) -> Room:
    found = list(rooms)
    if not found:
        raise ChatError(ErrorCode.NO_SUCH_ROOM)
    if len(found) > 1:
        raise ChatError(ErrorCode.MULTIPLE_ROOMS_WITH_NAME)
    return found[0]
