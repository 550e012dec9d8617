"""Acknowledging messages, and asking what became of them."""

from __future__ import annotations

from typing import Annotated, Final

from chat.activities import MessageRef, Stamped
from chat.errors import ErrorCode
from chat.model import ID_LENGTH, RoomId, UserId
from chat.slots import Activity, At

MOST_AT_ONCE: Final = 500
# Which messages are meant.
Some = Annotated[
    tuple[MessageRef, ...],
    At(
        "object.attachments",
        missing=ErrorCode.MISSING_OBJECT_ATTACHMENTS,
        limit=MOST_AT_ONCE,
        too_many=ErrorCode.TOO_MANY_ATTACHMENTS,
    ),
]


class Acknowledge(Activity, frozen=True, kw_only=True):
    """These messages of a room or conversation have come to their reader."""

    room_id: Annotated[RoomId, At("target.id", missing=ErrorCode.MISSING_TARGET_ID, limit=ID_LENGTH)]
    messages: Some


class Receive(Acknowledge, frozen=True):
    """These messages were received."""


class Read(Acknowledge, frozen=True):
    """These messages were read."""


class CheckStatus(Activity, frozen=True, kw_only=True):
    """What did a user do with these private messages?"""

    user_id: Annotated[UserId, At("target.id", missing=ErrorCode.MISSING_TARGET_ID, limit=ID_LENGTH)]
    messages: Some


class MessageStatus(Activity, frozen=True):
    """What became of a message: `content` is 0 unacknowledged, 1 received, 2 read."""

    id: Annotated[str, At("id")]
    status: Annotated[int, At("content")]


class Statuses(Stamped, frozen=True, kw_only=True):
    """The reply to msg_status: those of the messages that were private to the caller and the user."""

    constants = {"verb": "check", "object.objectType": "statuses"}

    statuses: Annotated[tuple[MessageStatus, ...], At("object.attachments")]
    user_id: Annotated[str, At("target.id")]
