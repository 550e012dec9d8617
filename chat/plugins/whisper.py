"""whisper: say something to one user in a room."""

from __future__ import annotations

from zope.interface import implementer

from chat.activities import ChannelRef, UserRef
from chat.events import Whispered
from chat.ichat import IVerb
from chat.messages import check_body
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import Whisper
from chat.whispers import Whispers


@implementer(IVerb)
class WhisperVerb:
    """Tells all sessions of one user something, in a room that both are in; it is not stored. A user whom the sender
    does not see is as one who is not there. The reply is the whisper as the user gets it; one that is to be unheard the
    user does not get.

    Raises EMPTY_MESSAGE, MSG_TOO_LONG, NO_SUCH_ROOM, USER_NOT_IN_ROOM, USER_IS_BANNED, NO_SUCH_USER,
    NOT_ALLOWED_TO_WHISPER_SELF, NOT_ALLOWED_TO_WHISPER_CHANNEL.
    """

    event = "whisper"
    verbs = ("whisper", "send")
    reply_event = "gn_whisper"
    request = Whisper
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._whispers = Whispers(services)
        self._max_characters = services.config.messages.max_characters

    async def handle(self, context: Context, request: Whisper) -> Outcome:
        """See `IVerb`."""
        check_body(request.body, self._max_characters)
        addressed = await self._whispers.addressed(context.caller, request)
        assert addressed is not None
        whispered = Whispered(
            published=context.now,
            author=UserRef.of(context.caller),
            room_id=addressed.room.id,
            target=UserRef.of(addressed.target),
            body=request.body,
            channel=ChannelRef.of(addressed.channel),
        )
        return Outcome(whispered, () if context.is_unheard else (whispered,))


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(WhisperVerb(services),))


plugin = Plugin("whisper", build)
