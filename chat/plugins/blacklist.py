"""The blacklist: guards that let nobody hear what has one of its words, and the verbs behind the REST calls that set
and end words. What users call rooms has none of them either: see `chat.names`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from zope.interface import implementer

from chat.errors import ChatError, ErrorCode
from chat.ichat import IGuard, IVerb
from chat.moderation import Audit
from chat.plugin import Context, Contribution, NoOptions, Outcome, Phase, Plugin, Requires, Services, Verdict
from chat.requests import (
    AllowWord,
    BanUser,
    EditMessage,
    ForbidWord,
    KickUser,
    RemoveRoom,
    SendMessage,
    UpdateUserInfo,
    Whisper,
)
from chat.rights import Act
from chat.texts import text_if_base64
from chat.words import checked_word

Said = SendMessage | EditMessage | Whisper
Reasoned = KickUser | BanUser | RemoveRoom
# Ids of digits alone, such as UUIDs, are made by chance: some spell `bad` and `dead` now and then.
_BY_CHANCE = re.compile("[0-9a-fA-F-]*")


class _WordGuard:
    phase = Phase.CONTENT

    def __init__(self, services: Services) -> None:
        self._words = services.words
        self._rooms = services.rooms
        self._max_characters = services.config.messages.max_characters

    def _looks_at(self, context: Context) -> bool:
        """Whether there are words that the caller is not to say. Operators may say all of them."""
        return bool(self._words) and not self._rooms.rights.is_operator(context.caller.id)


@implementer(IGuard)
class BlacklistGuard(_WordGuard):
    """Lets nobody hear a message, a whisper, an edit or the reason for an act with a word that is not to be said, but
    for those of operators. Who said it is not told.
    """

    name = "blacklist"
    verbs = frozenset({"message", "edit", "whisper", "kick", "ban", "remove_room"})

    async def check(self, context: Context, request: Said | Reasoned) -> Verdict | None:
        """See `IGuard`. What is too long is left to the verb, which refuses it."""
        if not self._looks_at(context) or (isinstance(request, Said) and len(request.body) > self._max_characters):
            return None
        return Verdict.UNHEARD if any(map(self._words.are_in, _texts(request))) else None


@implementer(IGuard)
class AttributesGuard(_WordGuard):
    """Refuses attributes with a word that is not to be said with VALIDATION_ERROR, but for those of operators."""

    name = "blacklist-attributes"
    verbs = frozenset({"update_user_info"})

    async def check(self, context: Context, request: UpdateUserInfo) -> None:
        """See `IGuard`."""
        if self._looks_at(context) and any(self._words.are_in(change.content) for change in request.changes):
            raise ChatError(ErrorCode.VALIDATION_ERROR, "an attribute has a word that is not to be said")


def _texts(request: Said | Reasoned) -> Iterator[str]:
    """What others would be shown: the text or the reason, and what a message has besides."""
    if isinstance(request, Reasoned):
        yield request.reason or ""
        return
    yield request.body
    if isinstance(request, SendMessage) and request.more:
        more = request.more
        if request.client_id is not None and _BY_CHANCE.fullmatch(request.client_id):
            more = {name: value for name, value in more.items() if name != "id"}
        strings = list(_strings(more))
        # With a sign between them, so that what belongs to several is not put together.
        yield " | ".join(strings)
        yield " | ".join(filter(None, map(text_if_base64, strings)))


def _strings(more: dict[str, Any]) -> Iterator[str]:
    """All names and values, in order."""
    left: list[Any] = [more]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left.extend(part for item in reversed(one.items()) for part in reversed(item))
        elif isinstance(one, list):
            left.extend(reversed(one))
        else:
            yield one if isinstance(one, str) else msgspec.json.encode(one).decode()


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
    return Contribution(
        verbs=(ForbidWordVerb(services), AllowWordVerb(services)),
        guards=(BlacklistGuard(services), AttributesGuard(services)),
    )


plugin = Plugin("blacklist", build)
