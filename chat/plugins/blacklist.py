"""The blacklist: a guard that lets nobody hear what has one of its words, and the verbs behind the REST calls that set
and end words. What users call rooms has none of them either: see `chat.names`.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from zope.interface import implementer

from chat.ichat import IGuard, IVerb
from chat.moderation import Audit
from chat.plugin import Context, Contribution, NoOptions, Outcome, Phase, Plugin, Requires, Services, Verdict
from chat.requests import AllowWord, EditMessage, ForbidWord, SendMessage, Whisper
from chat.rights import Act
from chat.words import checked_word


@implementer(IGuard)
class BlacklistGuard:
    """Lets nobody hear a message, a whisper or an edit with a word that is not to be said, but for those of operators.
    Who said it is not told.
    """

    name = "blacklist"
    phase = Phase.CONTENT
    verbs = frozenset({"message", "edit", "whisper"})

    def __init__(self, services: Services) -> None:
        self._words = services.words
        self._rooms = services.rooms
        self._max_characters = services.config.messages.max_characters

    async def check(self, context: Context, request: SendMessage | EditMessage | Whisper) -> Verdict | None:
        """See `IGuard`. What is too long is left to the verb, which refuses it."""
        if not self._words or len(request.body) > self._max_characters:
            return None
        if self._rooms.rights.is_operator(context.caller.id):
            return None
        return Verdict.UNHEARD if any(map(self._words.are_in, _texts(request))) else None


def _texts(request: SendMessage | EditMessage | Whisper) -> Iterator[str]:
    """What others would be shown: the text, and what a message has besides. Ids are made by chance."""
    yield request.body
    if isinstance(request, SendMessage):
        more = {name: value for name, value in request.more.items() if name != "id"}
        if more:
            yield msgspec.json.encode(more).decode()


class _WordVerb:
    event = None
    verbs = ()
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services

    def _checked(self, context: Context, word: str) -> str:
        """The word, for a caller who may. Raises NOT_ALLOWED, VALIDATION_ERROR."""
        self._services.rooms.rights.check(Act.SET_BLACKLIST, context.caller.id)
        return checked_word(word)


@implementer(IVerb)
class ForbidWordVerb(_WordVerb):
    """Has a word in force at once and after a restart; one that is in force stays so, and leaves no second row in the
    audit log. Raises NOT_ALLOWED, VALIDATION_ERROR for what is no word, and above `chat.words.WORDS_LIMIT`.
    """

    reply_event = "gn_forbid_word"
    request = ForbidWord

    async def handle(self, context: Context, request: ForbidWord) -> Outcome:
        """See `IVerb`."""
        word, words = self._checked(context, request.word), self._services.words
        if not words.given(word):
            await self._services.store.put_word(word, _row(context, "forbid-word", word))
            words.put(word)
        return Outcome()


@implementer(IVerb)
class AllowWordVerb(_WordVerb):
    """Ends a word that was set, in whatever form it was given; of one that was not nobody hears. A word of the
    configuration stays in force by that. Raises NOT_ALLOWED, VALIDATION_ERROR for what is no word.
    """

    reply_event = "gn_allow_word"
    request = AllowWord

    async def handle(self, context: Context, request: AllowWord) -> Outcome:
        """See `IVerb`."""
        word, words = self._checked(context, request.word), self._services.words
        if given := words.given(word):
            await self._services.store.end_words(given, _row(context, "allow-word", word))
            words.end(word)
        return Outcome()


def _row(context: Context, action: str, word: str) -> Audit:
    return Audit(context.now, context.key_name, context.actor.id, action, context.actor.id, None, word)


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(ForbidWordVerb(services), AllowWordVerb(services)), guards=(BlacklistGuard(services),))


plugin = Plugin("blacklist", build)
