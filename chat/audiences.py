"""Who is to hear of an event, as values. What they come to is worked out where events are delivered.

A "session" is a logged-in connection; a session is "in" a room that it joined, a user is in a room with all sessions.
"""

from __future__ import annotations

from msgspec import Struct

from chat.model import Room, RoomId, UserId


class InRoom(Struct, frozen=True):
    """The sessions in the room, but for those of the user `besides`."""

    room_id: RoomId
    besides: UserId | None = None


class OperatorsIn(Struct, frozen=True):
    """Those sessions in the room that are operators', and those of the user `also`."""

    room_id: RoomId
    also: UserId | None = None


class OfUserIn(Struct, frozen=True):
    """Those sessions in the room that are the user's."""

    room_id: RoomId
    user_id: UserId


class OfUser(Struct, frozen=True):
    """Every session of the user."""

    user_id: UserId


class Sharing(Struct, frozen=True):
    """Every session of the users who are in one of the rooms, but for those of the user `besides`."""

    room_ids: tuple[RoomId, ...]
    besides: UserId | None = None


class OperatorsSharing(Struct, frozen=True):
    """Every session of the operators who are in one of the rooms, but for those of the user `besides`."""

    room_ids: tuple[RoomId, ...]
    besides: UserId | None = None


class Operators(Struct, frozen=True):
    """Every session of the online superusers and globalmods, but for those of the user `besides`."""

    besides: UserId | None = None


class Listed(Struct, frozen=True):
    """Every session of the users who may list the room or are in it."""

    room: Room


class Everyone(Struct, frozen=True):
    """Every session."""


Audience = InRoom | OperatorsIn | OfUserIn | OfUser | Sharing | OperatorsSharing | Operators | Listed | Everyone
