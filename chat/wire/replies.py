"""The bodies of replies: `{"status_code": 200, "data": ...}`, or the code of a refusal with its text. Sans I/O."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from chat.errors import OK, ChatError
from chat.plugin import Outcome
from chat.slots import Activity
from chat.wire.activity import Encoder

SUCCESS: Final = b'{"status_code":%d}' % OK


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
