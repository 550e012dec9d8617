"""One connection's conversation with the server, whatever carries it. Sans I/O: bytes go through a link, time through a
clock.

Commands wait in an inbox and are served one after the other; messages may overlap while their commits are pending, and
all replies keep the order of their commands. The end of the connection is the last command.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.coroutines import Ended, begin
from chat.errors import ChatError, ErrorCode
from chat.events import Event
from chat.ichat import IVerb
from chat.plugin import Context, Outcome
from chat.requests import Disconnect, Login, SendMessage
from chat.sessions import Session
from chat.slots import Activity
from chat.times import utc_now
from chat.wire.decoding import requested
from chat.wire.ending import LOST, Counters, Ending, log_ended
from chat.wire.frames import CloseCode, Command, Malformed, ReplyId
from chat.wire.front import ClientLink, Front
from chat.wire.intake import Intake
from chat.wire.replies import ACK, SUCCESS, Pending, failure, farewell, farewell_of_login, is_failed_login, success

INBOX_LIMIT = 64
UNSETTLED_LIMIT = 128
COMMAND_TIMEOUT_S = 30.0
FAILED_LOGIN_LINGER_S = 1.0
MALFORMED_LIMIT, MALFORMED_WINDOW_S = 3, 10.0


class Connection:
    """Serves one client, who is at the other end of `link`. Call `opened` first, `closed` last."""

    log = Logger()

    def __init__(self, front: Front, link: ClientLink) -> None:
        self.session = Session(link)
        self._front = front
        self.link = link
        # Lists, because empty deques are large and there are many connections.
        self._inbox: list[Command | None] = []
        self._pending: list[Pending] = []
        self._malformed: tuple[float, ...] = ()
        self._is_serving = self._is_running = self._is_doomed = self._is_closing = self._is_over = False
        self._intake = Intake(link)
        self._drained: Deferred[None] | None = None
        self._ended: tuple[Deferred[None], ...] = ()
        self._counters = Counters(front.clock.seconds())
        self._ending = LOST
        self._user_id: str | None = None
        front.connections.add(self)
        self._timer = front.clock.callLater(
            front.limits.login_timeout_s, self.close, CloseCode.LOGIN_FAILED, "login took too long"
        )

    # What the link says

    def opened(self) -> None:
        """The client is there: greet it."""
        self._send("gn_connect", SUCCESS, None)

    def command(self, command: Command) -> None:
        """The client asks something."""
        if self._is_closing:
            return
        self._inbox.append(command)
        if len(self._inbox) >= INBOX_LIMIT:
            self._intake.pause()
        self._serve()

    def malformed(self, problem: Malformed) -> None:
        """The client sent something that is no command. The third within ten seconds ends the connection."""
        self._counters.refusals += 1
        refusal = ChatError(ErrorCode.VALIDATION_ERROR, problem.detail)
        self._front.meters.refused(refusal)
        self._send("gn_error", failure(self._front.encoder, refusal), problem.reply_id)
        now = self._front.clock.seconds()
        self._malformed = (*self._malformed[1 - MALFORMED_LIMIT :], now)
        if len(self._malformed) == MALFORMED_LIMIT and now - self._malformed[0] <= MALFORMED_WINDOW_S:
            self.close(CloseCode.MALFORMED, "malformed frames")

    def closed(self, ending: Ending = LOST) -> None:
        """The connection is gone. What the client asked before still happens; then the session ends."""
        if self.session.is_gone:
            return
        self.session.is_gone = True
        self._ending = ending
        self._stop_timer()
        self._inbox.append(None)
        self._serve()

    def close(self, code: CloseCode, reason: str) -> None:
        """End the connection, after what waits to be sent."""
        self._front.delivery.flush_session(self.session)
        self.link.close(code, reason)

    def ended(self) -> Deferred[None]:
        """Fires when the session is over: the connection is gone and everybody who is to know has been told."""
        ended: Deferred[None] = Deferred()
        if self._is_over:
            ended.callback(None)
        else:
            self._ended = (*self._ended, ended)
        return ended

    def drain(self) -> Deferred[None]:
        """Read nothing more. Fires when every command that was received has been answered."""
        drained = self._drained = Deferred()
        self._intake.end()
        self._check_drained()
        return drained

    def send_away(self, code: CloseCode, reason: str) -> None:
        """Close after a drain, and read again, so that the client's answer to the close is seen."""
        self.close(code, reason)
        self.link.resume_reading()

    # The inbox

    def _serve(self) -> None:
        """Serve the inbox until it is empty or the next command has to wait."""
        if self._is_serving:
            return
        self._is_serving = True
        try:
            while self._inbox and not self._has_to_wait(self._inbox[0]):
                self._perform(self._inbox.pop(0))
        except Exception:
            self._broke(Failure())
        self._is_serving = False
        if self._intake.is_paused and len(self._inbox) < INBOX_LIMIT // 2:
            self._intake.resume()
        self._check_drained()

    def _broke(self, failure: Failure) -> None:
        """A bug in the conversation itself: there is nothing to answer any more."""
        self.log.failure("a connection broke", failure)
        self._pending.clear()
        self.close(CloseCode.BUG, "internal error")

    def _has_to_wait(self, command: Command | None) -> bool:
        """For one that runs; for pending commits too, unless they are those of the same verb."""
        if self._is_running or not self._pending:
            return self._is_running
        return len(self._pending) >= UNSETTLED_LIMIT or self._verb_of(command) is not self._pending[-1].verb

    def _verb_of(self, command: Command | None) -> IVerb:
        pipeline = self._front.pipeline
        return pipeline.verb_for(Disconnect) if command is None else pipeline.verb_named(command.event)

    def _perform(self, command: Command | None) -> None:
        if command is None or not self.session.is_gone or self.session.user is not None:
            self._start(Pending(command, self._verb_of(command), self._front.meters.seconds()))

    def _start(self, pending: Pending) -> None:
        """Run a command up to its outcome or its pending commit. Bounded in time."""
        self._pending.append(pending)
        self._counters.commands += pending.command is not None
        context = Context(utc_now(), self.session.user, self.session)
        verb, command = pending.verb, pending.command
        try:
            begun = begin(self._front.pipeline.start(context, verb, lambda: self._decode(command, verb)))
        except ChatError as refusal:
            self._finish(refusal, pending)
            return
        if isinstance(begun, Ended):
            self._admitted(begun.result, pending)
            return
        self._is_running = True
        begun.addTimeout(COMMAND_TIMEOUT_S, self._front.clock)
        begun.addBoth(self._ran)
        begun.addCallbacks(self._admitted, self._refused, callbackArgs=(pending,), errbackArgs=(pending,))
        begun.addErrback(self._broke)

    def _ran(self, result: Any) -> Any:
        self._is_running = False
        return result

    def _admitted(self, outcome: Outcome | Deferred[Outcome], pending: Pending) -> None:
        if isinstance(outcome, Deferred):
            outcome.addCallbacks(self._finish, self._refused, callbackArgs=(pending,), errbackArgs=(pending,))
            outcome.addErrback(self._broke)
            self._serve()
        else:
            self._finish(outcome, pending)

    def _refused(self, failure: Failure, pending: Pending) -> None:
        assert isinstance(failure.value, ChatError)
        self._finish(failure.value, pending)

    def _decode(self, command: Command | None, verb: IVerb) -> Activity:
        if self._is_doomed and verb.request is Login:
            raise ChatError(ErrorCode.INVALID_LOGIN, "this connection is about to be closed")
        return requested(verb, command)

    # Replies

    def _finish(self, result: Outcome | ChatError, pending: Pending) -> None:
        """A command has come to its end: answer it, and those behind it that waited for their turn; then go on."""
        pending.result = result
        while self._pending and self._pending[0].result is not None:
            first = self._pending.pop(0)
            assert first.result is not None
            self._front.meters.answered(first)
            self._answer(first.command, first.verb, first.result)
        self._serve()

    def _answer(self, command: Command | None, verb: IVerb, result: Outcome | ChatError) -> None:
        if command is not None:
            self._reply(command, verb, result)
        if isinstance(result, Outcome):
            self._counters.messages += verb.request is SendMessage
            self._front.pipeline.publish(result)
        else:
            self._counters.refusals += 1
            if result.code is ErrorCode.RATE_LIMITED:
                self._intake.slow_down(self._front.clock, self._serve)
        if result.closing:
            self._stop_taking_commands(*farewell(result))
        if verb.request is Login:
            self._after_login(result)
        if command is None:
            self._end()

    def _stop_taking_commands(self, code: CloseCode, reason: str) -> None:
        """The client is logged out or sent away: nothing that it asked behind that happens, but that it leaves."""
        self._is_closing = True
        self._inbox = [one for one in self._inbox if one is None]
        self.close(code, reason)

    def _end(self) -> None:
        log_ended(self.link, self._user_id, self._counters, self._ending, self._front.clock.seconds())
        self._is_over = True
        self._front.meters.ended(self.link, self._ending)
        self._front.connections.discard(self)
        for ended in self._ended:
            ended.callback(None)

    def _reply(self, command: Command, verb: IVerb, result: Outcome | ChatError) -> None:
        if self.session.is_gone or (verb.reply_event == ACK and command.reply_id is None):
            return
        encoder = self._front.encoder
        try:
            if isinstance(result, ChatError) and isinstance(result.news, Event):
                self._send(result.news.wire, encoder.encode(result.news), None)
            body = failure(encoder, result) if isinstance(result, ChatError) else success(encoder, result)
        except Exception:
            body = failure(encoder, self._front.pipeline.incident(Failure(), verb))
        self._send(verb.reply_event, body, command.reply_id)

    def _send(self, event: str, body: bytes, reply_id: ReplyId) -> None:
        self._front.delivery.send(self.session, self.link.framing.reply(event, body, reply_id))

    def _after_login(self, result: Outcome | ChatError) -> None:
        if isinstance(result, Outcome):
            self._stop_timer()
            self._user_id = None if self.session.user is None else self.session.user.id
        elif not self._is_doomed and is_failed_login(result, has_user=self.session.user is not None):
            self._is_doomed = True
            self._stop_timer()
            self._timer = self._front.clock.callLater(FAILED_LOGIN_LINGER_S, self.close, *farewell_of_login(result))

    def _stop_timer(self) -> None:
        if self._timer.active():
            self._timer.cancel()

    def _check_drained(self) -> None:
        if self._drained is not None and not self._is_serving and not self._inbox and not self._pending:
            drained, self._drained = self._drained, None
            drained.callback(None)
