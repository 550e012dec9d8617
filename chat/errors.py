"""The one table of refusals: wire code, HTTP status, whether a retry can help, default text, cause.

The codes and their names are those of the WebSocket API (seed 000); RATE_LIMITED is this server's one addition.
Imports nothing of the package but `chat.lines`.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final, NamedTuple
from uuid import uuid4

from chat.lines import one_line

OK: Final = 200


class Refusal(NamedTuple):
    """One row of the table. `cause` is for `docs/errors.md`. `anywhere`: whatever the command is. `unreachable`: why
    this server never answers it.
    """

    wire: int
    http: int
    retryable: bool
    text: str
    cause: str
    anywhere: bool = False
    unreachable: str = ""


class ErrorCode(Enum):
    """Every code that a client can get instead of 200. `.wire` goes on the WebSocket, `.http` is the REST status."""

    # fmt: off
    UNKNOWN_ERROR = Refusal(250, 500, True, "something went wrong on the server",
        "A bug, a store that does not answer, or a command that took too long; a bug's text has its id in the log.",
        anywhere=True)
    MISSING_ACTOR_ID = Refusal(500, 400, False, "no id on actor",
        "A login does not say who.")
    MISSING_OBJECT_ID = Refusal(501, 400, False, "no id on object",
        "It is not said which message or which user is meant.")
    MISSING_TARGET_ID = Refusal(502, 400, False, "no id on target",
        "It is not said which room, channel or user is meant.")
    MISSING_OBJECT_URL = Refusal(503, 400, False, "no url on object",
        "It is not said which channel is meant.")
    MISSING_TARGET_DISPLAY_NAME = Refusal(504, 400, False, "no displayName on target",
        "A room is to have a name, and none is given or only blanks.")
    MISSING_ACTOR_URL = Refusal(505, 400, False, "no url on actor",
        "It is not said which room the sender is in.")
    MISSING_OBJECT_CONTENT = Refusal(506, 400, False, "no content on object",
        "Something is to be said, and there is no text.")
    MISSING_OBJECT = Refusal(507, 400, False, "no object",
        "The request has no object, and needs one.")
    MISSING_OBJECT_ATTACHMENTS = Refusal(508, 400, False, "no attachments on object",
        "A list in the request is missing or empty: of messages, rules, attributes or owners.")
    MISSING_ATTACHMENT_TYPE = Refusal(509, 400, False, "no objectType on attachment for object",
        "An element of a list does not say what it is.")
    MISSING_ATTACHMENT_CONTENT = Refusal(510, 400, False, "no content on attachment for object",
        "An element of a list says what it is, and has no value.")
    MISSING_VERB = Refusal(511, 400, False, "no verb",
        "The request has no verb, and its event needs one.", anywhere=True)
    INVALID_TARGET_TYPE = Refusal(600, 400, False, "invalid objectType on target",
        "The kind of the target is missing where it is needed, or none that the request knows.")
    INVALID_ACL_TYPE = Refusal(601, 400, False, "invalid ACL type",
        "There is no such type of access rule, or it may not be set for the action.")
    INVALID_ACL_ACTION = Refusal(602, 400, False, "invalid ACL action",
        "There are no access rules for this action in a room, or in a channel.")
    INVALID_ACL_VALUE = Refusal(603, 400, False, "invalid ACL value",
        "The value is none that the type of the access rule takes; for custom rules the text says at which character.")
    INVALID_STATUS = Refusal(604, 400, False, "invalid status",
        "The status is none of online, offline and invisible.")
    INVALID_OBJECT_TYPE = Refusal(605, 400, False, "invalid objectType on object",
        "The kind of the object is none that the request knows.")
    INVALID_BAN_DURATION = Refusal(606, 400, False, "invalid duration",
        "The duration is no positive number with one of d, h, m and s behind it, or ends after the year 9999.")
    INVALID_VERB = Refusal(607, 400, False, "invalid verb",
        "There is no such event, or its verb is another one.", anywhere=True)
    EMPTY_MESSAGE = Refusal(700, 400, False, "the message is empty",
        "The text is blank.")
    NOT_BASE64 = Refusal(701, 400, False, "not base64 of UTF-8",
        "A name, text or value is not base64 of UTF-8.")
    USER_NOT_IN_ROOM = Refusal(702, 403, False, "the user is not in the room",
        "Who asks is not in the room, or the user who is meant is not, as far as who asks may know.")
    USER_IS_BANNED = Refusal(703, 403, True, "the user is banned or muted",
        "A ban or a mute is in force; the data say until when.", anywhere=True)
    ROOM_ALREADY_EXISTS = Refusal(704, 409, False, "a room with this name exists",
        "A room of the channel has the name, case ignored.")
    NOT_ALLOWED = Refusal(705, 403, False, "not allowed",
        "Who asks has not the right, or an access rule does not hold; the text says which.")
    VALIDATION_ERROR = Refusal(706, 400, False, "not valid",
        "Something else is malformed, too long, or does not fit together; the text says what.", anywhere=True)
    ROOM_FULL = Refusal(707, 409, True, "the room is full",
        "The room has as many users as `rooms.max_users` allows.")
    NOT_ONLINE = Refusal(708, 409, True, "the user is not online",
        "A user whose status is offline comes into no room.")
    TOO_MANY_PRIVATE_ROOMS = Refusal(709, 409, True, "too many private rooms",
        "The user owns as many temporary rooms as `rooms.max_per_user` allows.")
    ROOM_NAME_TOO_LONG = Refusal(710, 400, False, "the room name is too long",
        "The name has more characters than `rooms.max_name`.")
    ROOM_NAME_TOO_SHORT = Refusal(711, 400, False, "the room name is too short",
        "The name has fewer characters than `rooms.min_name`.")
    INVALID_TOKEN = Refusal(712, 401, False, "invalid token",
        "The token is not the one of the user.")
    INVALID_LOGIN = Refusal(713, 403, False, "invalid login",
        "Somebody else is logged in on the connection, or the user is one that nobody logs in as.")
    MSG_TOO_LONG = Refusal(714, 400, False, "the message is too long",
        "The text has more characters than `messages.max_characters`.")
    MULTIPLE_ROOMS_WITH_NAME = Refusal(715, 409, False, "several rooms have this name",
        "The name is that of several rooms, none or several of them in the default channel.")
    TOO_MANY_ATTACHMENTS = Refusal(716, 400, False, "too many attachments",
        "A list in the request is longer than it may be.")
    NOT_ENABLED = Refusal(717, 409, False, "not enabled",
        "The configuration has this turned off.")
    ROOM_NAME_RESTRICTED = Refusal(718, 400, False, "the room name is restricted",
        "The name is one of `content.restricted_names`, or has a word that is not to be said.")
    USER_MUTED = Refusal(719, 403, True, "the user is muted",
        "A mute is in force.",
        unreachable="mutes are answered with USER_IS_BANNED and their activity, as clients expect")
    NOT_ALLOWED_TO_WHISPER_CHANNEL = Refusal(720, 403, False, "whispers are not allowed in this channel",
        "An access rule of the channel for whispers does not hold.")
    NOT_ALLOWED_TO_WHISPER_NOT_A_CONTACT = Refusal(721, 403, False, "whispers are for contacts only",
        "The plugin `whisper-contacts` is enabled, and the sender is no contact of the user.")
    NOT_ALLOWED_TO_WHISPER_TURNED_OFF = Refusal(722, 403, False, "the user has turned whispers off",
        "The plugin `whisper-preferences` is enabled, and the user wants no whispers.")
    NOT_ALLOWED_TO_WHISPER_SELF = Refusal(723, 403, False, "no whispers to oneself",
        "The whisper is for its sender.")
    NOT_ALLOWED_TO_WHISPER_GENERIC_ERROR = Refusal(724, 403, False, "the whisper was refused",
        "The server that a whisper guard asks says neither yes nor no.")
    REMOTE_ERROR = Refusal(725, 502, True, "a remote service failed",
        "Another server that is asked does not answer as it should, or not in time.")
    NO_SUCH_USER = Refusal(800, 404, False, "no such user",
        "Nobody of that id ever logged in or was declared.")
    NO_SUCH_CHANNEL = Refusal(801, 404, False, "no such channel",
        "There is no such channel, or who asks may not know of it.")
    NO_SUCH_ROOM = Refusal(802, 404, False, "no such room",
        "There is no such room, or who asks may not know of it.")
    NO_ADMIN_ROOM_FOUND = Refusal(803, 404, False, "no admin room found",
        "The channel has no room of the operators.")
    NO_USER_IN_SESSION = Refusal(804, 401, False, "not logged in",
        "Nobody is logged in on the connection, or a login has no token.", anywhere=True)
    NO_ADMIN_ONLINE = Refusal(805, 409, True, "no admin is online",
        "No operator is online.")
    RATE_LIMITED = Refusal(900, 429, True, "too many commands",
        "More commands came than `limits` allows; `data.retry_after_s` says when to come again.", anywhere=True)
    # fmt: on

    @property
    def wire(self) -> int:
        """The number that clients of the WebSocket API see as `status_code`."""
        return self.value.wire

    @property
    def http(self) -> int:
        """The HTTP status of the same refusal."""
        return self.value.http

    @property
    def text(self) -> str:
        """What the code says when nothing more is known."""
        return self.value.text

    @property
    def row(self) -> Refusal:
        """The row of the table."""
        return self.value


class ChatError(Exception):
    """A refusal that the caller may see: a code, a text that names the slot and the rule, and rarely an activity.

    The text never holds an exception, SQL or a secret. `notice` is an activity with slots (the mute of a 703);
    `extra` are plain members of the `data` object (`retry_after_s` of a 900). `closing`: the caller's session ends
    after this answer; how that is said, the front knows by the code. `news` is an event that the caller is told first.
    """

    news: object = None

    def __init__(
        self,
        code: ErrorCode,
        detail: str = "",
        *,
        notice: object = None,
        extra: dict[str, Any] | None = None,
        closing: bool = False,
    ) -> None:
        super().__init__(detail or code.text)
        self.code = code
        self.detail = detail or code.text
        self.notice = notice
        self.extra = extra
        self.closing = closing


def new_incident() -> tuple[str, ChatError]:
    """A fresh id under which a bug is logged, and the refusal that tells the caller no more than that id."""
    incident = uuid4().hex[:12]
    return incident, ChatError(ErrorCode.UNKNOWN_ERROR, f"{ErrorCode.UNKNOWN_ERROR.text}, incident {incident}")


class ConfigError(Exception):
    """The server cannot start like this. The text is one line for the operator: where, what, and how to mend it."""

    def __init__(self, text: str) -> None:
        super().__init__(one_line(text))


class StorageError(Exception):
    """The store could not do what was asked. Nothing of the method's transaction is kept."""
