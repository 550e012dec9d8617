"""Questions to other servers: their answers, and what is none."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.error import ConnectingCancelledError
from twisted.logger import capturedLogs

from chat.errors import ChatError, ErrorCode
from chat.web.asking import ANSWER_LIMIT_BYTES, QUESTIONS_AT_ONCE, Asker
from tests.answering import Answering, Listening
from tests.conversing import eventually

AMPLE_S = 60.0


@pytest.fixture
def asker() -> Asker:
    from twisted.internet import reactor

    return Asker(reactor)


@pytest.fixture
def answering() -> Answering:
    return Answering()


@pytest.fixture
def listening(answering: Answering) -> Iterator[Listening]:
    from twisted.internet import reactor

    one = Listening(reactor, answering)
    yield one
    pytest_twisted.blockon(one.stop())


@pytest.fixture
def deaf_url() -> Iterator[str]:
    """Where connecting takes for ever: the queue of a socket that nobody accepts from is full."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


async def refusal(asker: Asker, url: str, timeout_s: float = AMPLE_S) -> ErrorCode:
    with pytest.raises(ChatError) as refused:
        await asker.ask(url, {}, timeout_s)
    return refused.value.code


async def test_an_answer(asker: Asker, answering: Answering, listening: Listening) -> None:
    question: Any = {"from": "1001", "text": "grüße"}
    assert await asker.ask(listening.url, question, AMPLE_S) == b'{"allowed": true}'
    assert answering.questions == [question]


@pytest.mark.parametrize("code", [204, 302, 404, 500])
async def test_another_status_is_none(asker: Asker, answering: Answering, listening: Listening, code: int) -> None:
    answering.code = code
    assert await refusal(asker, listening.url) is ErrorCode.REMOTE_ERROR


async def test_nobody_is_asked_but_who_is_named(asker: Asker, answering: Answering, listening: Listening) -> None:
    answering.code = 303
    answering.headers = {"Location": listening.url}
    assert await refusal(asker, listening.url) is ErrorCode.REMOTE_ERROR
    assert answering.questions == [{}]


async def test_nobody_answers(asker: Asker, listening: Listening) -> None:
    await listening.stop()
    assert await refusal(asker, listening.url) is ErrorCode.REMOTE_ERROR


async def test_connecting_takes_for_ever(asker: Asker, deaf_url: str) -> None:
    assert await refusal(asker, deaf_url, 0.05) is ErrorCode.REMOTE_ERROR


async def test_a_question_that_is_given_up_while_it_connects_has_no_answer(asker: Asker, deaf_url: str) -> None:
    asking = Deferred.fromCoroutine(asker.ask(deaf_url, {}, AMPLE_S))
    assert await refusal(asker, deaf_url, 0.05) is ErrorCode.REMOTE_ERROR
    asking.cancel()
    with pytest.raises(ConnectingCancelledError):
        await asking


@pytest.mark.parametrize("host", ["no-such-host.invalid", "-host", "ho_st", "h ost", "höst"])
async def test_no_such_host(asker: Asker, host: str) -> None:
    assert await refusal(asker, f"http://{host}/") is ErrorCode.REMOTE_ERROR


@pytest.mark.parametrize("kind", ["is_silent", "is_endless"])
async def test_an_answer_that_does_not_come_to_its_end(
    asker: Asker, answering: Answering, listening: Listening, kind: str
) -> None:
    setattr(answering, kind, True)
    assert await refusal(asker, listening.url, 0.05) is ErrorCode.REMOTE_ERROR
    await eventually(lambda: len(answering.questions) == answering.gone)


async def test_an_answer_that_is_too_long_is_not_read_to_its_end(
    asker: Asker, answering: Answering, listening: Listening
) -> None:
    answering.is_endless = True
    answering.body = b"x" * (ANSWER_LIMIT_BYTES + 1)
    with capturedLogs() as logged:
        assert await refusal(asker, listening.url) is ErrorCode.REMOTE_ERROR
    assert [event["reason"] for event in logged if "reason" in event] == ["ResponseFailed"]
    await eventually(lambda: answering.gone == 1)


async def test_an_answer_of_the_greatest_length(asker: Asker, answering: Answering, listening: Listening) -> None:
    answering.body = b"x" * ANSWER_LIMIT_BYTES
    assert await asker.ask(listening.url, {}, AMPLE_S) == answering.body


async def test_cookies_are_not_looked_at(asker: Asker, answering: Answering, listening: Listening) -> None:
    answering.headers = {"Set-Cookie": b"\xff=\xff"}
    assert await asker.ask(listening.url, {}, AMPLE_S) == answering.body


async def test_nothing_is_inflated(asker: Asker, answering: Answering, listening: Listening) -> None:
    answering.headers = {"Content-Encoding": "gzip"}
    answering.body = gzip.compress(b"x" * 100 * ANSWER_LIMIT_BYTES)
    assert len(answering.body) < ANSWER_LIMIT_BYTES
    assert await asker.ask(listening.url, {}, AMPLE_S) == answering.body


async def test_so_many_are_asked_at_once_and_725_is_for_who_waits_too_long(
    asker: Asker, answering: Answering, listening: Listening
) -> None:
    answering.is_silent = True
    asking = [Deferred.fromCoroutine(asker.ask(listening.url, {}, AMPLE_S)) for _ in range(QUESTIONS_AT_ONCE)]
    assert await refusal(asker, listening.url, 0.05) is ErrorCode.REMOTE_ERROR
    await eventually(lambda: len(answering.questions) >= QUESTIONS_AT_ONCE)
    waiting = Deferred.fromCoroutine(asker.ask(listening.url, "last", AMPLE_S))
    answering.is_silent = False
    asking.pop().cancel()
    assert await waiting == answering.body
    assert answering.questions == [{}] * QUESTIONS_AT_ONCE + ["last"]
    for one in asking:
        one.cancel()
    await DeferredList(asking, consumeErrors=True)
    await eventually(lambda: answering.gone == QUESTIONS_AT_ONCE)
