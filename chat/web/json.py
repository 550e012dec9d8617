"""JSON over HTTP: the only place that turns values and errors into responses."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from twisted.python.failure import Failure
from twisted.web.http import Request as HttpRequest
from twisted.web.server import Request

from chat.errors import OK, ChatError
from chat.ichat import IEndpoint, IRefusingEndpoint
from chat.rest import Page
from chat.web.access import GONE, REQUEST_ID, Visit, visit_of

BODY_LIMIT_BYTES = 1_048_576
DISCARD_LIMIT_BYTES = 16 * BODY_LIMIT_BYTES
OLD_FAILURE = 500
_TOO_LARGE = 413


class HttpProblem(Exception):
    """A failure that has an HTTP status of its own, with a text for the caller, and its body in the envelope."""

    def __init__(
        self, status: int, text: str, headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = headers or {}
        self.body = failure_body(text) if body is None else body


def problem_of(error: ChatError, endpoint: IEndpoint | None = None) -> HttpProblem:
    """The HTTP form of a refusal, by the endpoint that was called where it has a form of its own."""
    body = None
    if IRefusingEndpoint.providedBy(endpoint):
        status_code, told = endpoint.refusal(error)
        body = msgspec.json.encode({"status_code": status_code, "data": told})
    return HttpProblem(error.code.http, error.detail, body=body)


def success_body(answer: Any) -> bytes:
    """The envelope of an answer: `{"status_code": 200, "data": ...}`; for None without data, for a Page that is not the
    last with `"more": true`.
    """
    if isinstance(answer, Page):
        return msgspec.json.encode({"status_code": OK, "data": answer.data} | ({"more": True} if answer.more else {}))
    return msgspec.json.encode({"status_code": OK} if answer is None else {"status_code": OK, "data": answer})


def failure_body(text: str) -> bytes:
    """The envelope of a failure: `{"status_code": 500, "data": "<text>"}`; the HTTP status tells more."""
    return msgspec.json.encode({"status_code": OLD_FAILURE, "data": text})


def respond(request: Request, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
    """Answer the request with a JSON body."""
    request.setResponseCode(status)
    for name, value in _headers(body, headers).items():
        request.setHeader(name, value)
    request.write(body)
    request.finish()


def _headers(body: bytes, more: dict[str, str] | None) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    } | (more or {})


class BoundedRequest(Request):
    """A request whose body may not have more than BODY_LIMIT_BYTES; a larger one is refused before it is read.

    What comes of it all the same is thrown away, up to DISCARD_LIMIT_BYTES, before the connection is closed: many
    callers read no answer before they have sent everything, and a connection closed on them would lose it.
    """

    visit: Visit | None = None
    _is_refused = False
    _discarded_bytes = 0

    def gotLength(self, length: int | None) -> None:
        """The headers are in."""
        if length is not None and length > BODY_LIMIT_BYTES:
            self._refuse_body()
        HttpRequest.gotLength(self, 0 if self._is_refused else length)

    def handleContentChunk(self, data: bytes) -> None:
        """A part of the body is in."""
        assert self.content is not None
        if not self._is_refused and self.content.tell() + len(data) > BODY_LIMIT_BYTES:
            self._refuse_body()
        if not self._is_refused:
            HttpRequest.handleContentChunk(self, data)
            return
        self._discarded_bytes += len(data)
        if self._discarded_bytes > DISCARD_LIMIT_BYTES:
            self._hang_up()

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """The request is complete. One that was refused has no effect."""
        if self._is_refused:
            self._hang_up()
            return
        assert self.content is not None
        self._begin_visit(self.content.tell())
        super().requestReceived(command, path, version)

    def connectionLost(self, reason: Failure) -> None:
        """The caller is gone before there was an answer."""
        super().connectionLost(reason)
        self.note(GONE)

    def note(self, status: int) -> None:
        """Write the line of the log, once. Without a visit it is no request yet."""
        if self.visit is not None:
            self.visit.note(self, status)

    def turn_away(self, status: int, problem: str) -> None:
        """Answer a request that has not come as a whole and is not waited for any more; harmless the second time."""
        if self._is_refused:
            return
        self._is_refused = True
        channel: Any = self.channel
        self.method, self.path = channel.asked
        self._begin_visit(0)
        body = failure_body(problem)
        headers = _headers(body, {"Connection": "close", REQUEST_ID: visit_of(self).request_id})
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        shown = HTTPStatus(channel.site.turned_away(status))
        channel.transport.write(f"HTTP/1.1 {shown.value} {shown.phrase}\r\n{lines}\r\n".encode() + body)
        self.note(status)

    def _begin_visit(self, bytes_in: int) -> None:
        self.visit = Visit(self.getHeader(b"x-request-id"), bytes_in)
        self.setHeader(REQUEST_ID, self.visit.request_id)

    def _refuse_body(self) -> None:
        self.turn_away(_TOO_LARGE, f"the body has more than {BODY_LIMIT_BYTES} bytes")

    def _hang_up(self) -> None:
        channel: Any = self.channel
        channel.loseConnection()
