"""What was said."""

from __future__ import annotations

from typing import Annotated, Any

from chat.activities import RoomRef, UserRef
from chat.audiences import (
    Audience,
    Everyone,
    InRoom,
)
from chat.events.base import Event
from chat.model import Message, RoomId
from chat.slots import At


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
