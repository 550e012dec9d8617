"""One connection's conversation with the server, whatever carries it. Sans I/O: bytes go through a link, time through a
clock.

Commands wait in an inbox and are served one after the other; messages may overlap while their commits are pending, and
all replies keep the order of their commands. The end of the connection is the last command.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Protocol

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.config import Limits
from chat.errors import OK, ChatError, ErrorCode
from chat.ichat import IVerb
from chat.pipeline import Pipeline
from chat.plugin import Context, Outcome
from chat.presence import Framing, Link, Session
from chat.requests import Disconnect, Login
from chat.slots import Activity
from chat.times import utc_now
from chat.wire.activity import Encoder, read
from chat.wire.delivery import Delivery
from chat.wire.frames import CloseCode, Command, Malformed, ReplyId

INBOX_LIMIT = 64
UNSETTLED_LIMIT = 128
COMMAND_TIMEOUT_S = 30.0
FAILED_LOGIN_LINGER_S = 1.0
MALFORMED_LIMIT, MALFORMED_WINDOW_S = 3, 10.0

_SUCCESS = b'{"status_code":%d}' % OK


class ReplyFraming(Framing, Protocol):
    """A framing that can also carry replies."""

    def reply(self, event: str, body: bytes, reply_id: ReplyId) -> bytes:
        """The bytes of a reply to the request that had `reply_id`."""


class ClientLink(Link, Protocol):
    """A link that can stop reading from its client."""

    framing: ReplyFraming

    def pause_reading(self) -> None:
        """Read nothing more until told so."""

    def resume_reading(self) -> None:
        """Read again."""


class Counters:
    """What a session did, for its one log line."""

    __slots__ = ("commands", "refusals")

    def __init__(self) -> None:
        self.commands = 0
        self.refusals = 0


class Front:
    """What all connections of a server share."""

    def __init__(
        self, pipeline: Pipeline, delivery: Delivery, encoder: Encoder, limits: Limits, clock: IReactorTime
    ) -> None:
        self.pipeline = pipeline
        self.delivery = delivery
        self.encoder = encoder
        self.limits = limits
        self.clock = clock


class _Pending:
    """A command whose reply has not gone out. `result` is its end, once there is one."""

    __slots__ = ("command", "result", "verb")

    def __init__(self, command: Command | None, verb: IVerb) -> None:
        self.command = command
        self.verb = verb
        self.result: Outcome | ChatError | None = None


class Connection:
    """Serves one client. Call `opened` first, `closed` last."""

    log = Logger()

    def __init__(self, front: Front, link: ClientLink) -> None:
        self.session = Session(link)
        self._front = front
        self._link = link
        self._inbox: deque[Command | None] = deque()
        self._pending: deque[_Pending] = deque()
        self._settled: Deferred[None] | None = None
        self._served: Deferred[None] | None = None
        self._ended: Deferred[None] | None = None
        self._serving = self._reading_paused = self._gone = self._doomed = False
        self._malformed: deque[float] = deque(maxlen=MALFORMED_LIMIT)
        self._counters = Counters()
        self._timer = front.clock.callLater(
            front.limits.login_timeout_s, self.close, CloseCode.LOGIN_FAILED, "login took too long"
        )

    # What the link says

    def opened(self) -> None:
        """The client is there: greet it."""
        self._send("gn_connect", _SUCCESS, None)

    def command(self, command: Command) -> None:
        """The client asks something."""
        self._inbox.append(command)
        if len(self._inbox) >= INBOX_LIMIT and not self._reading_paused:
            self._reading_paused = True
            self._link.pause_reading()
        self._serve()

    def malformed(self, problem: Malformed) -> None:
        """The client sent something that is no command. The third within ten seconds ends the connection."""
        self._counters.refusals += 1
        error = ChatError(ErrorCode.VALIDATION_ERROR, problem.detail)
        self._send("gn_error", self._failure(error), problem.reply_id)
        now = self._front.clock.seconds()
        self._malformed.append(now)
        if len(self._malformed) == MALFORMED_LIMIT and now - self._malformed[0] <= MALFORMED_WINDOW_S:
            self.close(CloseCode.MALFORMED, "malformed frames")

    def closed(self) -> None:
        """The connection is gone. What the client asked before still happens; then the session ends."""
        if self._gone:
            return
        self._gone = True
        self._stop_timer()
        self._inbox.append(None)
        self._serve()

    def close(self, code: CloseCode, reason: str) -> None:
        """End the connection, after what waits to be sent."""
        self._front.delivery.flush_session(self.session)
        self._link.close(code, reason)

    def ended(self) -> Deferred[None]:
        """Fires when the session is over: the connection is gone and everybody who is to know has been told."""
        self._ended = Deferred()
        return self._ended

    def drained(self) -> Deferred[None]:
        """Fires when every command that was received has been answered."""
        drained: Deferred[None] = Deferred()
        if not self._serving and not self._pending:
            drained.callback(None)
        else:
            self._served = drained
        return drained

    # The inbox

    def _serve(self) -> None:
        if not self._serving:
            self._serving = True
            Deferred.fromCoroutine(self._serve_inbox()).addErrback(self._broke)

    async def _serve_inbox(self) -> None:
        while self._inbox:
            command = self._inbox.popleft()
            if self._reading_paused and len(self._inbox) < INBOX_LIMIT // 2:
                self._reading_paused = False
                self._link.resume_reading()
            await self._perform(command)
        self._serving = False
        self._check_drained()

    def _broke(self, failure: Failure) -> None:
        self.log.failure("a connection broke", failure)
        self.close(CloseCode.BUG, "internal error")
        self._serving = False

    async def _perform(self, command: Command | None) -> None:
        verb = self._verb_of(command)
        if verb is None or (command is not None and self._gone and self.session.user is None):
            return
        while self._pending and (self._pending[-1].verb is not verb or len(self._pending) >= UNSETTLED_LIMIT):
            self._settled = Deferred()
            await self._settled
        pending = _Pending(command, verb)
        self._pending.append(pending)
        try:
            outcome = await self._start(command, verb)
        except ChatError as refusal:
            self._finish(pending, refusal)
            return
        if isinstance(outcome, Deferred):
            outcome.addCallbacks(self._committed, self._refused, callbackArgs=(pending,), errbackArgs=(pending,))
        else:
            self._finish(pending, outcome)

    def _verb_of(self, command: Command | None) -> IVerb | None:
        if command is None:
            return self._front.pipeline.verb_for(Disconnect)
        verb = self._front.pipeline.verb_named(command.event)
        if verb is None:
            self._counters.refusals += 1
            error = ChatError(ErrorCode.INVALID_VERB, "no such event")
            self._send("gn_error", self._failure(error), command.reply_id)
        return verb

    def _start(self, command: Command | None, verb: IVerb) -> Deferred[Any]:
        """Run a command up to its outcome or its pending commit. Bounded in time."""
        context = Context(utc_now(), self.session.user, self.session)
        self._counters.commands += 1
        started = Deferred.fromCoroutine(self._front.pipeline.start(context, verb, lambda: self._decode(command, verb)))
        if not started.called:
            started.addTimeout(COMMAND_TIMEOUT_S, self._front.clock)
        return started

    def _decode(self, command: Command | None, verb: IVerb) -> Activity:
        if command is None:
            return Disconnect()
        if self._doomed and verb.request is Login:
            raise ChatError(ErrorCode.INVALID_LOGIN, "this connection is about to be closed")
        check_word(verb, command.data)
        return read(verb.request, command.data)

    # Replies

    def _committed(self, outcome: Outcome, pending: _Pending) -> None:
        self._finish(pending, outcome)

    def _refused(self, failure: Failure, pending: _Pending) -> None:
        assert isinstance(failure.value, ChatError)
        self._finish(pending, failure.value)

    def _finish(self, pending: _Pending, result: Outcome | ChatError) -> None:
        """A command has come to its end: answer it, and those behind it that waited for their turn."""
        pending.result = result
        while self._pending and self._pending[0].result is not None:
            first = self._pending.popleft()
            assert first.result is not None
            self._answer(first.command, first.verb, first.result)
        if self._settled is not None and len(self._pending) < UNSETTLED_LIMIT:
            settled, self._settled = self._settled, None
            settled.callback(None)
        self._check_drained()

    def _answer(self, command: Command | None, verb: IVerb, result: Outcome | ChatError) -> None:
        if command is not None:
            self._reply(command, verb, result)
        else:
            self._end()
        if isinstance(result, Outcome):
            self._front.pipeline.publish(result)
            if result.closing:
                self.close(CloseCode.NORMAL, "")
        else:
            self._counters.refusals += 1
        if verb.request is Login:
            self._after_login(result)

    def _end(self) -> None:
        self.log.info(
            "session ended: user {user}, {commands} commands, {refusals} refusals",
            user=None if self.session.user is None else self.session.user.id,
            commands=self._counters.commands,
            refusals=self._counters.refusals,
        )
        if self._ended is not None:
            self._ended.callback(None)

    def _reply(self, command: Command, verb: IVerb, result: Outcome | ChatError) -> None:
        if self._gone:
            return
        body = self._failure(result) if isinstance(result, ChatError) else self._success(result)
        self._send(verb.reply_event, body, command.reply_id)

    def _success(self, outcome: Outcome) -> bytes:
        if outcome.reply is None:
            return _SUCCESS
        return b'{"status_code":%d,"data":%b}' % (OK, self._front.encoder.encode(outcome.reply))

    def _failure(self, error: ChatError) -> bytes:
        body: dict[str, Any] = {"status_code": error.code.wire, "message": error.detail}
        if isinstance(error.notice, Activity):
            body["data"] = self._front.encoder.build(error.notice)
        if error.extra:
            body.setdefault("data", {}).update(error.extra)
        return msgspec.json.encode(body)

    def _send(self, event: str, body: bytes, reply_id: ReplyId) -> None:
        self._front.delivery.send(self.session, self._link.framing.reply(event, body, reply_id))

    def _after_login(self, result: Outcome | ChatError) -> None:
        if isinstance(result, Outcome):
            self._stop_timer()
        elif not self._doomed:
            self._doomed = True
            self._stop_timer()
            self._timer = self._front.clock.callLater(
                FAILED_LOGIN_LINGER_S, self.close, CloseCode.LOGIN_FAILED, "login failed"
            )

    def _stop_timer(self) -> None:
        if self._timer.active():
            self._timer.cancel()

    def _check_drained(self) -> None:
        if self._served is not None and not self._serving and not self._pending:
            served, self._served = self._served, None
            served.callback(None)


def check_word(verb: IVerb, body: dict[str, Any]) -> None:
    """Raise MISSING_VERB or INVALID_VERB unless the body's `verb` is one that this verb accepts."""
    if not verb.verbs:
        return
    word = body.get("verb")
    if word is None or word == "":
        raise ChatError(ErrorCode.MISSING_VERB)
    if type(word) is not str or word not in verb.verbs:
        raise ChatError(ErrorCode.INVALID_VERB, f"the verb of {verb.event} is {' or '.join(verb.verbs)}")
