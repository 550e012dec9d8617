"""The catalogue of facts. An event is made after its commit; nothing that hears of it can undo it.

An event class declares its wire name, the slots of seed 001 and who is to hear of it. An event of a third party is
declared the same way in its own module.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar

from msgspec import Struct

from chat.activities import Attribute, RoomRef, Stamped, UserRef
from chat.model import Message, RoomId, UserId
from chat.slots import At


class InRoom(Struct, frozen=True):
    """The sessions that joined the room, but for those of the user `besides`."""

    room_id: RoomId
    besides: UserId | None = None


class OfUser(Struct, frozen=True):
    """Every session of the user."""

    user_id: UserId


class Sharing(Struct, frozen=True):
    """Every session of the users who are in one of the rooms."""

    room_ids: tuple[RoomId, ...]


class Operators(Struct, frozen=True):
    """Every session of the online superusers and globalmods, but for those of the user `besides`."""

    besides: UserId | None = None


class Everyone(Struct, frozen=True):
    """Every logged-in session."""


Audience = InRoom | OfUser | Sharing | Operators | Everyone


class Event(Stamped, frozen=True, kw_only=True):
    """A fact after its commit. `wire` is its name for clients; `audience()` who hears of it, each session once."""

    wire: ClassVar[str]

    def audience(self) -> tuple[Audience, ...]:
        """Who is told. An event without audience is for observers alone."""
        return ()


class MessagePosted(Event, frozen=True, kw_only=True):
    """A message was stored. Also the reply to its sender.

    `more` is what else the sender put into `object`. `message` is for observers and not on the wire.
    """

    wire = "message"
    constants = {"verb": "send"}

    seq: Annotated[int, At("seq")]
    author: Annotated[UserRef, At("actor")]
    room: Annotated[RoomRef, At("target")]
    body: Annotated[str, At("object.content", text=True)]
    channel_id: Annotated[str, At("object.url")]
    channel_name: Annotated[str, At("object.displayName", text=True)]
    kind: Annotated[str, At("object.objectType")]
    target_kind: Annotated[str, At("target.objectType")]
    more: Annotated[dict[str, Any], At("object.*")] = {}
    message: Message

    def audience(self) -> tuple[Audience, ...]:
        """The room's sessions, the author's own included."""
        return (InRoom(self.message.room_id),)


class UserJoined(Event, frozen=True, kw_only=True):
    """A user came into a room. `roles` are those of the user there, comma separated."""

    wire = "gn_user_joined"
    constants = {"verb": "join"}
    has_provider = True

    user: Annotated[UserRef, At("actor")]
    roles: Annotated[str, At("actor.content")]
    image: Annotated[str, At("actor.image.url")]
    attributes: Annotated[tuple[Attribute, ...], At("actor.attachments")]
    room: Annotated[RoomRef, At("target")]
    room_id: RoomId

    def audience(self) -> tuple[Audience, ...]:
        """The room's sessions, the joiner's included."""
        return (InRoom(self.room_id),)


class UserLeft(Event, frozen=True, kw_only=True):
    """A user is no longer in a room."""

    wire = "gn_user_left"
    constants = {"verb": "leave"}
    has_provider = True

    user: Annotated[UserRef, At("actor")]
    room: Annotated[RoomRef, At("target")]
    room_id: RoomId

    def audience(self) -> tuple[Audience, ...]:
        """The sessions that are still in the room."""
        return (InRoom(self.room_id),)


class UserConnected(Event, frozen=True, kw_only=True):
    """A user came online: told to operators at the first login, to a room just before the user's first join there."""

    wire = "gn_user_connected"
    constants = {"verb": "connect"}
    has_provider = True

    user: Annotated[UserRef, At("actor")]
    attributes: Annotated[tuple[Attribute, ...], At("actor.attachments")]
    room_id: RoomId | None = None
    user_id: UserId | None = None

    def audience(self) -> tuple[Audience, ...]:
        """The other operators, or the others in the room."""
        if self.room_id is None:
            return (Operators(besides=self.user_id),)
        return (InRoom(self.room_id, besides=self.user_id),)


class UserDisconnected(Event, frozen=True, kw_only=True):
    """The last session of a user ended. `room_ids` are the rooms that the user was in."""

    wire = "gn_user_disconnected"
    constants = {"verb": "disconnect"}
    has_provider = True

    user: Annotated[UserRef, At("actor")]
    room_ids: tuple[RoomId, ...]

    def audience(self) -> tuple[Audience, ...]:
        """Whoever shared a room with the user, and the operators."""
        return (Sharing(self.room_ids), Operators())


class UserMuted(Event, frozen=True, kw_only=True):
    """A user may not speak in a room until `until`."""

    wire = "gn_mute"
    constants = {
        "verb": "mute",
        "actor.objectType": "user",
        "object.objectType": "user",
        "target.objectType": "room",
    }

    actor_id: Annotated[str, At("actor.id")]
    user_id: Annotated[str, At("object.id")]
    duration: Annotated[str, At("object.summary")]
    until: Annotated[datetime, At("object.updated")]
    reason: Annotated[str, At("object.content", text=True)]
    room: Annotated[RoomRef, At("target")]

    def audience(self) -> tuple[Audience, ...]:
        """The muted user."""
        return (OfUser(UserId(self.user_id)),)


class UserUnmuted(Event, frozen=True, kw_only=True):
    """A mute was ended before its time."""

    wire = "gn_unmute"
    constants = {
        "verb": "unmute",
        "actor.objectType": "user",
        "object.objectType": "user",
        "target.objectType": "room",
    }

    actor_id: Annotated[str, At("actor.id")]
    user_id: Annotated[str, At("object.id")]
    room: Annotated[RoomRef, At("target")]

    def audience(self) -> tuple[Audience, ...]:
        """The user who may speak again."""
        return (OfUser(UserId(self.user_id)),)


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


class MuteNotice(Stamped, frozen=True, kw_only=True):
    """What comes with a 703 for a muted user: whole seconds left, and the reason."""

    constants = {"verb": "mute", "target.objectType": "room"}
    has_provider = True

    seconds_left: Annotated[str, At("object.summary")]
    reason: Annotated[str, At("object.content", text=True)]
    room: Annotated[RoomRef, At("target")]
