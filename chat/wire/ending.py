"""How sessions end, and the one line of the log that says what a session was."""

from __future__ import annotations

from typing import NamedTuple

from twisted.logger import Logger

from chat.wire.front import ClientLink

_log = Logger()


class Ending(NamedTuple):
    """How a connection ended: by whom (`server`, `client`, or `network` without a word), with which code, and why."""

    by: str
    code: int | None
    reason: str


LOST = Ending("network", None, "")


class Counters:
    """What a session did, and since when."""

    __slots__ = ("commands", "messages", "refusals", "since")

    def __init__(self, since: float) -> None:
        self.since = since
        self.commands = 0
        self.messages = 0
        self.refusals = 0


def log_ended(link: ClientLink, user_id: str | None, counters: Counters, ending: Ending, now: float) -> None:
    """Say what the session was. Holds no token, and nothing that was said."""
    _log.info(
        "session ended: user {user} from {peer}, {duration_s} s on {carrier}, {commands} commands, {messages} messages,"
        " {refusals} refusals, {bytes_in} bytes in, {bytes_out} out, closed by the {closed_by}:"
        " {close_code} {close_reason}",
        user=user_id,
        peer=link.peer,
        carrier=link.carrier,
        duration_s=round(now - counters.since, 3),
        commands=counters.commands,
        messages=counters.messages,
        refusals=counters.refusals,
        bytes_in=link.bytes_in,
        bytes_out=link.bytes_out,
        closed_by=ending.by,
        close_code=ending.code,
        close_reason=ending.reason,
    )
