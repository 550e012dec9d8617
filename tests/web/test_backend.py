"""What becomes of a call that never ends."""

from __future__ import annotations

from typing import Any

import pytest
from treq.testing import StubTreq
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from zope.interface import implementer

from chat.buckets import Rate
from chat.ichat import IEndpoint
from chat.model import SYSTEM_ID, User
from chat.plugin import Context, NoOptions, Scope
from chat.web import backend
from chat.web.auth import Key, Keys, digest_of
from chat.web.backend import Backend


@implementer(IEndpoint)
class Endless:
    """Waits for ever."""

    method = "GET"
    path = "endless"
    scope = Scope.READ
    body = NoOptions

    begun = False

    async def call(self, caller: Context, body: Any) -> Any:
        self.begun = True
        await Deferred[None]()


class Caller:
    """Calls a tree that has nothing but the endless call."""

    def __init__(self) -> None:
        self.clock = Clock()
        keys = Keys((Key("tests", digest_of(b"key"), frozenset(Scope)),), Rate(1, 100), self.clock.seconds)
        tree = Backend(keys, self.clock, legacy_status=False)
        tree.system = User(1, SYSTEM_ID, "system", "test", {})
        self.endless = Endless()
        tree.add([self.endless])
        self._client: Any = StubTreq(tree)

    def call(self) -> Deferred[Any]:
        answering: Deferred[Any] = self._client.get("http://chat.test/endless", headers={"Authorization": "Bearer key"})
        self._client.flush()
        return answering

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self._client.flush()


async def test_a_call_that_never_ends_is_given_up() -> None:
    caller = Caller()
    answering = caller.call()
    assert caller.endless.begun
    caller.wait(backend.CALL_TIMEOUT_S + 1)
    response = await answering
    assert response.code == 500
    assert await response.json() == {"status_code": 500, "data": "the call took too long"}


async def test_no_more_than_so_many_calls_wait_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "CALLS_AT_ONCE", 2)
    caller = Caller()
    waiting = [caller.call() for _ in range(2)]
    refused = await caller.call()
    assert refused.code == 503
    assert refused.headers.getRawHeaders("Retry-After") == ["1"]
    assert await refused.json() == {"status_code": 500, "data": "too many calls run now"}
    caller.wait(backend.CALL_TIMEOUT_S)
    assert [(await one).code for one in waiting] == [500, 500]
    caller.endless.begun = False
    again = caller.call()
    assert caller.endless.begun
    caller.wait(backend.CALL_TIMEOUT_S)
    assert (await again).code == 500
