"""What moderators and backends do."""

from __future__ import annotations

from msgspec import Struct

from chat.model import Mute, RoomId, UserId
from chat.slots import Activity


class MutePlan(Struct, frozen=True):
    """One entry of a mute call: the user, the room, how long and why."""

    user_id: UserId
    room_id: RoomId
    duration: str
    reason: str | None
    actor_id: UserId


class MuteUsers(Activity, frozen=True):
    """Mute users, all of the plans or none."""

    plans: tuple[MutePlan, ...]


class UnmuteUser(Activity, frozen=True):
    """End a mute before its time."""

    user_id: UserId
    room_id: RoomId


class ListMutes(Activity, frozen=True):
    """The mutes of a room, or of users."""

    room_id: RoomId | None = None
    user_ids: tuple[UserId, ...] = ()


class Mutes(Activity, frozen=True):
    """The reply to a list of mutes."""

    mutes: tuple[Mute, ...]


class Broadcast(Activity, frozen=True):
    """Tell everyone who is logged in, or the occupants of a room."""

    body: str
    verb: str
    room_id: RoomId | None = None
