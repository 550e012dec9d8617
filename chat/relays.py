"""What backends have users say: to whom it goes where it is not stored, and how its author is shown."""

from __future__ import annotations

from typing import TypeVar

from msgspec import structs

from chat.activities import Attribute, ChannelRef, RoomRef, UserRef
from chat.audiences import Audience, OfUser, OfUserIn
from chat.errors import ChatError, ErrorCode
from chat.events import MessagePosted, MessageSaid
from chat.model import Channel, RoomId, User, UserId
from chat.plugin import Context, Services
from chat.requests import SendMessage, Telling

Said = TypeVar("Said", bound=MessageSaid)
Target = tuple[RoomRef, Channel | None, tuple[Audience, ...]]


class Relays:
    """Asks `services` for who is where."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def said(self, context: Context, request: SendMessage, telling: Telling) -> MessageSaid:
        """The event of what is not stored. Said to one user it reaches all sessions of the two, who need no
        conversation: the user is its target. What is to be unheard reaches the author alone.

        Raises NO_SUCH_ROOM, NO_SUCH_USER, INVALID_TARGET_TYPE; USER_IS_BANNED for who is banned or muted there.
        """
        ref, channel, to = await self._target(context.caller, request)
        where = ChannelRef.of(channel)
        said = MessageSaid(
            published=context.now,
            author=UserRef.of(context.caller),
            room=ref,
            body=request.body,
            channel_id=where.id,
            channel_name=where.name,
            kind=request.kind,
            target_kind=request.kind,
            to=_author_alone(context.caller, request) if context.is_unheard else to,
        )
        return self._shown(said, context.caller, telling)

    def told(self, posted: MessagePosted, telling: Telling) -> MessagePosted:
        """The event of a message that was stored: `object.id` is its id, as callers of `/send` know it."""
        shown = self._shown(posted, posted.message.author, telling)
        return structs.replace(shown, more=shown.more | {"id": posted.id})

    def _shown(self, said: Said, author: User, telling: Telling) -> Said:
        attributes: tuple[Attribute, ...] | None = self._services.users.public(author) if telling.shows_author else None
        ref = UserRef(id=author.id, name=telling.author_name or author.name)
        return structs.replace(said, author=ref, author_attributes=attributes)

    async def _target(self, author: User, request: SendMessage) -> Target:
        services = self._services
        if request.kind == "room":
            place = services.places.open_to_operators(author, RoomId(request.target))
            services.places.check_voice(author, place)
            return RoomRef.of(place.room), place.channel, place.audience()
        if request.kind != "private":
            raise ChatError(ErrorCode.INVALID_TARGET_TYPE)
        user = await services.users.known(UserId(request.target))
        services.rooms.bans.check(author.id)
        return RoomRef(id=user.id, name=user.name), None, tuple(map(OfUser, dict.fromkeys((user.id, author.id))))


def _author_alone(author: User, request: SendMessage) -> tuple[Audience, ...]:
    return (OfUserIn(RoomId(request.target), author.id) if request.kind == "room" else OfUser(author.id),)
