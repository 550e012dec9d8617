"""Where to listen: endpoints from the configuration, what is wrong with them, and their certificates."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import StandardIOEndpoint, serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory
from twisted.protocols.tls import TLSMemoryBIOFactory

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


class _TlsOptions:
    """In place of a reactor: an endpoint that would listen with TLS tells with which options."""

    def listenSSL(self, port: int, factory: Factory, contextFactory: Any, **options: Any) -> Any:
        """What the reactor's method would use."""
        return contextFactory


def with_new_certificate(place: Place, port: Any) -> TLSMemoryBIOFactory | None:
    """For a port that listens with TLS: its factory with the certificate that is in the files now, for connections that
    are still to come. Raises ConfigError when the files are not good.
    """
    if not isinstance(getattr(port, "factory", None), TLSMemoryBIOFactory):
        return None
    found: list[Any] = []
    options: Deferred[Any] = _place(place.section, place.address, _TlsOptions()).endpoint.listen(Factory())
    options.addCallback(found.append)
    return TLSMemoryBIOFactory(found[0], False, port.factory.wrappedFactory)
