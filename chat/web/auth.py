"""Keys of the backend REST API: who calls, and what the key may do."""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from msgspec import Struct
from twisted.web.server import Request

from chat.config import BackendKey, Config
from chat.errors import ConfigError
from chat.plugin import Scope
from chat.web.json import HttpProblem

KEY_FILE = "backend.key"
_UNAUTHORIZED, _FORBIDDEN = 401, 403
# A key that may moderate may also read.
_IMPLIED = {Scope.MODERATE: {Scope.READ}}


class Key(Struct, frozen=True):
    """A key in force."""

    name: str
    secret: bytes
    scopes: frozenset[Scope]

    def check(self, scope: Scope) -> None:
        """Raise HttpProblem 403 unless the key has the scope."""
        if scope not in self.scopes:
            raise HttpProblem(_FORBIDDEN, f"the key lacks the scope {scope.value}")


class Keys:
    """The keys in force."""

    def __init__(self, keys: tuple[Key, ...]) -> None:
        self._keys = keys

    def replace(self, keys: tuple[Key, ...]) -> None:
        """From now on these keys count."""
        self._keys = keys

    def identify(self, request: Request) -> Key:
        """The caller's key. Compares in constant time, with every key. Raises HttpProblem 401 without a good one."""
        scheme, _, token = (request.getHeader(b"authorization") or b"").partition(b" ")
        given = token.strip() if scheme.lower() == b"bearer" else b""
        matching = [key for key in self._keys if hmac.compare_digest(key.secret, given)]
        if not given or not matching:
            text = "a key is needed: Authorization: Bearer <key>"
            raise HttpProblem(_UNAUTHORIZED, text, {"WWW-Authenticate": "Bearer"})
        return matching[0]


def keys_of(config: Config) -> tuple[Key, ...]:
    """The configured keys; without any the one in `data_dir`, made at the first start for its owner alone.

    Raises ConfigError when that file cannot be made or read.
    """
    if config.backend.keys:
        return tuple(_configured(key) for key in config.backend.keys)
    return (Key("generated", _generated(key_path(config)), frozenset(Scope)),)


def key_path(config: Config) -> Path:
    """Where the generated key is."""
    return Path(config.data_dir) / KEY_FILE


def _configured(key: BackendKey) -> Key:
    scopes = set(Scope) if "*" in key.scopes else {Scope(name) for name in key.scopes}
    for scope in list(scopes):
        scopes |= _IMPLIED.get(scope, set())
    return Key(key.name, key.key.encode(), frozenset(scopes))


def _generated(path: Path) -> bytes:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(32) + "\n")
        secret = path.read_bytes().strip()
    except OSError as error:
        raise ConfigError(f"data_dir: {path}: {error.strerror}") from None
    if not secret:
        raise ConfigError(f"data_dir: {path} is empty; remove it to have a new key made")
    return secret
