"""Which commands are whispers, to whom, and whether they may be.

Not betrayed: an occupant whom the sender does not see is to the sender as one who is not there.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from chat.activities import ChannelRef, RoomRef, UserRef
from chat.errors import ChatError, ErrorCode
from chat.events import TextWhispered
from chat.model import Channel, Room, RoomId, User, UserId
from chat.plugin import Context, Services
from chat.requests import SendMessage, Whisper


class Addressed(Struct, frozen=True):
    """To whom something is whispered, and where."""

    target: User
    room: Room
    channel: Channel | None

    def in_text(self, context: Context, request: SendMessage) -> TextWhispered:
        """The event of a whisper that was sent as a message."""
        return TextWhispered(
            published=context.now,
            author=UserRef.of(context.caller),
            room=RoomRef.of(self.room),
            body=request.body,
            channel=ChannelRef.of(self.channel),
            more=request.more,
            target_id=self.target.id,
        )


class _Worded(Struct):
    """How clients write a whisper as a message."""

    text: str


class Whispers:
    """Reads whispers off commands. Asks `services` for who is where."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._reads_texts = services.config.messages.text_whispers

    async def addressed(self, sender: User, request: Whisper | SendMessage) -> Addressed | None:
        """To whom the command whispers; None for a message that is for all in its room, as those of backends are.

        Raises NO_SUCH_ROOM, USER_NOT_IN_ROOM when one of the two is not in the room, USER_IS_BANNED for a sender who is
        banned or muted there, NOT_ALLOWED_TO_WHISPER_SELF, NO_SUCH_USER, NOT_ALLOWED_TO_WHISPER_CHANNEL where the
        channel's rules do not hold for the sender.
        """
        if isinstance(request, Whisper):
            return await self._to(sender, request.room_id, request.user_id)
        is_asked = self._reads_texts and request.kind == "room" and request.telling is None
        name = _name_in(request.body) if is_asked else ""
        return await self._to_named(sender, RoomId(request.target), name) if name else None

    async def _to_named(self, sender: User, room_id: RoomId, name: str) -> Addressed:
        """What is meant for one is not told to all because the one is not there, or there are two of that name."""
        self._services.places.occupied(sender, room_id)
        viewer = self._services.occupancy.viewer(sender)
        shown = (one.user for one in self._services.presence.shown(room_id, viewer))
        found = [user.id for user in shown if name in (user.name, user.id)]
        if len(found) != 1:
            raise ChatError(ErrorCode.USER_NOT_IN_ROOM, "the room does not have one user of that name")
        return await self._to(sender, room_id, found[0])

    async def _to(self, sender: User, room_id: RoomId, user_id: UserId) -> Addressed:
        services = self._services
        place = services.places.occupied(sender, room_id)
        # Guards ask other servers about whispers, which takes time: a mute may have been set meanwhile.
        services.mutes.check(sender.id, place.room)
        if user_id == sender.id:
            raise ChatError(ErrorCode.NOT_ALLOWED_TO_WHISPER_SELF)
        shown = services.presence.shown_among((user_id,), room_id, services.occupancy.viewer(sender))
        if not shown:
            await services.users.known(user_id)
            raise ChatError(ErrorCode.USER_NOT_IN_ROOM, "the user whom it is for is not in the room")
        if not services.rooms.permits.lets(sender, "whisper", place.room):
            raise ChatError(ErrorCode.NOT_ALLOWED_TO_WHISPER_CHANNEL)
        return Addressed(shown[0].user, place.room, place.channel)


def _name_in(body: str) -> str:
    """The name in a message such as `{"text": "hello -bob"}`; empty for any other message."""
    if not body.lstrip().startswith("{"):
        return ""
    try:
        text = msgspec.json.decode(body, type=_Worded).text
    except (msgspec.MsgspecError, RecursionError):
        return ""
    name = f" {text}".rpartition(" -")[2] if " -" in f" {text}" else ""
    return "" if name[:1].isspace() else name.rstrip()
