"""The one table of refusals: wire code, HTTP status, whether a retry can help, default text.

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
    """One row of the table."""

    wire: int
    http: int
    retryable: bool
    text: str


class ErrorCode(Enum):
    """Every code that a client can get instead of 200. `.wire` goes on the WebSocket, `.http` is the REST status."""

    UNKNOWN_ERROR = Refusal(250, 500, True, "something went wrong on the server")
    MISSING_ACTOR_ID = Refusal(500, 400, False, "no id on actor")
    MISSING_OBJECT_ID = Refusal(501, 400, False, "no id on object")
    MISSING_TARGET_ID = Refusal(502, 400, False, "no id on target")
    MISSING_OBJECT_URL = Refusal(503, 400, False, "no url on object")
    MISSING_TARGET_DISPLAY_NAME = Refusal(504, 400, False, "no displayName on target")
    MISSING_ACTOR_URL = Refusal(505, 400, False, "no url on actor")
    MISSING_OBJECT_CONTENT = Refusal(506, 400, False, "no content on object")
    MISSING_OBJECT = Refusal(507, 400, False, "no object")
    MISSING_OBJECT_ATTACHMENTS = Refusal(508, 400, False, "no attachments on object")
    MISSING_ATTACHMENT_TYPE = Refusal(509, 400, False, "no objectType on attachment for object")
    MISSING_ATTACHMENT_CONTENT = Refusal(510, 400, False, "no content on attachment for object")
    MISSING_VERB = Refusal(511, 400, False, "no verb")
    INVALID_TARGET_TYPE = Refusal(600, 400, False, "invalid objectType on target")
    INVALID_ACL_TYPE = Refusal(601, 400, False, "invalid ACL type")
    INVALID_ACL_ACTION = Refusal(602, 400, False, "invalid ACL action")
    INVALID_ACL_VALUE = Refusal(603, 400, False, "invalid ACL value")
    INVALID_STATUS = Refusal(604, 400, False, "invalid status")
    INVALID_OBJECT_TYPE = Refusal(605, 400, False, "invalid objectType on object")
    INVALID_BAN_DURATION = Refusal(606, 400, False, "invalid duration")
    INVALID_VERB = Refusal(607, 400, False, "invalid verb")
    EMPTY_MESSAGE = Refusal(700, 400, False, "the message is empty")
    NOT_BASE64 = Refusal(701, 400, False, "not base64 of UTF-8")
    USER_NOT_IN_ROOM = Refusal(702, 403, False, "the user is not in the room")
    USER_IS_BANNED = Refusal(703, 403, True, "the user is banned or muted")
    ROOM_ALREADY_EXISTS = Refusal(704, 409, False, "a room with this name exists")
    NOT_ALLOWED = Refusal(705, 403, False, "not allowed")
    VALIDATION_ERROR = Refusal(706, 400, False, "not valid")
    ROOM_FULL = Refusal(707, 409, True, "the room is full")
    NOT_ONLINE = Refusal(708, 409, True, "the user is not online")
    TOO_MANY_PRIVATE_ROOMS = Refusal(709, 409, True, "too many private rooms")
    ROOM_NAME_TOO_LONG = Refusal(710, 400, False, "the room name is too long")
    ROOM_NAME_TOO_SHORT = Refusal(711, 400, False, "the room name is too short")
    INVALID_TOKEN = Refusal(712, 401, False, "invalid token")
    INVALID_LOGIN = Refusal(713, 403, False, "invalid login")
    MSG_TOO_LONG = Refusal(714, 400, False, "the message is too long")
    MULTIPLE_ROOMS_WITH_NAME = Refusal(715, 409, False, "several rooms have this name")
    TOO_MANY_ATTACHMENTS = Refusal(716, 400, False, "too many attachments")
    NOT_ENABLED = Refusal(717, 409, False, "not enabled")
    ROOM_NAME_RESTRICTED = Refusal(718, 400, False, "the room name is restricted")
    USER_MUTED = Refusal(719, 403, True, "the user is muted")
    NOT_ALLOWED_TO_WHISPER_CHANNEL = Refusal(720, 403, False, "whispers are not allowed in this channel")
    NOT_ALLOWED_TO_WHISPER_NOT_A_CONTACT = Refusal(721, 403, False, "whispers are for contacts only")
    NOT_ALLOWED_TO_WHISPER_TURNED_OFF = Refusal(722, 403, False, "the user has turned whispers off")
    NOT_ALLOWED_TO_WHISPER_SELF = Refusal(723, 403, False, "no whispers to oneself")
    NOT_ALLOWED_TO_WHISPER_GENERIC_ERROR = Refusal(724, 403, False, "the whisper was refused")
    REMOTE_ERROR = Refusal(725, 502, True, "a remote service failed")
    NO_SUCH_USER = Refusal(800, 404, False, "no such user")
    NO_SUCH_CHANNEL = Refusal(801, 404, False, "no such channel")
    NO_SUCH_ROOM = Refusal(802, 404, False, "no such room")
    NO_ADMIN_ROOM_FOUND = Refusal(803, 404, False, "no admin room found")
    NO_USER_IN_SESSION = Refusal(804, 401, False, "not logged in")
    NO_ADMIN_ONLINE = Refusal(805, 409, True, "no admin is online")
    RATE_LIMITED = Refusal(900, 429, True, "too many commands")

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
