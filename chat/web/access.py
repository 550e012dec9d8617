"""One line of the log for every HTTP request: who asked for what, and what came of it.

The namespace is that of this module. Queries are left out, for they hold ids and names, and so is every header.
"""

from __future__ import annotations

import re
from time import perf_counter
from typing import Final
from uuid import uuid4

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress
from twisted.logger import Logger
from twisted.web.server import Request

REQUEST_ID: Final = "X-Request-Id"
# Logged as the status of a request whose caller did not wait for the answer.
GONE: Final = 499
PATH_LENGTH: Final = 200
_SANE = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")
_log = Logger()


class Visit:
    """A request on its way. `request_id` is what the caller calls it, or else a new one; `key_name` is known later, if
    at all.
    """

    __slots__ = ("_began_s", "_bytes_in", "_is_noted", "key_name", "request_id")

    def __init__(self, given_id: bytes | None, bytes_in: int = 0) -> None:
        is_sane = given_id is not None and _SANE.fullmatch(given_id)
        self.request_id = given_id.decode("ascii") if given_id and is_sane else uuid4().hex
        self.key_name = "-"
        self._bytes_in = bytes_in
        self._is_noted = False
        self._began_s = perf_counter()

    def note(self, request: Request, status: int) -> None:
        """Write the line, unless there is one."""
        if self._is_noted:
            return
        self._is_noted = True
        _log.info(
            "{key} {method} {path} {status}, {ms} ms, {bytes_in} bytes in, {bytes_out} out, {peer}, id {request_id}",
            key=self.key_name,
            method=request.method.decode("latin-1")[:PATH_LENGTH],
            path=request.path.decode("latin-1")[:PATH_LENGTH],
            status=status,
            ms=round(1000 * (perf_counter() - self._began_s), 1),
            bytes_in=self._bytes_in,
            bytes_out=request.sentLength,
            peer=peer_of(request.getClientAddress()),
            request_id=self.request_id,
        )


def peer_of(address: IAddress) -> str:
    """The address as a session's line has it."""
    if isinstance(address, IPv4Address | IPv6Address):
        version = "tcp4" if isinstance(address, IPv4Address) else "tcp6"
        return f"{version}:{address.host}:{address.port}"
    return "unix"


def visit_of(request: Request) -> Visit:
    """The visit that a request is; of one that no site of this server made, one that nobody hears of."""
    return getattr(request, "visit", None) or Visit(None)
