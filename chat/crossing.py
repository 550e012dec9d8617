"""Messages from one room into another: where they come from, and whether the rules of both rooms let them pass."""

from __future__ import annotations

from typing import TypeVar

from msgspec import structs

from chat.activities import ChannelRef
from chat.errors import ChatError, ErrorCode
from chat.events import MessagePosted, MessageUnheard
from chat.model import Acl, Room, RoomId, User
from chat.places import Place, Places
from chat.requests import SendMessage
from chat.rights import Act
from chat.rooms import Rooms

Said = TypeVar("Said", MessagePosted, MessageUnheard)


def rooms_of(request: SendMessage) -> tuple[RoomId, ...]:
    """The rooms that a message concerns: the one that it goes to, and the one that it comes from if that is another."""
    target, origin = RoomId(request.target), request.origin_id
    if request.kind != "room" or origin is None or origin == target:
        return (target,)
    return target, origin


def told_from(origin: Place | None, said: Said) -> Said:
    """The event of a message, with where it comes from if that is another room."""
    if origin is None:
        return said
    return structs.replace(said, origin_id=origin.room.id, origin=ChannelRef.of(origin.channel))


class Crossings:
    """Finds the two rooms of a message, and asks their rules."""

    def __init__(self, rooms: Rooms, places: Places) -> None:
        self._rooms = rooms
        self._places = places

    def place(self, sender: User, origin_id: RoomId, target_id: RoomId) -> Place:
        """The room that the message goes to, with its origin, which the sender is in.

        Raises NO_SUCH_ROOM, USER_NOT_IN_ROOM for the origin, NOT_ALLOWED where a rule of the rooms or their channels
        for `crossroom`, or of the target for `message`, does not let it pass. Rooms of different channels need a rule
        `samechannel` with the value `n` on the target's side.
        """
        origin = self._places.occupied(sender, origin_id)
        room = self._places.found(sender, target_id)
        target = Place(room, self._rooms.channel_of(room), origin=origin)
        self._check_channels(sender, origin.room, room)
        is_near = origin.room.channel_id == room.channel_id
        for one, action in ((origin.room, "crossroom"), (room, "crossroom"), (room, "message")):
            self._rooms.permits.check_crossing(sender, action, one, is_near=is_near)
        return target

    def _check_channels(self, sender: User, origin: Room, target: Room) -> None:
        if origin.channel_id == target.channel_id or self._rooms.rights.may(Act.SKIP_ROOM_RULES, sender.id, target):
            return
        rules = (*target.acls, *self._channel_rules(target))
        if not any((rule.action, rule.type, rule.value) == ("crossroom", "samechannel", "n") for rule in rules):
            raise ChatError(ErrorCode.NOT_ALLOWED, "the rooms are in different channels")

    def _channel_rules(self, room: Room) -> tuple[Acl, ...]:
        channel = self._rooms.channel_of(room)
        return () if channel is None else channel.acls
