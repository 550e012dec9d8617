"""Keys of the backend REST API: who calls, and what the key may do.

A key is known by its SHA-256 alone, wherever it comes from. Nothing slower is needed: what a slow hash protects is a
password that people think up and that can be guessed from its hash; a key of 256 random bits cannot.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from msgspec import Struct
from twisted.logger import Logger
from twisted.web.server import Request

from chat.buckets import Rate
from chat.config import Config
from chat.errors import ConfigError
from chat.plugin import Scope
from chat.web.access import visit_of
from chat.web.addresses import place_of
from chat.web.json import HttpProblem
from chat.web.quotas import CallRates, Guesses
from chat.world import StoredKey

KEY_FILE = "backend.key"
# The name of the key that is in it.
GENERATED = "generated"
# Characters of a key that nobody guesses, if they are random.
LONG_ENOUGH = 16
_log = Logger()
_UNAUTHORIZED, _FORBIDDEN = 401, 403
# A key that may moderate may also read.
_IMPLIED = {Scope.MODERATE: {Scope.READ}}


class Key(Struct, frozen=True):
    """A key in force. `digest` is what `digest_of` makes of the key, which may be guessed where it `is_short`."""

    name: str
    digest: bytes
    scopes: frozenset[Scope]
    is_short: bool = False

    def check(self, scope: Scope) -> None:
        """Raise HttpProblem 403 unless the key has the scope."""
        if scope not in self.scopes:
            raise HttpProblem(_FORBIDDEN, f"the key lacks the scope {scope.value}")


class Keys:
    """The keys in force, and how often they are used and guessed at. `rate` is that of the calls of each."""

    def __init__(self, keys: tuple[Key, ...], rate: Rate, seconds: Callable[[], float]) -> None:
        self._keys = keys
        self._guesses = Guesses(seconds)
        self._rates = CallRates(rate, seconds)

    def replace(self, keys: tuple[Key, ...]) -> None:
        """From now on these keys count."""
        self._keys = keys
        self._rates.keep(key.name for key in keys)
        self._guesses.keep(key.digest for key in keys)

    def identify(self, request: Request) -> Key:
        """The caller's key. Compares in constant time, with every key.

        Raises HttpProblem: 401 without a good one, 429 for too many calls with a good one; and after too many wrong
        ones 429 for any other, but for a good one that nobody guesses.
        """
        place, given = place_of(request.getClientAddress()), digest_of(_token(request))
        matching = [key for key in self._keys if hmac.compare_digest(key.digest, given)]
        if not matching or matching[0].is_short:
            self._guesses.check(place, given)
        if not matching:
            self._guesses.was_wrong(place, given)
            text = "a key is needed: Authorization: Bearer <key>"
            raise HttpProblem(_UNAUTHORIZED, text, {"WWW-Authenticate": "Bearer"})
        key = matching[0]
        visit_of(request).key_name = key.name
        if key.is_short:
            self._guesses.was_good(place, given)
        self._rates.take(key.name)
        return key


def _token(request: Request) -> bytes:
    """What the request gives as its key; empty for one that gives none."""
    scheme, _, token = (request.getHeader(b"authorization") or b"").partition(b" ")
    return token.strip() if scheme.lower() == b"bearer" else b""


def digest_of(key: bytes) -> bytes:
    """By what a key is known."""
    return hashlib.sha256(key).digest()


def new_key() -> str:
    """A key that nobody has: 256 random bits, in characters that a header and a shell take as they are."""
    return secrets.token_urlsafe(32)


def scopes_of(names: Iterable[str]) -> frozenset[Scope]:
    """What these scopes of the configuration allow, with what they imply; `*` is all."""
    if "*" in names:
        return frozenset(Scope)
    scopes = {Scope(name) for name in names}
    return frozenset(scopes.union(*(_IMPLIED.get(scope, set()) for scope in scopes)))


def keys_of(config: Config, stored: Collection[StoredKey]) -> tuple[Key, ...]:
    """The keys that are in force: those of the configuration, or without any the one in `data_dir`, which is made at
    the first start for its owner alone; and those of the store, but for such as have the name of another.

    Raises ConfigError when the file in `data_dir` cannot be made or read.
    """
    declared = _declared(config)
    taken = {key.name for key in declared}
    for one in stored:
        if one.name in taken:
            _log.warn("the key {name} of chatctl is not in force: there is another of that name", name=one.name)
    return (*declared, *(Key(one.name, one.digest, scopes_of(one.scopes)) for one in stored if one.name not in taken))


def declared_names(config: Config) -> list[str]:
    """The names of the keys that are not in the store."""
    return [key.name for key in config.backend.keys] or [GENERATED]


def _declared(config: Config) -> tuple[Key, ...]:
    if config.backend.keys:
        short = set(short_keys(config))
        return tuple(
            Key(key.name, digest_of(key.key.encode()), scopes_of(key.scopes), key.name in short)
            for key in config.backend.keys
        )
    secret = _generated(key_path(config))
    return (Key(GENERATED, digest_of(secret), frozenset(Scope), len(secret) < LONG_ENOUGH),)


def short_keys(config: Config) -> list[str]:
    """The names of configured keys that may be guessed."""
    return [key.name for key in config.backend.keys if len(key.key) < LONG_ENOUGH]


def key_path(config: Config) -> Path:
    """Where the generated key is."""
    return Path(config.data_dir) / KEY_FILE


def _generated(path: Path) -> bytes:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(new_key() + "\n")
        secret = path.read_bytes().strip()
    except OSError as error:
        raise ConfigError(f"data_dir: {path}: {error.strerror}") from None
    if not secret:
        raise ConfigError(f"data_dir: {path} is empty; remove it to have a new key made")
    return secret
