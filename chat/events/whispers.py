"""What was said to one user alone. Not stored, without a number."""

from __future__ import annotations

from typing import Annotated, Any

from chat.activities import ChannelRef, RoomRef, UserRef
from chat.audiences import Audience, OfUser
from chat.events.base import Event
from chat.model import RoomId, UserId
from chat.slots import At


class Whispered(Event, frozen=True, kw_only=True):
    """A whisper. Also the reply to who whispers."""

    wire = "gn_whisper"
    constants = {"verb": "whisper", "target.objectType": "user"}
    has_provider = True

    author: Annotated[UserRef, At("actor")]
    room_id: Annotated[RoomId, At("actor.url")]
    target: Annotated[UserRef, At("target")]
    body: Annotated[str, At("object.content", text=True)]
    channel: Annotated[ChannelRef, At("object")]

    def audience(self) -> tuple[Audience, ...]:
        """All sessions of the user whom it is for."""
        return (OfUser(UserId(self.target.id)),)


class TextWhispered(Event, frozen=True, kw_only=True):
    """A whisper that was sent as a message to a room, and looks like one. Also the reply to who sent it.

    `more` is what else the sender put into `object`; `target_id` is whom it is for.
    """

    wire = "message"
    constants = {"verb": "send", "target.objectType": "room", "object.objectType": "room"}

    author: Annotated[UserRef, At("actor")]
    room: Annotated[RoomRef, At("target")]
    body: Annotated[str, At("object.content", text=True)]
    channel: Annotated[ChannelRef, At("object")]
    more: Annotated[dict[str, Any], At("object.*")] = {}
    target_id: UserId

    def audience(self) -> tuple[Audience, ...]:
        """All sessions of the two."""
        return (OfUser(UserId(self.author.id)), OfUser(self.target_id))
