"""Somebody is called for: into a room, for help, or to look at a message."""

from __future__ import annotations

from typing import Annotated

from chat.activities import Attribute, ChannelRef, RoomRef, UserRef
from chat.audiences import Audience, InRoom, OfUser, Operators
from chat.events.base import Event
from chat.model import MessageId, RoomId, UserId
from chat.slots import At


class UserInvited(Event, frozen=True, kw_only=True):
    """A user asks another one to come into a room. `attributes` are those of the inviter that others may see."""

    wire = "gn_invitation"
    constants = {"verb": "invite"}
    has_provider = True

    inviter: Annotated[UserRef, At("actor")]
    attributes: Annotated[tuple[Attribute, ...], At("actor.attachments")]
    channel: Annotated[ChannelRef, At("object")]
    room: Annotated[RoomRef, At("target")]
    invited_id: UserId

    def audience(self) -> tuple[Audience, ...]:
        """The invited user."""
        return (OfUser(self.invited_id),)


class AdminRequested(Event, frozen=True, kw_only=True):
    """A user asks operators to come into a room. `attributes` are those of the user that others may see."""

    wire = "gn_admin_requested"
    constants = {"verb": "help"}
    has_provider = True

    user: Annotated[UserRef, At("actor")]
    attributes: Annotated[tuple[Attribute, ...], At("actor.attachments")]
    body: Annotated[str, At("object.content", text=True)]
    room: Annotated[RoomRef, At("generator")]
    admin_room: Annotated[RoomRef, At("target")]

    def audience(self) -> tuple[Audience, ...]:
        """Whoever is in the channel's admin room, and the operators."""
        return (InRoom(RoomId(self.admin_room.id)), Operators())


class MessageReported(Event, frozen=True, kw_only=True):
    """A user reports a message. `body` is what the message said; `admin_room_id` is None for a conversation's."""

    wire = "gn_report"
    constants = {"verb": "report"}
    has_provider = True

    reporter: Annotated[UserRef, At("actor")]
    message_id: Annotated[MessageId, At("object.id")]
    body: Annotated[str, At("object.content", text=True)]
    reason: Annotated[str | None, At("object.summary", text=True)] = None
    author: Annotated[UserRef, At("target")]
    room: Annotated[RoomRef, At("generator")]
    admin_room_id: RoomId | None

    def audience(self) -> tuple[Audience, ...]:
        """Whoever is in the admin room of the message's channel, and the operators."""
        inside = () if self.admin_room_id is None else (InRoom(self.admin_room_id),)
        return (*inside, Operators())
