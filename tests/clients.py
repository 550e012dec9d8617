"""A blocking chat client over the third-party library `websockets`, for tests that start whole servers."""

from __future__ import annotations

import json
from collections import deque
from typing import Any, Self

from websockets.sync.client import ClientConnection, connect

from chat.texts import base64_of

WAIT_S = 30


class Client:
    """One connection. `events` are what the server said unasked; a context manager that closes it."""

    def __init__(self, url: str, **options: Any) -> None:
        self.socket: ClientConnection = connect(url, **options).__enter__()
        self.events: deque[tuple[str, Any]] = deque()
        self._ids = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.socket.close()

    @property
    def calls(self) -> int:
        """How many commands were sent."""
        return self._ids

    def send(self, event: str, body: Any) -> int:
        """Send a command and do not wait; its id."""
        self._ids += 1
        self.socket.send(json.dumps([event, body, self._ids]))
        return self._ids

    def receive(self) -> list[Any]:
        """The next frame."""
        frame: list[Any] = json.loads(self.socket.recv(timeout=WAIT_S))
        return frame

    def reply(self, reply_id: int) -> Any:
        """The body of the reply to a command; what comes before it is kept in `events`."""
        while True:
            event, body, *rest = self.receive()
            if rest == [reply_id]:
                return body
            self.events.append((event, body))

    def call(self, event: str, body: Any) -> Any:
        """Send a command and return the reply's body."""
        return self.reply(self.send(event, body))

    def login(self, user_id: str, name: str = "", token: str = "") -> Any:
        """Log in."""
        attachments = [{"objectType": "token", "content": token}] if token else []
        actor = {"id": user_id, "displayName": base64_of(name or user_id), "attachments": attachments}
        return self.call("login", {"verb": "login", "actor": actor})

    def enter(self, user_id: str, room_id: str, token: str = "") -> Any:
        """Log in and join; the join reply. What was heard on the way is forgotten."""
        assert self.login(user_id, token=token)["status_code"] == 200
        joined = self.call("join", {"verb": "join", "target": {"id": room_id}})
        self.sync()
        self.events.clear()
        return joined

    def say(self, text: str, room_id: str, client_id: str | None = None) -> Any:
        """Send a message; the reply."""
        return self.call("message", message(text, room_id, client_id))

    def wait_for(self, event: str) -> Any:
        """The data of the next event of that name."""
        while True:
            while self.events:
                name, body = self.events.popleft()
                if name == event:
                    return body
            name, body, *_ = self.receive()
            self.events.append((name, body))

    def heard(self, event: str) -> list[Any]:
        """The data of the events of that name that came so far."""
        return [body for name, body in self.events if name == event]

    def sync(self) -> None:
        """Return when what was caused before has arrived."""
        for _ in range(2):
            self.call("connect", {})


def message(text: str, room_id: str, client_id: str | None = None) -> dict[str, Any]:
    """The body of a `message` command."""
    members = {} if client_id is None else {"id": client_id}
    return {
        "verb": "send",
        "target": {"id": room_id, "objectType": "room"},
        "object": {"content": base64_of(text)} | members,
    }
