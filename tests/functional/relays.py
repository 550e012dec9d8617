"""Between a page and the server: what a test needs to have answers refused, lost or late, and connections cut."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, WebSocketRoute


class Relay:
    """Stands between a page and the server: hears all, can answer for the server, and can cut the connection.

    `answer(frame)` is what the page gets in place of a frame of the server; None for nothing.
    """

    def __init__(self, page: Page) -> None:
        self.sockets: list[WebSocketRoute] = []
        self.asked: list[list[Any]] = []
        self.answer: Callable[[list[Any]], list[Any] | None] = lambda frame: frame
        page.route_web_socket("**/ws", self._connect)

    def _connect(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        server = socket.connect_to_server()
        socket.on_message(lambda text: self._ask(server, str(text)))
        server.on_message(lambda text: self.tell(self.answer(json.loads(text))))

    def _ask(self, server: WebSocketRoute, text: str) -> None:
        self.asked.append(json.loads(text))
        server.send(text)

    def tell(self, frame: list[Any] | None) -> None:
        """Say something to the page."""
        if frame is not None:
            self.sockets[-1].send(json.dumps(frame))

    def cut(self, code: int) -> None:
        """End the connection like the server."""
        self.sockets[-1].close(code=code)

    def requests(self, event: str) -> list[Any]:
        """What the page asked under this name."""
        return [frame[1] for frame in self.asked if frame[0] == event]
