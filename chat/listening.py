"""Where to listen: endpoints from the configuration and what is wrong with them."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct
from twisted.internet.endpoints import StandardIOEndpoint, serverFromString
from twisted.internet.error import CannotListenError

from chat.config import Config
from chat.errors import ConfigError

_LOOPBACK = re.compile(r"unix:|.*\binterface=(127\.[0-9.]+|localhost|\\:\\:1)(:|$)")


class Place(Struct, frozen=True):
    """One address of the configuration: `section` is public or backend."""

    section: str
    address: str
    endpoint: Any

    def problem(self, error: BaseException | None) -> str:
        """Why it is no place to listen."""
        reason: object = error.socketError if isinstance(error, CannotListenError) else error
        reason = getattr(reason, "strerror", None) or reason
        return f"listen.{self.section}: cannot listen on {self.address}: {reason}"


def places_of(config: Config, reactor: Any) -> list[Place]:
    """Everything to listen on, the public places first. Reads certificates. Raises ConfigError."""
    listen = config.listen
    found = [("public", address) for address in listen.public] + [("backend", address) for address in listen.backend]
    places = [_place(section, address, reactor) for section, address in found]
    for address in listen.public if config.auth.kind == "open" else ():
        if _LOOPBACK.match(address) is None:
            raise ConfigError(
                f"auth.kind: open lets anybody be anybody, it is refused on {address}:"
                " listen on a loopback interface or choose another kind"
            )
    return places


def _place(section: str, address: str, reactor: Any) -> Place:
    try:
        endpoint = serverFromString(reactor, address)
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
        raise ConfigError(f"listen.{section}: {address}: {problem}") from None
    if isinstance(endpoint, StandardIOEndpoint):
        raise ConfigError(f"listen.{section}: {address}: this is no place to listen")
    return Place(section, address, endpoint)
