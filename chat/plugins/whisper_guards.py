"""Optional guards of whispers: `whisper-contacts` lets those alone whisper whom the target has as contacts,
`whisper-preferences` nobody while the target has whispers turned off.

Each looks at an attribute of the target, or asks another server. That is sent by POST the JSON `{"check": "contacts" or
"preferences", "from": user id, "to": user id, "room": room id}`, and answers `{"allowed": true or false}`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct
from zope.interface import implementer

from chat.errors import ChatError, ConfigError, ErrorCode
from chat.ichat import IGuard
from chat.model import User
from chat.plugin import Context, Contribution, Phase, Plugin, Services
from chat.requests import SendMessage, Whisper
from chat.whispers import Addressed, Whispers

Allows = Callable[[User, Addressed], Awaitable[bool]]
OFF = "off"
# What Twisted can ask: ASCII, names of letters, digits and hyphens, and nobody's password.
_URL = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:[0-9]+)?([/?#][!-~]*)?", re.IGNORECASE)


class _Source(Struct, frozen=True, forbid_unknown_fields=True):
    attribute: str
    url: str = ""
    timeout_s: Annotated[float, Meta(gt=0, le=10)] = 5.0


class Contacts(_Source, frozen=True):
    """`attribute`: which one of the target holds the ids of contacts, with commas between them. `url`: who is asked
    instead, and `timeout_s` how long it may take.
    """

    attribute: str = "contacts"


class Preferences(_Source, frozen=True):
    """`attribute`: which one of the target says `off`. `url`: who is asked instead, and `timeout_s` how long it may
    take.
    """

    attribute: str = "whispers"


@implementer(IGuard)
class WhisperGuard:
    """Refuses the whispers that `allows` does not allow, with NOT_ALLOWED_TO_WHISPER_NOT_A_CONTACT or
    NOT_ALLOWED_TO_WHISPER_TURNED_OFF; where another server is asked, REMOTE_ERROR when it does not answer, and
    NOT_ALLOWED_TO_WHISPER_GENERIC_ERROR when it says neither yes nor no.
    """

    phase = Phase.CUSTOM
    verbs = frozenset({"message", "whisper"})

    def __init__(self, name: str, refusal: ErrorCode, allows: Allows, whispers: Whispers) -> None:
        self.name = name
        self._refusal = refusal
        self._allows = allows
        self._whispers = whispers

    async def check(self, context: Context, request: Whisper | SendMessage) -> None:
        """See `IGuard`. What the verb refuses anyway is left to it: an outsider is to learn nothing of the target."""
        try:
            addressed = await self._whispers.addressed(context.caller, request)
        except ChatError:
            return
        if addressed is not None and not await self._allows(context.caller, addressed):
            raise ChatError(self._refusal)


class _Answer(Struct):
    allowed: bool


class Remote:
    """Another server that is asked."""

    def __init__(self, check: str, source: _Source, services: Services) -> None:
        self._check = check
        self._source = source
        self._services = services

    async def allows(self, sender: User, addressed: Addressed) -> bool:
        """What it says. Raises REMOTE_ERROR when it does not answer, NOT_ALLOWED_TO_WHISPER_GENERIC_ERROR when it says
        neither yes nor no.
        """
        question = {"check": self._check, "from": sender.id, "to": addressed.target.id, "room": addressed.room.id}
        answer = await self._services.ask(self._source.url, question, self._source.timeout_s)
        try:
            return msgspec.json.decode(answer, type=_Answer).allowed
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            raise ChatError(ErrorCode.NOT_ALLOWED_TO_WHISPER_GENERIC_ERROR) from None


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_one = _URL.fullmatch(url) and parts.port != 0 and (parts.hostname or "").encode("idna")
    except ValueError:
        is_one = None
    if not is_one:
        raise ConfigError(f"url: expected http:// or https:// with a host, in ASCII, got {url!r}")


def _guard(check: str, refusal: ErrorCode, allows: Allows, source: _Source, services: Services) -> Contribution:
    if source.url:
        _check_url(source.url)
        allows = Remote(check, source, services).allows
    return Contribution(guards=(WhisperGuard(f"whisper-{check}", refusal, allows, Whispers(services)),))


def build_contacts(options: Contacts, services: Services) -> Contribution:
    """The parts of `whisper-contacts`. Raises ConfigError if everybody would see who has whom as a contact."""

    async def is_contact(sender: User, addressed: Addressed) -> bool:
        contacts = addressed.target.attributes.get(options.attribute, "").split(",")
        return sender.id in (contact.strip() for contact in contacts)

    if not options.url and services.users.is_public(options.attribute):
        raise ConfigError(f"others see the attribute {options.attribute}: set users.public_attributes without it")
    return _guard("contacts", ErrorCode.NOT_ALLOWED_TO_WHISPER_NOT_A_CONTACT, is_contact, options, services)


def build_preferences(options: Preferences, services: Services) -> Contribution:
    """The parts of `whisper-preferences`."""

    async def are_on(sender: User, addressed: Addressed) -> bool:
        return addressed.target.attributes.get(options.attribute, "").casefold() != OFF

    return _guard("preferences", ErrorCode.NOT_ALLOWED_TO_WHISPER_TURNED_OFF, are_on, options, services)


contacts = Plugin("whisper-contacts", build_contacts, Contacts, is_optional=True)
preferences = Plugin("whisper-preferences", build_preferences, Preferences, is_optional=True)
