"""The lives of rooms."""

from __future__ import annotations

from typing import Annotated

from chat.activities import AclEntry, Attribute, RoomRef, UserRef
from chat.audiences import (
    Audience,
    Listed,
    OfUser,
)
from chat.events.base import Event
from chat.model import Room, UserId
from chat.slots import At


class RoomCreated(Event, frozen=True, kw_only=True):
    """There is a new room, or a conversation of these owners."""

    wire = "gn_room_created"
    constants = {"verb": "create"}
    has_provider = True

    actor: Annotated[UserRef, At("actor")]
    attributes: Annotated[tuple[Attribute, ...], At("actor.attachments")]
    ref: Annotated[RoomRef, At("target")]
    kind: Annotated[str, At("target.objectType")]
    channel_id: Annotated[str, At("object.url")]
    acls: Annotated[tuple[AclEntry, ...] | None, At("object.attachments")] = None
    room: Room
    owners: tuple[UserId, ...] = ()

    def audience(self) -> tuple[Audience, ...]:
        """Those who may list the room, the creator included; of a conversation its owners."""
        if self.owners:
            return tuple(map(OfUser, self.owners))
        return (Listed(self.room), OfUser(UserId(self.actor.id)))


class RoomRenamed(Event, frozen=True, kw_only=True):
    """A room has another name."""

    wire = "gn_room_renamed"
    constants = {"verb": "renamed", "target.objectType": "room"}
    has_provider = True

    actor: Annotated[UserRef, At("actor")]
    ref: Annotated[RoomRef, At("target")]
    room: Room

    def audience(self) -> tuple[Audience, ...]:
        """Those who may list the room, the actor included."""
        return (Listed(self.room), OfUser(UserId(self.actor.id)))


class RoomRemoved(Event, frozen=True, kw_only=True):
    """A room is gone, and its access rules with it. `known_to` are those who were in it or heard of it until then."""

    wire = "gn_room_removed"
    constants = {"verb": "removed", "target.objectType": "room"}
    has_provider = True

    actor: Annotated[UserRef, At("actor")]
    ref: Annotated[RoomRef, At("target")]
    reason: Annotated[str | None, At("object.content", text=True)] = None
    room: Room
    known_to: frozenset[UserId]

    def audience(self) -> tuple[Audience, ...]:
        """Those who could list the room, the actor included."""
        return tuple(map(OfUser, self.known_to | {UserId(self.actor.id)}))
