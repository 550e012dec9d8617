"""What tests of connections share: none outlives its test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from chat.wire.websocket import WebSocketFront


@pytest.fixture(autouse=True)
def ended(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Autobahn's timers run on the reactor that all tests share, whatever clock a connection was given: they would
    come to a connection that was left behind while another test looks at the log.
    """
    links: list[Any] = []
    build = WebSocketFront.buildProtocol

    def noted(front: WebSocketFront, address: Any) -> Any:
        links.append(build(front, address))
        return links[-1]

    monkeypatch.setattr(WebSocketFront, "buildProtocol", noted)
    yield
    for link in links:
        if link.connected:
            link.connectionLost(Failure(ConnectionDone()))
