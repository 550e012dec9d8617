"""What becomes of a command for its client: the body of the reply, and the end of the session. Sans I/O."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from chat.errors import OK, ChatError, ErrorCode
from chat.ichat import IVerb
from chat.plugin import Outcome
from chat.slots import Activity
from chat.wire.encoding import Encoder
from chat.wire.frames import CloseCode, Command

# What answers a verb that has no reply of its own, and that only where the client gave an id to tell it by.
ACK: Final = "gn_ack"
SUCCESS: Final = b'{"status_code":%d}' % OK
_GOODBYE: Final = (CloseCode.NORMAL, "")
_LOGIN_FAILED: Final = (CloseCode.LOGIN_FAILED, "login failed")
# The reason beside CloseCode.BANNED.
BANNED: Final = "banned"
_FAREWELLS: Final = {ErrorCode.RATE_LIMITED: (CloseCode.FLOOD, "flood")}


class Pending:
    """A command whose reply has not gone out. `since` is when it began, `result` its end, once there is one."""

    __slots__ = ("command", "result", "since", "verb")

    def __init__(self, command: Command | None, verb: IVerb, since: float) -> None:
        self.command = command
        self.verb = verb
        self.since = since
        self.result: Outcome | ChatError | None = None


def success(encoder: Encoder, outcome: Outcome) -> bytes:
    """The body that answers a command; without `data` where the verb has none."""
    if outcome.reply is None:
        return SUCCESS
    return b'{"status_code":%d,"data":%b}' % (OK, encoder.encode(outcome.reply))


def failure(encoder: Encoder, error: ChatError) -> bytes:
    """The body that refuses one: the code, the text, and what the refusal brings along."""
    body: dict[str, Any] = {"status_code": error.code.wire, "message": error.detail}
    if isinstance(error.notice, Activity):
        body["data"] = encoder.build(error.notice)
    if error.extra:
        body.setdefault("data", {}).update(error.extra)
    return msgspec.json.encode(body)


def farewell(result: Outcome | ChatError) -> tuple[CloseCode, str]:
    """Code and reason with which a session ends that a command ends; for a refusal they follow from its code."""
    return _FAREWELLS.get(result.code, _GOODBYE) if isinstance(result, ChatError) else _GOODBYE


def farewell_of_login(refusal: ChatError) -> tuple[CloseCode, str]:
    """Code and reason with which a connection ends whose login failed."""
    return (CloseCode.BANNED, BANNED) if refusal.code is ErrorCode.USER_IS_BANNED else _LOGIN_FAILED


def is_failed_login(refusal: ChatError, *, has_user: bool) -> bool:
    """Whether a refused login ends the connection: not one above the rate, and of those that are logged in already only
    who wanted to be somebody else.
    """
    if has_user:
        return refusal.code is ErrorCode.INVALID_LOGIN
    return refusal.code is not ErrorCode.RATE_LIMITED
