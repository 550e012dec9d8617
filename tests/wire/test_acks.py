"""Verbs without a reply of their own: who gave an id is told how it went, the others hear nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import pytest
from zope.interface import implementer

from chat.errors import ChatError, ErrorCode
from chat.ichat import IVerb
from chat.plugin import Context, Outcome, Requires
from chat.slots import Activity, At
from chat.testing import MemoryClient, MemoryServer
from chat.wire.frames import Command
from tests.conversing import CHANNELS, inside


class Nod(Activity, frozen=True):
    """A request that is not answered."""

    to: Annotated[str, At("target.id", missing=ErrorCode.MISSING_TARGET_ID)]


@implementer(IVerb)
class NodVerb:
    """Notes the nods; refuses those to nobody."""

    event = "nod"
    verbs = ("nod",)
    reply_event = "gn_ack"
    request = Nod
    requires = Requires.LOGGED_IN

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def handle(self, context: Context, request: Nod) -> Outcome:
        if request.to == "nobody":
            raise ChatError(ErrorCode.NO_SUCH_USER)
        self.seen.append(request.to)
        return Outcome()


@pytest.fixture
def verb() -> NodVerb:
    return NodVerb()


@pytest.fixture
def server(memory_server: Callable[..., MemoryServer], verb: NodVerb) -> MemoryServer:
    server = memory_server(channels=CHANNELS)
    server.server.pipeline.add_verb(verb)
    return server


def nod(client: MemoryClient, *to: str, reply_id: int | str | None = None) -> None:
    data = {"verb": "nod", "target": {"id": to[0]}} if to else {"verb": "nod"}
    client.connection.command(Command("nod", data, reply_id))


async def test_with_an_id_the_outcome_is_told(server: MemoryServer, verb: NodVerb) -> None:
    client = await inside(server)
    nod(client, "bob", reply_id="first")
    nod(client, "nobody", reply_id="second")
    nod(client, reply_id=0)
    await client.sync()
    assert client.log == [
        ("gn_ack", {"status_code": 200}, "first"),
        ("gn_ack", {"status_code": 800, "message": "no such user"}, "second"),
        ("gn_ack", {"status_code": 502, "message": "no id on target"}, 0),
    ]
    assert verb.seen == ["bob"]


async def test_without_an_id_nothing_is_told_whatever_came_of_it(server: MemoryServer, verb: NodVerb) -> None:
    client = await inside(server)
    nod(client, "bob")
    nod(client, "nobody")
    nod(client)
    await client.sync()
    assert client.log == []
    assert verb.seen == ["bob"]
