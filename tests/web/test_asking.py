"""Questions to other servers: their answers, and what is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import pytest_twisted
from twisted.logger import capturedLogs

from chat.errors import ChatError, ErrorCode
from chat.web.asking import ANSWER_LIMIT_BYTES, Asker
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


async def test_no_such_host(asker: Asker) -> None:
    assert await refusal(asker, "http://no-such-host.invalid/") is ErrorCode.REMOTE_ERROR


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
