"""What was said."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from chat.activities import Attribute, ChannelRef, RoomRef, UserRef
from chat.audiences import (
    Audience,
    Everyone,
    InRoom,
)
from chat.events.base import Event
from chat.model import Channel, Message, Room, RoomId, User
from chat.slots import At


class MessageSaid(Event, frozen=True, kw_only=True):
    """Something was said, and not stored: it has no number.

    `author_attributes` are told where a backend asks for it. `more` is what else there is in `object`. `to` is who
    hears of it, and not on the wire.
    """

    wire = "message"
    constants = {"verb": "send"}

    author: Annotated[UserRef, At("actor")]
    author_attributes: Annotated[tuple[Attribute, ...] | None, At("actor.attachments")] = None
    room: Annotated[RoomRef, At("target")]
    body: Annotated[str, At("object.content", text=True)]
    channel_id: Annotated[str, At("object.url")]
    channel_name: Annotated[str, At("object.displayName", text=True)]
    kind: Annotated[str, At("object.objectType")]
    target_kind: Annotated[str, At("target.objectType")]
    more: Annotated[dict[str, Any], At("object.*")] = {}
    origin_id: Annotated[RoomId | None, At("actor.url")] = None
    origin: Annotated[ChannelRef | None, At("provider")] = None
    to: tuple[Audience, ...]

    def audience(self) -> tuple[Audience, ...]:
        """The room's sessions, or all sessions of the conversation's owners; the author's own included."""
        return self.to


class MessageUnheard(MessageSaid, frozen=True, kw_only=True):
    """Something was said that is heard by nobody but its author. Also the reply to its author."""

    @classmethod
    def of(cls, author: User, place: tuple[Room, Channel | None], to: tuple[Audience, ...], **said: Any) -> Self:
        """The event of what was said in a room of a channel, or in a conversation, which has none."""
        return cls(author=UserRef.of(author), to=to, **said, **_where(*place))


class MessagePosted(MessageSaid, frozen=True, kw_only=True):
    """A message was stored. Also the reply to its sender. `message` is for observers and not on the wire."""

    wire = "message"
    constants = {"verb": "send"}

    seq: Annotated[int, At("seq")]
    message: Message

    @classmethod
    def of(
        cls, message: Message, place: tuple[Room, Channel | None], to: tuple[Audience, ...], more: dict[str, Any]
    ) -> Self:
        """The event of a message of a room in a channel, or of a conversation, which has none."""
        return cls(
            id=message.id,
            published=message.published,
            seq=message.seq,
            author=UserRef.of(message.author),
            body=message.body,
            more=more,
            message=message,
            to=to,
            **_where(*place),
        )


class MessagesMissed(Event, frozen=True, kw_only=True):
    """Messages of the place after this number may be missing: `history` has them."""

    wire = "gn_gap"
    constants = {"verb": "gap"}

    after_seq: Annotated[int, At("object.seq")]
    room_id: Annotated[str, At("target.id")]
    target_kind: Annotated[str, At("target.objectType")]
    to: tuple[Audience, ...]

    @classmethod
    def around(cls, posted: MessagePosted, after_seq: int) -> Self:
        """The event for those who hear of this message."""
        return cls(
            published=posted.published,
            after_seq=after_seq,
            room_id=posted.room.id,
            target_kind=posted.target_kind,
            to=posted.to,
        )

    def audience(self) -> tuple[Audience, ...]:
        """Those who heard of the messages before."""
        return self.to


class _Edit(Event, frozen=True, kw_only=True):
    """What clients see of an edit: `edited` is when. Also the reply to the author of the message.

    `message` is the message with its new text, for observers and not on the wire; `to` is who hears of it.
    """

    wire = "gn_message_edited"
    constants = {"verb": "edit"}

    seq: Annotated[int, At("seq")]
    author: Annotated[UserRef, At("actor")]
    room: Annotated[RoomRef, At("target")]
    message_id: Annotated[str, At("object.id")]
    body: Annotated[str, At("object.content", text=True)]
    edited: Annotated[datetime | None, At("object.updated")]
    channel_id: Annotated[str, At("object.url")]
    channel_name: Annotated[str, At("object.displayName", text=True)]
    kind: Annotated[str, At("object.objectType")]
    target_kind: Annotated[str, At("target.objectType")]
    message: Message
    to: tuple[Audience, ...]

    @classmethod
    def of(
        cls, message: Message, place: tuple[Room, Channel | None], to: tuple[Audience, ...], published: datetime
    ) -> Self:
        """The event of a message as it is now."""
        return cls(
            published=published,
            seq=message.seq,
            author=UserRef.of(message.author),
            message_id=message.id,
            body=message.body,
            edited=message.edited,
            message=message,
            to=to,
            **_where(*place),
        )

    def audience(self) -> tuple[Audience, ...]:
        """Those who could hear the message, the author included. Of an edit that nobody else is to hear of the author
        alone.
        """
        return self.to


class MessageEdited(_Edit, frozen=True, kw_only=True):
    """A message got another text."""


class EditUnheard(_Edit, frozen=True, kw_only=True):
    """A message was to get another text, and its author alone hears that it did. It has the text that it had."""


class MessageDeleted(Event, frozen=True, kw_only=True):
    """A message was deleted, or all that a room had: then `object_kind` is `room`, and `object_id` the room's.

    `message` is for observers, None for a room; `to` is who hears of it.
    """

    wire = "gn_message_deleted"
    constants = {"verb": "delete"}

    actor: Annotated[UserRef, At("actor")]
    object_id: Annotated[str, At("object.id")]
    object_kind: Annotated[str | None, At("object.objectType")] = None
    room_id: Annotated[RoomId, At("target.id")]
    message: Message | None
    to: tuple[Audience, ...]

    def audience(self) -> tuple[Audience, ...]:
        """Those who could hear the message, who deleted it included."""
        return self.to


def _where(room: Room, channel: Channel | None) -> dict[str, Any]:
    """What the events of messages say of the place: a conversation has no channel."""
    kind = "private" if channel is None else "room"
    return {
        "room": RoomRef.of(room),
        "channel_id": "" if channel is None else channel.id,
        "channel_name": "" if channel is None else channel.name,
        "kind": kind,
        "target_kind": kind,
    }


class Announced(Event, frozen=True, kw_only=True):
    """A backend told everyone, or a room, something. `verb` is whatever the backend says."""

    wire = "gn_broadcast"
    has_provider = True

    actor: Annotated[UserRef, At("actor")]
    body: Annotated[str, At("content", text=True)]
    verb: Annotated[str, At("verb")]
    room: Annotated[RoomRef | None, At("target")] = None
    room_kind: Annotated[str | None, At("target.objectType")] = None
    room_id: RoomId | None = None

    def audience(self) -> tuple[Audience, ...]:
        """Everyone who is logged in, or the room's sessions."""
        return (Everyone(),) if self.room_id is None else (InRoom(self.room_id),)
