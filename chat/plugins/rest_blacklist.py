"""REST: POST /blacklist, DELETE /blacklist."""

from __future__ import annotations

from msgspec import Struct
from zope.interface import implementer

from chat.errors import ChatError, ErrorCode
from chat.ichat import IEndpoint
from chat.plugin import Context, Contribution, NoOptions, Plugin, Scope, Services
from chat.requests import AllowWord, ForbidWord
from chat.texts import text_of


class WordBody(Struct, frozen=True, kw_only=True):
    """Which word, in base64."""

    word: str


@implementer(IEndpoint)
class PostBlacklist:
    """Sets a word that is not to be said, at once and for after a restart."""

    method = "POST"
    path = "blacklist"
    scope = Scope.MODERATE
    body = WordBody

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: WordBody) -> None:
        """See `IEndpoint`."""
        await self._services.dispatch(caller, ForbidWord(text_of(body.word, "word")))


@implementer(IEndpoint)
class DeleteBlacklist:
    """Ends a word that is not to be said; 403 for one of the configuration, of which what was set besides has ended."""

    method = "DELETE"
    path = "blacklist"
    scope = Scope.MODERATE
    body = WordBody

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: WordBody) -> None:
        """See `IEndpoint`."""
        word = text_of(body.word, "word")
        await self._services.dispatch(caller, AllowWord(word))
        if self._services.words.is_declared(word):
            raise ChatError(ErrorCode.NOT_ALLOWED, "the word is one of content.blacklist in the configuration")


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(endpoints=(PostBlacklist(services), DeleteBlacklist(services)))


plugin = Plugin("rest-blacklist", build)
