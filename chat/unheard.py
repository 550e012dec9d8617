"""Messages that nobody hears but who says them, and that are not stored: what their senders are answered."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from chat.audiences import Audience
from chat.errors import ChatError, ErrorCode
from chat.events import MessageUnheard
from chat.model import Channel, Room, RoomId, UserId
from chat.plugin import Context
from chat.requests import SendMessage

# How many replies are kept for retries; those that were made first go first.
KEPT: Final = 100


class Unheard:
    """Makes the replies to unheard messages.

    A retry under the same `object.id` gets the first reply again, like that of any other message, as long as that is
    among the last KEPT ones.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[UserId, RoomId, str], MessageUnheard] = OrderedDict()

    def reply(
        self, context: Context, request: SendMessage, where: tuple[Room, Channel | None], to: tuple[Audience, ...]
    ) -> tuple[MessageUnheard, bool]:
        """The reply, which is the event for `to` too, and whether it was given before.

        Raises VALIDATION_ERROR when `object.id` was used for another message.
        """
        made = MessageUnheard.of(context.caller, where, to, body=request.body, published=context.now, more=request.more)
        if request.client_id is None:
            return made, False
        first = self._first(made, (context.caller.id, where[0].id, request.client_id))
        if (first.body, first.more) != (made.body, made.more):
            raise ChatError(ErrorCode.VALIDATION_ERROR, "object.id was used for another message")
        return first, first is not made

    def _first(self, made: MessageUnheard, key: tuple[UserId, RoomId, str]) -> MessageUnheard:
        first = self._kept.setdefault(key, made)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return first
