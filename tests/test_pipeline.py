"""The pipeline: the order of its steps, and what becomes of refusals and bugs."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from zope.interface import implementer

from chat.bus import Bus
from chat.errors import ChatError, ConfigError, ErrorCode
from chat.events import Event
from chat.ichat import IGuard, IVerb
from chat.model import User, UserId
from chat.pipeline import Pipeline
from chat.plugin import Context, Outcome, Phase, Requires, Verdict
from chat.requests import Connect, Disconnect, ListChannels, ListRooms
from chat.slots import Activity
from chat.times import utc_now
from tests.happenings import left

SOMEBODY = User(1, UserId("1"), "one", "test", {})


@implementer(IVerb)
class Verb:
    """Notes that it ran; returns or raises `result`."""

    event = "test"
    verbs = ()
    reply_event = "gn_test"
    request: type[Activity] = Connect

    def __init__(self, steps: list[str], result: Any = None, requires: Requires = Requires.ANYONE) -> None:
        self.steps = steps
        self.result = Outcome() if result is None else result
        self.requires = requires

    async def handle(self, context: Context, request: Any) -> Any:
        self.steps.append("verb")
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@implementer(IGuard)
class Guard:
    """Notes that it was asked; raises `result`."""

    def __init__(self, steps: list[str], phase: Phase, result: Exception | None = None) -> None:
        self.name = phase.name
        self.phase = phase
        self.verbs: frozenset[str] | None = frozenset({"test"})
        self.steps = steps
        self.result = result

    async def check(self, context: Context, request: Any) -> None:
        self.steps.append(f"{self.name} {type(request).__name__}")
        if self.result is not None:
            raise self.result


class Bench:
    """A pipeline with one verb and guards of all phases."""

    def __init__(self, verb_result: Any = None, *refusing: tuple[Phase, Exception], login: bool = False) -> None:
        self.steps: list[str] = []
        self.published: list[Event] = []
        self.pipeline = Pipeline(Bus(Clock(), self.published.append))
        self.verb = Verb(self.steps, verb_result, Requires.LOGGED_IN if login else Requires.ANYONE)
        self.pipeline.add_verb(self.verb)
        refusals = dict(refusing)
        for phase in (Phase.CUSTOM, Phase.RATE, Phase.CONTENT, Phase.ACCESS):
            self.pipeline.add_guards([Guard(self.steps, phase, refusals.get(phase))])

    def run(self, user: User | None = None) -> Deferred[Any]:
        return Deferred.fromCoroutine(self.pipeline.start(Context(utc_now(), user), self.verb, self.decode))

    def decode(self) -> Connect:
        self.steps.append("decode")
        return Connect()

    def refusal(self) -> ChatError:
        failure = self.failure_of(self.run())
        assert isinstance(failure, ChatError)
        return failure

    @staticmethod
    def failure_of(deferred: Deferred[Any]) -> BaseException:
        failures: list[Any] = []
        deferred.addErrback(failures.append)
        (failure,) = failures
        value: BaseException = failure.value
        return value


async def test_the_order_of_the_steps() -> None:
    bench = Bench()
    await bench.run()
    assert bench.steps == [
        "RATE NoneType", "decode", "ACCESS Connect", "CONTENT Connect", "CUSTOM Connect", "verb",
    ]  # fmt: skip


def test_the_login_comes_before_the_request() -> None:
    bench = Bench(login=True)
    assert bench.refusal().code is ErrorCode.NO_USER_IN_SESSION
    assert bench.steps == ["RATE NoneType"]


async def test_a_logged_in_user_may_call() -> None:
    assert await Bench(login=True).run(SOMEBODY) == Outcome()


@pytest.mark.parametrize("phase", list(Phase))
def test_the_first_refusal_wins(phase: Phase) -> None:
    bench = Bench(None, (phase, ChatError(ErrorCode.NOT_ALLOWED)), (Phase.CUSTOM, ChatError(ErrorCode.ROOM_FULL)))
    code = bench.refusal().code
    assert code is (ErrorCode.ROOM_FULL if phase is Phase.CUSTOM else ErrorCode.NOT_ALLOWED)
    assert "verb" not in bench.steps


@pytest.mark.parametrize(
    "bench", [Bench(ValueError("secret SQL")), Bench(None, (Phase.CONTENT, KeyError("secret")))], ids=["verb", "guard"]
)
def test_a_bug_is_an_incident(bench: Bench) -> None:
    error = bench.refusal()
    assert error.code is ErrorCode.UNKNOWN_ERROR
    assert "incident" in error.detail
    assert "secret" not in error.detail


def test_a_bug_during_the_commit_is_an_incident() -> None:
    commit: Deferred[Outcome] = Deferred()
    results: list[Any] = []
    Bench(commit).run().addCallback(results.append)
    commit.errback(ValueError("secret"))
    error = Bench.failure_of(commit)
    assert isinstance(error, ChatError)
    assert error.code is ErrorCode.UNKNOWN_ERROR


async def test_events_are_published_after_success_only() -> None:
    bench = Bench(Outcome(events=(left(),)))
    await bench.pipeline.dispatch(Context(utc_now()), Connect())
    assert len(bench.published) == 1
    broken = Bench(ChatError(ErrorCode.NOT_ALLOWED))
    with pytest.raises(ChatError):
        await broken.pipeline.dispatch(Context(utc_now()), Connect())
    assert broken.published == []


async def test_rate_guards_are_for_what_a_client_sends() -> None:
    bench = Bench()
    await bench.pipeline.dispatch(Context(utc_now()), Connect())
    assert bench.steps == ["ACCESS Connect", "CONTENT Connect", "CUSTOM Connect", "verb"]


async def test_an_unknown_event_is_refused_by_a_verb_that_guards_are_asked_about() -> None:
    steps: list[str] = []
    pipeline = Pipeline(Bus(Clock(), lambda event: None))
    guard = Guard(steps, Phase.RATE)
    guard.verbs = None
    pipeline.add_guards([guard])
    unknown = pipeline.verb_named("make_coffee")
    with pytest.raises(ChatError) as refused:
        await pipeline.start(Context(utc_now()), unknown, unknown.request)
    assert refused.value.code is ErrorCode.INVALID_VERB
    assert "coffee" not in refused.value.detail
    assert steps == ["RATE NoneType"]


async def test_nobody_is_asked_about_a_disconnect() -> None:
    bench = Bench(None, *((phase, ChatError(ErrorCode.NOT_ALLOWED)) for phase in Phase))
    bench.verb.request = Disconnect
    assert await bench.run() == Outcome()
    assert bench.steps == ["decode", "verb"]


def test_events_wait_for_the_commit() -> None:
    commit: Deferred[Outcome] = Deferred()
    bench = Bench(commit)
    dispatched = Deferred.fromCoroutine(bench.pipeline.dispatch(Context(utc_now()), Connect()))
    assert bench.published == []
    assert not dispatched.called
    commit.callback(Outcome(events=(left(),)))
    assert dispatched.called
    assert len(bench.published) == 1


def test_two_verbs_of_one_name() -> None:
    bench = Bench()
    with pytest.raises(ConfigError, match="the verb test exists already, in tests.test_pipeline"):
        bench.pipeline.add_verb(Verb([]))
    with pytest.raises(ConfigError, match="no plugin provides the verb for ListChannels"):
        bench.pipeline.verb_for(ListChannels)


async def test_a_verb_is_told_what_is_to_be_unheard_and_no_guard_is_left_out() -> None:
    bench = Bench()
    seen: list[tuple[str, bool]] = []

    @implementer(IGuard)
    class Silencer(Guard):
        async def check(self, context: Context, request: Any) -> Any:
            seen.append((self.name, context.is_unheard))
            return Verdict.UNHEARD if self.phase is Phase.ACCESS else None

    @implementer(IVerb)
    class Listener(Verb):
        event = "listen"
        request: type[Activity] = ListRooms

        async def handle(self, context: Context, request: Any) -> Any:
            seen.append(("verb", context.is_unheard))
            return Outcome()

    bench.pipeline.add_verb(verb := Listener([]))
    for phase in (Phase.CONTENT, Phase.RATE, Phase.ACCESS):
        guard = Silencer([], phase)
        guard.verbs = None
        bench.pipeline.add_guards([guard])
    request = ListChannels()
    await Deferred.fromCoroutine(bench.pipeline.start(Context(utc_now()), bench.verb, lambda: request))
    assert seen == [("RATE", False), ("ACCESS", False), ("CONTENT", True)]
    seen.clear()
    await Deferred.fromCoroutine(bench.pipeline.start(Context(utc_now()), verb, lambda: request))
    assert seen == [("RATE", False), ("ACCESS", False), ("CONTENT", True), ("verb", True)]
