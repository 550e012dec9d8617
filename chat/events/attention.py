"""Somebody is called for: into a room, or for help."""

from __future__ import annotations

from typing import Annotated

from chat.activities import Attribute, ChannelRef, RoomRef, UserRef
from chat.audiences import Audience, InRoom, OfUser, Operators
from chat.events.base import Event
from chat.model import RoomId, UserId
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
