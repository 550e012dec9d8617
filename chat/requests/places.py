"""Channels and rooms: what there is, coming in, going out, who is there."""

from __future__ import annotations

from typing import Annotated

from chat.activities import AclEntry, HistoryEntry, RoomRef, RoomUser, Stamped, UserRef
from chat.errors import ErrorCode
from chat.model import ID_LENGTH, NAME_LIMIT, ChannelId, RoomId, UserId
from chat.slots import Activity, At


class ListChannels(Activity, frozen=True):
    """Which channels are there?"""


class ChannelEntry(Activity, frozen=True):
    """One channel: `objectType` says what rooms it has (static, temporary, mix), `content` its tags."""

    id: Annotated[str, At("id")]
    name: Annotated[str, At("displayName", text=True)]
    sort: Annotated[int, At("url")]
    kind: Annotated[str, At("objectType")]
    tags: Annotated[str, At("content")]
    acls: Annotated[tuple[AclEntry, ...], At("attachments")]


class Channels(Activity, frozen=True):
    """The reply to list_channels, in sort order."""

    constants = {"verb": "list", "object.objectType": "channels"}

    channels: Annotated[tuple[ChannelEntry, ...], At("object.attachments")]


class ListRooms(Activity, frozen=True):
    """Which rooms has a channel?"""

    channel_id: Annotated[ChannelId, At("object.url", missing=ErrorCode.MISSING_OBJECT_URL, limit=ID_LENGTH)]


class RoomEntry(Activity, frozen=True):
    """One room: `summary` counts its users, `content` holds the caller's roles in it."""

    id: Annotated[str, At("id")]
    name: Annotated[str, At("displayName", text=True)]
    sort: Annotated[int, At("url")]
    users: Annotated[int, At("summary")]
    kind: Annotated[str, At("objectType")]
    roles: Annotated[str, At("content")]
    acls: Annotated[tuple[AclEntry, ...], At("attachments")]


class Rooms(Activity, frozen=True):
    """The reply to list_rooms, in sort order."""

    constants = {"verb": "list", "object.objectType": "rooms"}

    channel_id: Annotated[ChannelId, At("object.url")]
    rooms: Annotated[tuple[RoomEntry, ...], At("object.attachments")]


class RoomTarget(Activity, frozen=True):
    """A room by its id, or by its plain name where `target.objectType` is `name`."""

    target: Annotated[str, At("target.id", missing=ErrorCode.MISSING_TARGET_ID, limit=NAME_LIMIT)]
    target_kind: Annotated[str | None, At("target.objectType", limit=ID_LENGTH)] = None

    @property
    def room_id(self) -> RoomId:
        """`target` as an id."""
        return RoomId(self.target)

    @property
    def by_name(self) -> bool:
        """Whether `target` is a name."""
        return self.target_kind == "name"


class Join(RoomTarget, frozen=True):
    """Come into a room."""


class Joined(Stamped, frozen=True, kw_only=True):
    """The reply to join: the room's access rules, newest messages, owners and users.

    `head` is the seq of the room's newest message: what the session gets live is above it.
    """

    constants = {"verb": "join", "object.objectType": "room"}
    has_provider = True

    room: Annotated[RoomRef, At("target")]
    acls: Annotated[tuple[AclEntry, ...], At("object.attachments[acl].attachments")]
    history: Annotated[tuple[HistoryEntry, ...], At("object.attachments[history].attachments")]
    owners: Annotated[tuple[UserRef, ...], At("object.attachments[owner].attachments")]
    users: Annotated[tuple[RoomUser, ...], At("object.attachments[user].attachments")]
    user_count: Annotated[int, At("object.attachments[user].summary")]
    head: Annotated[int, At("object.head")]


class Leave(RoomTarget, frozen=True):
    """Go out of a room."""


class BringIn(Activity, frozen=True):
    """Have an online user come into a room, whatever its access rules say."""

    user_id: UserId
    room_id: RoomId


class ListUsers(Activity, frozen=True, kw_only=True):
    """Who is in a room? `offset` and `limit` page through many."""

    room_id: Annotated[RoomId, At("target.id", missing=ErrorCode.MISSING_TARGET_ID, limit=ID_LENGTH)]
    offset: Annotated[int, At("object.url")] = 0
    limit: Annotated[int | None, At("object.summary")] = None


class Users(Activity, frozen=True):
    """The reply to users_in_room: operators and owners first."""

    constants = {"verb": "list", "object.objectType": "users"}

    users: Annotated[tuple[RoomUser, ...], At("object.attachments")]
    user_count: Annotated[int, At("object.summary")]
