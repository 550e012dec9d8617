"""A small HTTP server in the process of the tests, which answers as it is told."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site


class Answering(Resource):
    """Answers everything with `code`, `headers` and `body`; not at all while `is_silent`, without an end while
    `is_endless`. Keeps the questions, None for one without a body, and how many callers went away.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.isLeaf = True
        self.code = 200
        self.body = b'{"allowed": true}'
        self.headers: dict[str, str | bytes] = {}
        self.is_silent = self.is_endless = False
        self.questions: list[Any] = []
        self.gone = 0
        self._kept_waiting: list[Request] = []

    def render(self, request: Request) -> bytes | int:
        """See `Resource`."""
        assert request.content is not None
        self.questions.append(json.loads(request.content.read() or b"null"))
        request.setResponseCode(self.code)
        for name, value in self.headers.items():
            request.setHeader(name, value)
        if not (self.is_silent or self.is_endless):
            return self.body
        self._kept_waiting.append(request)
        request.notifyFinish().addErrback(self._left, request)
        if self.is_endless:
            request.write(self.body)
        return NOT_DONE_YET

    def break_silence(self) -> None:
        """Answer those that got no answer and are there still."""
        waiting, self._kept_waiting = self._kept_waiting, []
        for request in waiting:
            request.write(self.body)
            request.finish()

    def _left(self, reason: object, request: Request) -> None:
        self.gone += 1
        self._kept_waiting.remove(request)


class Listening:
    """The server on a free port of the loopback."""

    def __init__(self, reactor: Any, answering: Answering) -> None:
        site = Site(answering)
        site.noisy = False
        self._port = reactor.listenTCP(0, site, interface="127.0.0.1")
        self.url = f"http://127.0.0.1:{self._port.getHost().port}/check"

    def stop(self) -> Deferred[None]:
        """Nobody gets through any more."""
        return maybeDeferred(self._port.stopListening)
