"""What moderators do."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from chat.activities import RoomRef, Stamped
from chat.audiences import (
    Audience,
    OfUser,
)
from chat.events.base import Event
from chat.model import UserId
from chat.slots import At


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


class MuteNotice(Stamped, frozen=True, kw_only=True):
    """What comes with a 703 for a muted user: whole seconds left, and the reason."""

    constants = {"verb": "mute", "target.objectType": "room"}
    has_provider = True

    seconds_left: Annotated[str, At("object.summary")]
    reason: Annotated[str, At("object.content", text=True)]
    room: Annotated[RoomRef, At("target")]
