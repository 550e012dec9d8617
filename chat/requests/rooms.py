"""The lives of rooms: made, renamed, removed."""

from __future__ import annotations

from typing import Annotated, Final

from chat.activities import RoomRef, Stamped
from chat.errors import ErrorCode
from chat.model import ID_LENGTH, NAME_LIMIT, ChannelId, RoomId
from chat.slots import Activity, At

# Characters of a list of owners: a hundred ids with commas between.
OWNERS_LENGTH: Final = 100 * (ID_LENGTH + 1)


class AclPlan(Activity, frozen=True):
    """An access rule as a client asks for it: `summary` is the action, `objectType` the type, `content` the value."""

    type: Annotated[
        str,
        At(
            "objectType",
            missing=ErrorCode.MISSING_ATTACHMENT_TYPE,
            limit=ID_LENGTH,
            too_many=ErrorCode.INVALID_ACL_TYPE,
        ),
    ]
    action: Annotated[str, At("summary", missing=ErrorCode.INVALID_ACL_ACTION, limit=ID_LENGTH)]
    value: Annotated[
        str,
        At(
            "content",
            missing=ErrorCode.MISSING_ATTACHMENT_CONTENT,
            limit=NAME_LIMIT,
            too_many=ErrorCode.INVALID_ACL_VALUE,
        ),
    ]


class CreateRoom(Activity, frozen=True, kw_only=True):
    """Make a room in a channel, or, of the kind `private`, a conversation of the sender's and other owners, whose ids
    are separated by commas. `is_newcomer`: a backend asks for a user who is to become known with the room.
    """

    channel_id: Annotated[ChannelId | None, At("object.url", invalid=ErrorCode.MISSING_OBJECT_URL, limit=ID_LENGTH)] = (
        None
    )
    name: Annotated[
        str | None,
        At(
            "target.displayName",
            invalid=ErrorCode.MISSING_TARGET_DISPLAY_NAME,
            too_many=ErrorCode.ROOM_NAME_TOO_LONG,
            text=True,
            limit=NAME_LIMIT,
        ),
    ] = None
    kind: Annotated[str | None, At("target.objectType", invalid=ErrorCode.INVALID_TARGET_TYPE, limit=ID_LENGTH)] = None
    owner_ids: Annotated[str | None, At("target.attachments[owners].summary", limit=OWNERS_LENGTH)] = None
    acls: Annotated[tuple[AclPlan, ...], At("object.attachments", limit=100)] = ()
    is_newcomer: bool = False


class RoomMade(Activity, frozen=True, kw_only=True):
    """The reply to create."""

    constants = {"verb": "create"}

    kind: Annotated[str, At("target.objectType")]
    ref: Annotated[RoomRef, At("target")]
    channel_id: Annotated[str, At("object.url")]


class RenameRoom(Activity, frozen=True, kw_only=True):
    """Give a room another name."""

    room_id: Annotated[RoomId, At("target.id", missing=ErrorCode.MISSING_TARGET_ID, limit=ID_LENGTH)]
    name: Annotated[
        str,
        At(
            "target.displayName",
            missing=ErrorCode.MISSING_TARGET_DISPLAY_NAME,
            too_many=ErrorCode.ROOM_NAME_TOO_LONG,
            text=True,
            limit=NAME_LIMIT,
        ),
    ]


class RemoveRoom(Activity, frozen=True, kw_only=True):
    """Take a room away. `reason` is told to those who could list it."""

    room_id: Annotated[RoomId, At("target.id", missing=ErrorCode.MISSING_TARGET_ID, limit=ID_LENGTH)]
    reason: Annotated[str | None, At("object.content", text=True, limit=NAME_LIMIT)] = None


class _RoomChanged(Stamped, frozen=True, kw_only=True):
    ref: Annotated[RoomRef, At("target")]


class RoomRenamedReply(_RoomChanged, frozen=True, kw_only=True):
    """The reply to rename_room, with the new name."""

    constants = {"verb": "renamed", "target.objectType": "room"}


class RoomRemovedReply(_RoomChanged, frozen=True, kw_only=True):
    """The reply to remove_room."""

    constants = {"verb": "removed", "target.objectType": "room"}
