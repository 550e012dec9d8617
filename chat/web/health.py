"""Is the process alive, is it ready to serve? Without a key from loopback, unless a proxy forwarded the request."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

import msgspec
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from chat.errors import OK
from chat.ichat import IStore
from chat.plugin import Scope
from chat.web.auth import Keys
from chat.web.json import HttpProblem, respond

READY_TIMEOUT_S = 5.0
_NOT_FOUND, _NOT_ALLOWED, _UNAVAILABLE = 404, 405, 503
_FORWARDING = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


class Health(Resource):
    """`check()` gives a Deferred of the reasons for which the server is not ready; none: it is."""

    isLeaf = True

    def __init__(self, keys: Keys, check: Callable[[], Deferred[list[str]]]) -> None:
        super().__init__()
        self._keys = keys
        self._check = check

    def render(self, request: Request) -> int:
        """200, or 503 with the reasons."""
        if not is_admitted(request, self._keys):
            return NOT_DONE_YET
        gone: list[object] = []
        request.notifyFinish().addBoth(gone.append)
        self._check().addCallback(lambda reasons: None if gone else _tell(request, reasons))
        return NOT_DONE_YET


def is_admitted(request: Request, keys: Keys) -> bool:
    """Whether this is a GET or HEAD of the resource itself, by somebody who may look: with a key that may read, or from
    loopback without a proxy in between. Any other request is answered.
    """
    try:
        _check(request, keys)
    except HttpProblem as problem:
        respond(request, problem.status, problem.body, problem.headers)
        return False
    return True


def _check(request: Request, keys: Keys) -> None:
    if not _is_local(request):
        keys.identify(request).check(Scope.READ)
    if request.postpath:
        raise HttpProblem(_NOT_FOUND, "no such path")
    if request.method not in (b"GET", b"HEAD"):
        raise HttpProblem(_NOT_ALLOWED, "no such method here", {"Allow": "GET, HEAD"})


def is_alive() -> Deferred[list[str]]:
    """Who answers is alive."""
    return succeed([])


def readiness(store: IStore, is_draining: Callable[[], bool], clock: IReactorTime) -> Callable[[], Deferred[list[str]]]:
    """A check: the store answers in time, and the server is not about to stop."""

    def check() -> Deferred[list[str]]:
        if is_draining():
            return succeed(["draining"])
        asked: Deferred[Any] = store.ping()
        asked.addTimeout(READY_TIMEOUT_S, clock)
        asked.addCallbacks(_ready, _not_ready)
        return asked

    return check


def _ready(answer: object) -> list[str]:
    return []


def _not_ready(failure: Failure) -> list[str]:
    return ["the store does not answer"]


def _tell(request: Request, reasons: list[str]) -> None:
    body = {"status": "unavailable" if reasons else "ok"} | ({"reasons": reasons} if reasons else {})
    respond(request, _UNAVAILABLE if reasons else OK, msgspec.json.encode(body))


def _is_local(request: Request) -> bool:
    if any(request.getHeader(name) is not None for name in _FORWARDING):
        return False
    host = getattr(request.getClientAddress(), "host", None)
    try:
        return host is None or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
