"""What becomes of a call that never ends."""

from __future__ import annotations

from typing import Any

from treq.testing import StubTreq
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from zope.interface import implementer

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


async def test_a_call_that_never_ends_is_given_up() -> None:
    clock = Clock()
    tree = Backend(Keys((Key("tests", digest_of(b"key"), frozenset(Scope)),)), clock, legacy_status=False)
    tree.system = User(1, SYSTEM_ID, "system", "test", {})
    endless = Endless()
    tree.add([endless])
    client: Any = StubTreq(tree)
    answering = client.get("http://chat.test/endless", headers={"Authorization": "Bearer key"})
    client.flush()
    assert endless.begun
    clock.advance(backend.CALL_TIMEOUT_S + 1)
    client.flush()
    response = await answering
    assert response.code == 500
    assert await response.json() == {"status_code": 500, "data": "the call took too long"}
