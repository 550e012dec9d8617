"""What moderators do."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from chat.activities import Attribute, RoomRef, Stamped, UserRef
from chat.audiences import (
    Audience,
    InRoom,
    OfUser,
    OperatorsIn,
)
from chat.events.base import Event
from chat.model import Ban, RoomId, Status, User, UserId
from chat.slots import At
from chat.world import Grant


class RoleChanged(Event, frozen=True, kw_only=True):
    """A user has a role, or has it no longer: for observers alone. `room_id`: in a room."""

    user: User
    grant: Grant
    room_id: RoomId | None


class UserKicked(Event, frozen=True, kw_only=True):
    """A user was put out of a room, with all sessions. `verb` is `kick`, also when the loss of a role did it, or `ban`
    when a ban did; `status` is how the user was seen there.
    """

    wire = "gn_user_kicked"
    has_provider = True

    actor: Annotated[UserRef, At("actor")]
    actor_attributes: Annotated[tuple[Attribute, ...], At("actor.attachments")]
    kicked: Annotated[UserRef, At("object")]
    reason: Annotated[str | None, At("object.content", text=True)]
    attributes: Annotated[tuple[Attribute, ...], At("object.attachments")]
    room: Annotated[RoomRef, At("target")]
    verb: Annotated[str, At("verb")] = "kick"
    status: Status

    def audience(self) -> tuple[Audience, ...]:
        """The kicked user, and the sessions in the room; of an invisible user the operators' alone, of one who is as if
        gone none.
        """
        kicked, room_id = OfUser(UserId(self.kicked.id)), RoomId(self.room.id)
        if self.status is Status.ONLINE:
            return (InRoom(room_id), kicked)
        return (OperatorsIn(room_id), kicked) if self.status is Status.INVISIBLE else (kicked,)


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


class UserBanned(Event, frozen=True, kw_only=True):
    """A user is out of a room, a channel or the server until `until`. Everywhere has neither id nor name.

    `user` and `ban` are for observers and not on the wire.
    """

    wire = "gn_banned"
    constants = {"verb": "ban"}

    actor: Annotated[UserRef, At("actor")]
    ref: Annotated[UserRef, At("object")]
    duration: Annotated[str, At("object.summary")]
    until: Annotated[datetime, At("object.updated")]
    reason: Annotated[str | None, At("object.content", text=True)]
    target_kind: Annotated[str, At("target.objectType")]
    target_id: Annotated[str | None, At("target.id")]
    target_name: Annotated[str | None, At("target.displayName", text=True)]
    ban: Ban

    @classmethod
    def of(cls, ban: Ban, user: UserRef, actor: UserRef, target_name: str | None, published: datetime) -> Self:
        """The event of a ban from the room or channel of that name, or from the server."""
        return cls(
            published=published,
            actor=actor,
            ref=user,
            duration=ban.duration,
            until=ban.until,
            reason=ban.reason or None,
            target_kind=ban.scope.value,
            target_id=ban.target_id or None,
            target_name=target_name,
            ban=ban,
        )

    def audience(self) -> tuple[Audience, ...]:
        """The banned user."""
        return (OfUser(self.ban.user_id),)


class OccupantBanned(Event, frozen=True, kw_only=True):
    """A room hears of a ban. `to` is who is told there."""

    wire = "gn_user_banned"
    constants = {"verb": "ban"}
    has_provider = True

    actor: Annotated[UserRef, At("actor")]
    ref: Annotated[UserRef, At("object")]
    room: Annotated[RoomRef, At("target")]
    to: tuple[Audience, ...]

    def audience(self) -> tuple[Audience, ...]:
        """The room, and the banned user."""
        return self.to


class BanNotice(Stamped, frozen=True, kw_only=True):
    """What comes with a 703 for a banned user: whole seconds left, the reason, and what the ban is from."""

    constants = {"verb": "ban"}
    has_provider = True

    seconds_left: Annotated[str, At("object.summary")]
    reason: Annotated[str, At("object.content", text=True)]
    target_kind: Annotated[str, At("target.objectType")]
    target_id: Annotated[str | None, At("target.id")]
    target_name: Annotated[str | None, At("target.displayName", text=True)]


class MuteNotice(Stamped, frozen=True, kw_only=True):
    """What comes with a 703 for a muted user: whole seconds left, and the reason."""

    constants = {"verb": "mute", "target.objectType": "room"}
    has_provider = True

    seconds_left: Annotated[str, At("object.summary")]
    reason: Annotated[str, At("object.content", text=True)]
    room: Annotated[RoomRef, At("target")]
