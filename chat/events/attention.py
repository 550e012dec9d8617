"""Somebody is called for."""

from __future__ import annotations

from typing import Annotated

from chat.activities import Attribute, ChannelRef, RoomRef, UserRef
from chat.audiences import Audience, OfUser
from chat.events.base import Event
from chat.model import UserId
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
