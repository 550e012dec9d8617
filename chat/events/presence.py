"""Who is there, and how they look."""

from __future__ import annotations

from typing import Annotated

from chat.activities import Attribute, RoomRef, UserRef, VisitorRef
from chat.audiences import (
    Audience,
    InRoom,
    OfUser,
    Operators,
    OperatorsIn,
    OperatorsSharing,
    Sharing,
)
from chat.events.base import Event
from chat.model import RoomId, Status, User
from chat.slots import At


class UserLoggedIn(Event, frozen=True, kw_only=True):
    """A login succeeded, seen by others or not: for observers alone. `session` is the `chat.sessions.Session`."""

    user: User
    session: object


class UserJoined(Event, frozen=True, kw_only=True):
    """A user came into a room, or into view there. `roles` are those of the user there, comma separated."""

    wire = "gn_user_joined"
    may_wait = True
    constants = {"verb": "join"}
    has_provider = True

    visitor: Annotated[VisitorRef, At("actor")]
    roles: Annotated[str, At("actor.content")]
    image: Annotated[str, At("actor.image.url")]
    attributes: Annotated[tuple[Attribute, ...], At("actor.attachments")]
    room: Annotated[RoomRef, At("target")]
    user: User
    room_id: RoomId
    status: Status

    def audience(self) -> tuple[Audience, ...]:
        """The room's sessions, the joiner's included; of an invisible joiner the operators' and the joiner's alone."""
        if self.status is Status.ONLINE:
            return (InRoom(self.room_id),)
        return (OperatorsIn(self.room_id, also=self.user.id),)


class UserLeft(Event, frozen=True, kw_only=True):
    """A user is no longer in a room. `on_purpose`: the user wanted it, and was not put out, nor did the last
    session end.
    """

    wire = "gn_user_left"
    may_wait = True
    constants = {"verb": "leave"}
    has_provider = True

    visitor: Annotated[VisitorRef, At("actor")]
    room: Annotated[RoomRef, At("target")]
    user: User
    room_id: RoomId
    status: Status
    on_purpose: bool

    def audience(self) -> tuple[Audience, ...]:
        """The sessions that are still in the room; of an invisible user the operators' alone; of one who is as if gone
        none.
        """
        if self.status is Status.ONLINE:
            return (InRoom(self.room_id),)
        return (OperatorsIn(self.room_id),) if self.status is Status.INVISIBLE else ()


class UserConnected(Event, frozen=True, kw_only=True):
    """A user came online or into view: told to operators at once, to a room just before the user's first join there."""

    wire = "gn_user_connected"
    may_wait = True
    constants = {"verb": "connect"}
    has_provider = True

    ref: Annotated[UserRef, At("actor")]
    attributes: Annotated[tuple[Attribute, ...], At("actor.attachments")]
    user: User
    room_id: RoomId | None = None

    def audience(self) -> tuple[Audience, ...]:
        """The other operators, or the others in the room."""
        if self.room_id is None:
            return (Operators(besides=self.user.id),)
        return (InRoom(self.room_id, besides=self.user.id),)


class UserDisconnected(Event, frozen=True, kw_only=True):
    """A user went out of view, mostly because the last session ended. `room_ids` are the rooms that the user was in,
    `status` is what the user was until then.
    """

    wire = "gn_user_disconnected"
    may_wait = True
    constants = {"verb": "disconnect"}
    has_provider = True

    ref: Annotated[UserRef, At("actor")]
    user: User
    room_ids: tuple[RoomId, ...]
    status: Status

    def audience(self) -> tuple[Audience, ...]:
        """Whoever shared a room with the user, and the operators; of an invisible user those operators alone who shared
        a room.
        """
        if self.status is Status.ONLINE:
            return (Sharing(self.room_ids, besides=self.user.id), Operators(besides=self.user.id))
        return (OperatorsSharing(self.room_ids, besides=self.user.id),) if self.status is Status.INVISIBLE else ()


class _Sight(Event, frozen=True, kw_only=True):
    has_provider = True

    ref: Annotated[UserRef, At("actor")]
    user: User
    room_ids: tuple[RoomId, ...]

    def audience(self) -> tuple[Audience, ...]:
        """The operators who share a room with the user."""
        return (OperatorsSharing(self.room_ids, besides=self.user.id),)


class UserInvisible(_Sight, frozen=True, kw_only=True):
    """A user is seen by operators alone from now on."""

    wire = "gn_user_invisible"
    constants = {"verb": "invisible"}


class UserVisible(_Sight, frozen=True, kw_only=True):
    """A user is seen by everybody again."""

    wire = "gn_user_visible"
    constants = {"verb": "visible"}


class UserInfoUpdated(Event, frozen=True, kw_only=True):
    """A user changed attributes. `attributes` are those that others may see, `room_ids` the rooms that are told."""

    wire = "gn_user_info_updated"
    constants = {"verb": "update", "object.objectType": "userInfo"}

    ref: Annotated[UserRef, At("actor")]
    attributes: Annotated[tuple[Attribute, ...], At("object.attachments")]
    user: User
    room_ids: tuple[RoomId, ...]
    status: Status

    def audience(self) -> tuple[Audience, ...]:
        """The sessions in the rooms, the user's own included; of an invisible user the operators' and the user's alone;
        of one who is as if gone the user's alone.
        """
        if not self.attributes:
            return ()
        if self.status is Status.ONLINE:
            return tuple(InRoom(room_id) for room_id in self.room_ids)
        if self.status is Status.OFFLINE:
            return (OfUser(self.user.id),)
        return tuple(OperatorsIn(room_id, also=self.user.id) for room_id in self.room_ids)
