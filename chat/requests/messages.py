"""Saying something, and reading what was said."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Struct

from chat.activities import HistoryEntry
from chat.errors import ErrorCode
from chat.model import ID_LENGTH, MessageId, RoomId, UserId
from chat.slots import Activity, At

# What the server says of a message whatever the client put there.
SET_BY_SERVER = frozenset({"content", "displayName", "objectType", "url"})
# What somebody says. How long it may be is for `messages.max_characters` to say, in characters as they are read.
Said = Annotated[
    str,
    At(
        "object.content",
        missing=ErrorCode.MISSING_OBJECT_CONTENT,
        absent_parent=ErrorCode.MISSING_OBJECT,
        text=True,
        limit=None,
    ),
]


class Telling(Struct, frozen=True, kw_only=True):
    """How a backend has somebody say something. `is_stored`: it becomes a message of the room or conversation.
    `author_name`: the name to be shown, if another than the user's. `shows_author`: with the attributes of the user
    that others may see.
    """

    is_stored: bool = False
    author_name: str | None = None
    shows_author: bool = False


class SendMessage(Activity, frozen=True, kw_only=True):
    """Say something in a room, or privately: in a conversation or to a user. `client_id` makes a retry harmless for
    24 h. `more` is what else the client put into `object`: it is relayed to those who hear the message live, and not
    stored. `origin_id` is the room from which something is said in another one. `telling`: a backend asks.
    """

    body: Said
    target: Annotated[str, At("target.id", missing=ErrorCode.MISSING_TARGET_ID, limit=ID_LENGTH)]
    kind: Annotated[str, At("target.objectType", missing=ErrorCode.INVALID_TARGET_TYPE, limit=ID_LENGTH)]
    origin_id: Annotated[RoomId | None, At("actor.url", limit=ID_LENGTH)] = None
    client_id: Annotated[str | None, At("object.id", limit=ID_LENGTH)] = None
    more: Annotated[dict[str, Any], At("object.*", besides=SET_BY_SERVER)] = {}
    telling: Telling | None = None


class EditMessage(Activity, frozen=True, kw_only=True):
    """Give a message of one's own another text."""

    body: Said
    message_id: Annotated[MessageId, At("object.id", missing=ErrorCode.MISSING_OBJECT_ID, limit=ID_LENGTH)]
    target: Annotated[str, At("target.id", missing=ErrorCode.MISSING_TARGET_ID, limit=ID_LENGTH)]


class DeleteMessage(Activity, frozen=True, kw_only=True):
    """Delete a message; where `object_type` or `objectType` is `room`, all messages of the room that `object.id` names
    too.
    """

    object_id: Annotated[str, At("object.id", missing=ErrorCode.MISSING_OBJECT_ID, limit=ID_LENGTH)]
    room_id: Annotated[RoomId, At("target.id", missing=ErrorCode.MISSING_TARGET_ID, limit=ID_LENGTH)]
    kind: Annotated[str | None, At("object.object_type", invalid=ErrorCode.INVALID_OBJECT_TYPE, limit=ID_LENGTH)] = None
    usual_kind: Annotated[
        str | None, At("object.objectType", invalid=ErrorCode.INVALID_OBJECT_TYPE, limit=ID_LENGTH)
    ] = None

    @property
    def is_of_room(self) -> bool:
        """Whether a whole room is to be cleared."""
        return "room" in (self.kind, self.usual_kind)


class ReadHistory(Activity, frozen=True, kw_only=True):
    """What was said in a room, a conversation, or with a user: the newest, those since a time, or those after a seq."""

    target: Annotated[str, At("target.id", missing=ErrorCode.MISSING_TARGET_ID, limit=ID_LENGTH)]
    since: Annotated[datetime | None, At("updated")] = None
    after_seq: Annotated[int | None, At("object.seq")] = None


class History(Activity, frozen=True, kw_only=True):
    """The reply to history. After a seq: oldest first, with `head`, `more` and `recovered`; else newest first."""

    constants = {"verb": "history", "object.objectType": "messages"}

    room_id: Annotated[str, At("target.id")]
    messages: Annotated[tuple[HistoryEntry, ...], At("object.attachments")]
    head: Annotated[int | None, At("object.head")] = None
    more: Annotated[bool | None, At("object.more")] = None
    recovered: Annotated[bool | None, At("object.recovered")] = None


class Whisper(Activity, frozen=True, kw_only=True):
    """Say something to one user in a room that both are in."""

    user_id: Annotated[UserId, At("target.id", missing=ErrorCode.MISSING_TARGET_ID, limit=ID_LENGTH)]
    room_id: Annotated[RoomId, At("actor.url", missing=ErrorCode.MISSING_ACTOR_URL, limit=ID_LENGTH)]
    body: Said


class DeleteWritten(Activity, frozen=True, kw_only=True):
    """Delete some of what a user wrote, in rooms and privately: the newest below a position, where one is named.
    `is_noted`: that this is done is in the audit log already.
    """

    user_id: UserId
    below: int | None = None
    is_noted: bool = False


class WrittenDeleted(Activity, frozen=True, kw_only=True):
    """How many messages were deleted, how many could not be, of how many a single place hears, and the position below
    which there may be more; None where nothing is left.
    """

    deleted: int = 0
    failed: int = 0
    told: int = 0
    below: int | None
