"""What moderators and backends do."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from chat.durations import DURATION
from chat.errors import ErrorCode
from chat.model import ID_LENGTH, NAME_LIMIT, BanScope, ChannelId, Mute, Role, RoomId, Status, UserId
from chat.slots import Activity, At


class KickUser(Activity, frozen=True, kw_only=True):
    """Put a user out of a room. `reason` is told to those who are in it, and to the user."""

    room_id: Annotated[RoomId, At("target.id", missing=ErrorCode.MISSING_TARGET_ID, limit=ID_LENGTH)]
    user_id: Annotated[UserId, At("object.id", missing=ErrorCode.MISSING_OBJECT_ID, limit=ID_LENGTH)]
    reason: Annotated[str | None, At("object.content", text=True, limit=NAME_LIMIT)] = None


class RoleChange(Activity, frozen=True, kw_only=True):
    """A user and a role: in a room, in a channel, or everywhere when none of them is named."""

    user_id: UserId
    role: Role
    channel_id: ChannelId | None = None
    room_id: RoomId | None = None
    reason: str = ""


class GiveRole(RoleChange, frozen=True, kw_only=True):
    """Let a user be something."""


class TakeRole(RoleChange, frozen=True, kw_only=True):
    """Let a user be something no longer."""


class BanUser(Activity, frozen=True, kw_only=True):
    """Ban a user from a room or a channel, or from the server where `kind` is `global`. Without a kind it is from what
    the target's id is of. `reason` is told to the user.
    """

    user_id: Annotated[UserId, At("object.id", missing=ErrorCode.MISSING_OBJECT_ID, limit=ID_LENGTH)]
    duration: Annotated[
        str,
        At("object.summary", missing=ErrorCode.INVALID_BAN_DURATION, pattern=DURATION),
    ]
    reason: Annotated[str | None, At("object.content", text=True, limit=NAME_LIMIT)] = None
    target: Annotated[str | None, At("target.id", limit=ID_LENGTH)] = None
    kind: Annotated[str | None, At("target.objectType", invalid=ErrorCode.INVALID_TARGET_TYPE, limit=ID_LENGTH)] = None


class BanPlan(Struct, frozen=True):
    """One entry of a ban call: the user, from what, how long, why, and in whose name. `target_id` is that of the room
    or channel, empty for the server. A user whom nobody knows is made known by `name`, where there is one.
    """

    user_id: UserId
    scope: BanScope
    target_id: str
    duration: str
    reason: str
    actor_id: UserId
    name: str | None = None


class BanUsers(Activity, frozen=True):
    """Ban users, all of the plans or none."""

    plans: tuple[BanPlan, ...]


class UnbanUser(Activity, frozen=True):
    """End a ban before its time. `target_id` is that of the room or channel, empty for a ban from the server."""

    user_id: UserId
    scope: BanScope
    target_id: str = ""


class ForbidWord(Activity, frozen=True):
    """Have a word in force that is not to be said."""

    word: str


class AllowWord(Activity, frozen=True):
    """Have it in force no more."""

    word: str


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


class ChangeStatus(Activity, frozen=True):
    """Let a user be seen by all, by operators alone, or as if gone. If it `moves_last_online`, whoever goes out of view
    by it was last online then.
    """

    user_id: UserId
    status: Status
    moves_last_online: bool = True


class Broadcast(Activity, frozen=True):
    """Tell everyone who is logged in, or the occupants of a room."""

    body: str
    verb: str
    room_id: RoomId | None = None
