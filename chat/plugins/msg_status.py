"""msg_status: what became of one's private messages."""

from __future__ import annotations

from collections.abc import Mapping

from zope.interface import implementer

from chat.errors import ChatError, ErrorCode
from chat.ichat import IVerb
from chat.model import MessageId, Receipt
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import CheckStatus, MessageStatus, Statuses


@implementer(IVerb)
class MsgStatusVerb:
    """What a user did with messages that came in conversations of the caller's and the user's; others are left out.

    Raises NOT_ENABLED without `messages.delivery_guarantee`, MISSING_OBJECT_ATTACHMENTS, TOO_MANY_ATTACHMENTS,
    NO_SUCH_USER.
    """

    event = "msg_status"
    verbs = ("check",)
    reply_event = "gn_msg_status"
    request = CheckStatus
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, context: Context, request: CheckStatus) -> Outcome:
        """See `IVerb`."""
        if not self._services.config.messages.delivery_guarantee:
            raise ChatError(ErrorCode.NOT_ENABLED, "the delivery of messages is not guaranteed on this server")
        if not request.messages:
            raise ChatError(ErrorCode.MISSING_OBJECT_ATTACHMENTS)
        user = await self._services.users.known(request.user_id)
        ids = [MessageId(message.id) for message in request.messages]
        found: Mapping[MessageId, Receipt] = await self._services.store.receipts_of(user.id, ids, context.caller.id)
        statuses = tuple(MessageStatus(one, found[one].value) for one in dict.fromkeys(ids) if one in found)
        return Outcome(Statuses(published=context.now, statuses=statuses, user_id=user.id))


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(MsgStatusVerb(services),))


plugin = Plugin("msg-status", build)
