"""Saying something, and reading what was said."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from chat.activities import HistoryEntry
from chat.errors import ErrorCode
from chat.model import ID_LENGTH
from chat.slots import Activity, At

# What the server says of a message whatever the client put there.
SET_BY_SERVER = frozenset({"content", "displayName", "objectType", "url"})


class SendMessage(Activity, frozen=True, kw_only=True):
    """Say something in a room, or privately: in a conversation or to a user. `client_id` makes a retry harmless for
    24 h. `more` is what else the client put into `object`: it is relayed to those who hear the message live, and not
    stored.
    """

    body: Annotated[
        str,
        At(
            "object.content",
            missing=ErrorCode.MISSING_OBJECT_CONTENT,
            absent_parent=ErrorCode.MISSING_OBJECT,
            text=True,
            limit=None,
        ),
    ]
    target: Annotated[str, At("target.id", missing=ErrorCode.MISSING_TARGET_ID, limit=ID_LENGTH)]
    kind: Annotated[str, At("target.objectType", missing=ErrorCode.INVALID_TARGET_TYPE, limit=ID_LENGTH)]
    client_id: Annotated[str | None, At("object.id", limit=ID_LENGTH)] = None
    more: Annotated[dict[str, Any], At("object.*", besides=SET_BY_SERVER)] = {}


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
