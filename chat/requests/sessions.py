"""Who somebody is, and how present."""

from __future__ import annotations

import re
from typing import Annotated, Final

from chat.activities import Stamped, UserRef, WaitingEntry
from chat.errors import ErrorCode
from chat.model import ID_LENGTH, NAME_LIMIT, USER_ID, RoomId, Status, User, UserId
from chat.slots import Activity, At

STATUS_WORDS: Final = re.compile("|".join(status.value for status in Status))
# Characters of an attribute's value as sent: it is in every list of users.
ATTRIBUTE_LIMIT: Final = 1_024


class Connect(Activity, frozen=True):
    """Is the server there?"""


class Disconnect(Activity, frozen=True):
    """The session ends: asked by the client, or because its connection is gone."""


class Claim(Activity, frozen=True):
    """One attribute that a client claims at login, as sent; only an authenticator decides what to make of it."""

    kind: Annotated[str, At("objectType", missing=ErrorCode.MISSING_ATTACHMENT_TYPE, limit=NAME_LIMIT)]
    content: Annotated[str | None, At("content", limit=None)] = None


class Login(Activity, frozen=True, kw_only=True):
    """Who somebody says to be. Everything but the id is a claim."""

    user_id: Annotated[UserId, At("actor.id", missing=ErrorCode.MISSING_ACTOR_ID, pattern=USER_ID)]
    token: Annotated[str | None, At("actor.attachments[token].content", limit=None)] = None
    name: Annotated[str | None, At("actor.displayName", limit=NAME_LIMIT)] = None
    visibility: Annotated[str | None, At("actor.content", limit=NAME_LIMIT)] = None
    claims: Annotated[tuple[Claim, ...], At("actor.attachments", limit=100)] = ()


class RoleEntry(Activity, frozen=True):
    """Roles in one room or channel, or the global ones (without id), comma separated."""

    kind: Annotated[str, At("objectType")]
    id: Annotated[str | None, At("id")]
    roles: Annotated[str, At("content")]


class LoggedIn(Stamped, frozen=True, kw_only=True):
    """The reply to login: the caller's roles, unacknowledged private messages and the server's limits."""

    constants = {"verb": "login", "object.objectType": "history"}
    has_provider = True

    user: Annotated[UserRef, At("actor")]
    roles: Annotated[tuple[RoleEntry, ...], At("actor.attachments")]
    unacknowledged: Annotated[tuple[WaitingEntry, ...], At("object.attachments")] = ()
    limits: Annotated[dict[str, float], At("limits")]
    reconnect_jitter_s: Annotated[float, At("reconnect_jitter_s")]


class SetStatus(Activity, frozen=True):
    """Be seen by all, by operators alone, or as if gone: the body's `verb` says it."""

    word: Annotated[
        str, At("verb", missing=ErrorCode.MISSING_VERB, invalid=ErrorCode.INVALID_STATUS, pattern=STATUS_WORDS)
    ]

    @property
    def status(self) -> Status:
        """What the word means."""
        return Status(self.word)


class KeepOnline(Activity, frozen=True):
    """Keep users online, with or without a connection, until their beats have stopped for `rest.heartbeat_s`."""

    users: tuple[User, ...]


class LetGo(Activity, frozen=True):
    """Keep users online no longer than they are connected."""

    user_ids: tuple[UserId, ...]


class AttributeChange(Activity, frozen=True):
    """One attribute that a user sets: `objectType` names it, `content` is its value."""

    kind: Annotated[str, At("objectType", missing=ErrorCode.MISSING_ATTACHMENT_TYPE, limit=ID_LENGTH)]
    content: Annotated[
        str, At("content", missing=ErrorCode.MISSING_ATTACHMENT_CONTENT, text=True, limit=ATTRIBUTE_LIMIT)
    ]


class UpdateUserInfo(Activity, frozen=True, kw_only=True):
    """Change some of one's own attributes. `room_id`: the only room that is told; without it, all that one is in."""

    changes: Annotated[
        tuple[AttributeChange, ...], At("object.attachments", missing=ErrorCode.MISSING_OBJECT_ATTACHMENTS, limit=100)
    ]
    room_id: Annotated[RoomId | None, At("target.id", limit=ID_LENGTH)] = None
