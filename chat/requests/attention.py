"""Calling for somebody: into a room, for help, or to look at a message."""

from __future__ import annotations

from typing import Annotated

from chat.errors import ErrorCode
from chat.model import ID_LENGTH, NAME_LIMIT, MessageId, RoomId, UserId
from chat.requests.messages import Said
from chat.slots import Activity, At


class Invite(Activity, frozen=True, kw_only=True):
    """Ask a user to come into a room that the sender is in."""

    user_id: Annotated[UserId, At("target.id", missing=ErrorCode.MISSING_TARGET_ID, limit=ID_LENGTH)]
    room_id: Annotated[RoomId, At("actor.url", missing=ErrorCode.MISSING_ACTOR_URL, limit=ID_LENGTH)]


class RequestAdmin(Activity, frozen=True, kw_only=True):
    """Ask operators to come into a room that the sender is in."""

    room_id: Annotated[RoomId, At("target.id", missing=ErrorCode.MISSING_TARGET_ID, limit=ID_LENGTH)]
    body: Said


class ReportMessage(Activity, frozen=True, kw_only=True):
    """Show operators a message, and who wrote it. What the client says that the message says is not looked at."""

    message_id: Annotated[MessageId, At("object.id", missing=ErrorCode.MISSING_OBJECT_ID, limit=ID_LENGTH)]
    claimed: Annotated[str, At("object.content", missing=ErrorCode.MISSING_OBJECT_CONTENT, text=True, limit=None)]
    reason: Annotated[str | None, At("object.summary", text=True, limit=NAME_LIMIT)] = None
    author_id: Annotated[UserId, At("target.id", missing=ErrorCode.MISSING_TARGET_ID, limit=ID_LENGTH)]
