"""The tree of the backend endpoint: REST endpoints of the plugins, with keys, bounds and the old envelope."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args, get_origin

import msgspec
from msgspec import Struct
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as TwistedTimeoutError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from chat.errors import OK, ChatError, ConfigError, ErrorCode, new_incident
from chat.ichat import IEndpoint
from chat.metrics import Counts, Timings
from chat.model import User
from chat.plugin import Context
from chat.times import monotonic, utc_now
from chat.web.access import visit_of
from chat.web.auth import Keys
from chat.web.json import HttpProblem, problem_of, respond, success_body
from chat.web.turns import Turns

CALL_TIMEOUT_S = 60.0
# Calls of all keys that wait for something. More would be a store that does not keep up, and memory.
CALLS_AT_ONCE = 1_000
_BAD_REQUEST, _NOT_FOUND, _NOT_ALLOWED, _FAILED, _UNAVAILABLE = 400, 404, 405, 500, 503


class Backend(Resource):
    """Answers every path below it. `system`, set before it serves, is who acts; `legacy_status` answers HTTP 200
    whatever happened. `times` are those of the calls by method and path, `statuses` count answers by what their HTTP
    status is in truth.
    """

    isLeaf = True
    log = Logger()

    system: User

    def __init__(self, keys: Keys, clock: IReactorTime, *, legacy_status: bool) -> None:
        super().__init__()
        self._keys = keys
        self._clock = clock
        self._seconds = monotonic(clock)
        self.times = Timings()
        self.statuses = Counts()
        self._legacy_status = legacy_status
        self._endpoints: dict[str, dict[str, IEndpoint]] = {}
        self._running: set[Deferred[Any]] = set()
        self._turns = Turns(clock)
        self._is_draining = False

    def add(self, endpoints: Iterable[IEndpoint]) -> None:
        """Serve these endpoints. Raises ConfigError for a call that exists already."""
        for endpoint in endpoints:
            methods = self._endpoints.setdefault(endpoint.path, {})
            other = methods.setdefault(endpoint.method, endpoint)
            if other is not endpoint:
                call = f"{endpoint.method} /{endpoint.path}"
                raise ConfigError(f"the call {call} exists already, in {type(other).__module__}")

    @property
    def endpoints(self) -> list[IEndpoint]:
        """All that is served."""
        return [endpoint for methods in self._endpoints.values() for endpoint in methods.values()]

    def render(self, request: Request) -> int:
        """Answer in due time; a caller who is gone is not waited for."""
        begun = self._seconds()
        answering = Deferred.fromCoroutine(self._answer(request))
        if not answering.called:
            answering.addTimeout(CALL_TIMEOUT_S, self._clock)
        self._running.add(answering)
        finished: list[object] = []
        request.notifyFinish().addBoth(lambda result: finished.append(result))
        answering.addErrback(self._failure_of, request)
        answering.addCallback(self._measured, request, begun)
        answering.addCallback(lambda answer: None if finished else respond(request, *answer))
        answering.addErrback(lambda failure: self.log.failure("no answer could be sent", failure))
        answering.addCallback(lambda done: self._running.discard(answering))
        return NOT_DONE_YET

    def refuse_calls(self) -> None:
        """From now on answer 503: the server is about to stop, and another one is to be asked."""
        self._is_draining = True

    def drained(self) -> list[Deferred[None]]:
        """Each fires when a call that runs now has been answered."""
        return [_when_done(answering) for answering in self._running]

    def count(self, status: int) -> int:
        """Count an answer by what its HTTP status is in truth, and return the one that the caller is shown."""
        self.statuses.add(str(status))
        return OK if self._legacy_status else status

    async def _answer(self, request: Request) -> tuple[int, bytes, dict[str, str]]:
        key = self._keys.identify(request)
        if self._is_draining:
            raise HttpProblem(_UNAVAILABLE, "the server is about to stop", {"Retry-After": "1"})
        if len(self._running) >= CALLS_AT_ONCE:
            raise HttpProblem(_UNAVAILABLE, "too many calls run now", {"Retry-After": "1"})
        endpoint = self._endpoint(request)
        key.check(endpoint.scope)
        try:
            body = read_body(request, endpoint.body)
            await self._turns.wait()
            context = Context(utc_now(), self.system, None, key.name)
            return OK, success_body(await endpoint.call(context, body)), {}
        except ChatError as refusal:
            raise problem_of(refusal, endpoint) from None

    def _endpoint(self, request: Request) -> IEndpoint:
        methods = self._endpoints.get(_path_of(request))
        if methods is None:
            raise HttpProblem(_NOT_FOUND, "no such path")
        endpoint = methods.get(_method_of(request))
        if endpoint is None:
            raise HttpProblem(_NOT_ALLOWED, "no such method here", {"Allow": ", ".join(sorted(methods))})
        return endpoint

    def _failure_of(self, failure: Failure, request: Request) -> tuple[int, bytes, dict[str, str]]:
        problem = failure.value
        if not isinstance(problem, HttpProblem):
            incident, refusal = new_incident()
            request_id = visit_of(request).request_id
            self.log.failure("call {id} failed, incident {incident}", failure, id=request_id, incident=incident)
            late = failure.check(CancelledError, TwistedTimeoutError)
            problem = HttpProblem(_FAILED, "the call took too long") if late else problem_of(refusal)
        return problem.status, problem.body, problem.headers

    def _measured(
        self, answer: tuple[int, bytes, dict[str, str]], request: Request, begun: float
    ) -> tuple[int, bytes, dict[str, str]]:
        """Count an answer; by their paths only those of calls that exist. The answer with the status that is shown."""
        path, method = _path_of(request), _method_of(request)
        known = method in self._endpoints.get(path, ())
        self.times.observe(self._seconds() - begun, f"{method} /{path}" if known else "none")
        status, body, headers = answer
        return self.count(status), body, headers


def _path_of(request: Request) -> str:
    return "/".join(part.decode("utf-8", "replace") for part in request.postpath or ())


def _method_of(request: Request) -> str:
    method: str = request.method.decode("ascii", "replace")
    return method


def _when_done(answering: Deferred[Any]) -> Deferred[None]:
    done: Deferred[None] = Deferred()
    answering.addCallback(lambda result: done.callback(None))
    return done


def read_body(request: Request, kind: Any) -> Any:
    """The JSON body as a `kind`, or without a body the query string.

    Raises VALIDATION_ERROR for one of another shape, HttpProblem 400 for what is not JSON.
    """
    assert request.content is not None
    raw = request.content.read()
    try:
        if raw.strip():
            # What is read entry by entry later is not looked into by msgspec now: it must be text all the same.
            return msgspec.json.decode(raw.decode(), type=kind)
        return msgspec.convert(_query(request, kind), kind, strict=False)
    except msgspec.ValidationError as error:
        raise ChatError(ErrorCode.VALIDATION_ERROR, str(error).replace("`", "")) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise HttpProblem(_BAD_REQUEST, "the body is not JSON") from None


def _query(request: Request, kind: Any) -> dict[str, Any]:
    lists = _list_names(kind)
    return {
        name: values if name in lists else values[-1]
        for name, values in (
            (key.decode("utf-8", "replace"), [value.decode("utf-8", "replace") for value in given])
            for key, given in (request.args or {}).items()
        )
    }


def _list_names(kind: Any) -> set[str]:
    if not (isinstance(kind, type) and issubclass(kind, Struct)):
        return set()
    return {field.encode_name for field in msgspec.structs.fields(kind) if _is_list(field.type)}


def _is_list(hint: Any) -> bool:
    return any(get_origin(one) in (list, tuple) for one in (hint, *get_args(hint)))
