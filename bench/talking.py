"""A client of `/ws` for many connections in one process, which checks all that it hears of rooms.

What is wrong is not raised but noted, in one place for all clients: a `Ledger`.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections import Counter
from typing import Any, Self

REPLY_TIMEOUT_S = 60.0
OK = 200
PROBLEMS_SHOWN = 20
_MASK = bytes(4)
_UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10


def base64_of(text: str) -> str:
    """Text as it is on the wire."""
    return base64.b64encode(text.encode()).decode()


class Ledger:
    """What the server acknowledged, who is in which room by that, and everything that does not fit together."""

    def __init__(self) -> None:
        self.heads: Counter[str] = Counter()
        self.inside: dict[str, set[str]] = {}
        self.heard: Counter[str] = Counter()
        self.problems: list[str] = []
        self.problem_count = 0
        self._ids: dict[tuple[str, int], str] = {}

    def acknowledged(self, room_id: str, seq: int, message_id: str) -> None:
        """A message was answered with 200: everybody in the room has it, or is about to get it."""
        self.heads[room_id] = max(self.heads[room_id], seq)
        self.identify(room_id, seq, message_id)

    def identify(self, room_id: str, seq: int, message_id: str) -> None:
        """A number stands for one message, whoever sees it."""
        if self._ids.setdefault((room_id, seq), message_id) != message_id:
            self.note(f"two messages have number {seq} in {room_id}")

    def note(self, problem: str) -> None:
        """Something is wrong."""
        self.problem_count += 1
        if len(self.problems) < PROBLEMS_SHOWN:
            self.problems.append(problem)


class Membership:
    """What one session sees of one room, from its join reply on: each message once and in order, who is there."""

    def __init__(self, ledger: Ledger, who: str, room_id: str, joined: dict[str, Any]) -> None:
        groups = {group["objectType"]: group["attachments"] for group in joined["attachments"]}
        self.last: int = joined["head"]
        self.seen = {user["id"] for user in groups["user"]}
        self._ledger = ledger
        self._who = who
        self._room_id = room_id

    def on_message(self, body: dict[str, Any]) -> None:
        """The next message."""
        if body["seq"] != self.last + 1:
            self._ledger.note(f"{self._who} got {body['seq']} after {self.last} in {self._room_id}")
        self.last = body["seq"]
        self._ledger.identify(self._room_id, body["seq"], body["id"])

    def on_joined(self, user_id: str) -> None:
        """A user came."""
        self.seen.add(user_id)

    def on_left(self, user_id: str) -> None:
        """A user went, who was there."""
        if user_id not in self.seen:
            self._ledger.note(f"{self._who} heard {user_id} leave {self._room_id}, who was not there")
        self.seen.discard(user_id)

    def check(self, head: int) -> None:
        """Messages up to this number were acknowledged while the session was in the room."""
        if self.last < head:
            self._ledger.note(f"{self._who} saw {self._room_id} up to {self.last} of {head}")


class Client(asyncio.Protocol):
    """One connection of a user. `rooms` are those that this session joined."""

    def __init__(self, ledger: Ledger, user_id: str) -> None:
        self.user_id = user_id
        self.rooms: dict[str, Membership] = {}
        self.is_done = False
        self._ledger = ledger
        self._bytes = b""
        self._is_open = False
        self._ids = 0
        self._replies: dict[Any, asyncio.Future[Any]] = {}
        self._greeted: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    async def connect(cls, ledger: Ledger, port: int, user_id: str) -> Self:
        """A client that is logged in."""
        loop = asyncio.get_running_loop()
        _, client = await loop.create_connection(lambda: cls(ledger, user_id), "127.0.0.1", port)
        await client.log_in()
        return client

    async def log_in(self) -> None:
        """Wait for the greeting, then say who this is."""
        await asyncio.wait_for(self._greeted, REPLY_TIMEOUT_S)
        actor = {"id": self.user_id, "displayName": base64_of(self.user_id)}
        await self.call("login", {"verb": "login", "actor": actor})

    async def call(self, event: str, data: dict[str, Any]) -> dict[str, Any]:
        """Ask, and wait for the answer, which is to be a success; its `data`."""
        self._ids += 1
        reply = self._replies[self._ids] = asyncio.get_running_loop().create_future()
        self._send(_TEXT, json.dumps([event, data, self._ids]).encode())
        body = await asyncio.wait_for(reply, REPLY_TIMEOUT_S)
        if body["status_code"] != OK:
            self._ledger.note(f"{event} of {self.user_id} was refused: {body}")
        answer: dict[str, Any] = body.get("data", {})
        return answer

    async def join(self, room_id: str) -> None:
        """Come into a room."""
        await self.call("join", {"verb": "join", "target": {"id": room_id}})

    async def say(self, room_id: str, text: str) -> None:
        """Send a message to a room that the user is in."""
        target = {"id": room_id, "objectType": "room"}
        said = await self.call("message", {"verb": "send", "target": target, "object": {"content": base64_of(text)}})
        if said:
            self._ledger.acknowledged(room_id, said["seq"], said["id"])

    async def leave(self, room_id: str) -> None:
        """Go out of a room. Until then the session has seen what was acknowledged before."""
        head = self._ledger.heads[room_id]
        await self.call("leave", {"verb": "leave", "target": {"id": room_id}})
        self.rooms.pop(room_id).check(head)

    async def put_out(self, room_id: str, head: int) -> None:
        """Another session of the user has left the room; `head` was acknowledged before."""
        await self.call("connect", {})
        self.rooms.pop(room_id).check(head)

    async def end(self, *, politely: bool) -> None:
        """End the connection, with a close frame or without a word."""
        self.is_done = True
        if politely:
            self._send(_CLOSE, (1000).to_bytes(2, "big"))
        else:
            self._transport.abort()
        await asyncio.wait_for(self._gone, REPLY_TIMEOUT_S)

    # What the connection says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(_UPGRADE)

    def connection_lost(self, error: Exception | None) -> None:
        """Only a client that is done may be gone."""
        if not self.is_done:
            self._ledger.note(f"the connection of {self.user_id} was lost: {error}")
        self._gone.set_result(None)
        for reply in self._replies.values():
            reply.cancel()

    def data_received(self, data: bytes) -> None:
        """Take what is complete."""
        self._bytes += data
        if not self._is_open and b"\r\n\r\n" in self._bytes:
            head, _, self._bytes = self._bytes.partition(b"\r\n\r\n")
            self._is_open = head.startswith(b"HTTP/1.1 101 ")
            if not self._is_open:
                self._ledger.note(f"the upgrade of {self.user_id} was refused: {head!r}")
        while self._is_open and (size := _frame_size(self._bytes)):
            header, end = size
            opcode, payload = self._bytes[0] & 15, self._bytes[header:end]
            self._bytes = self._bytes[end:]
            self._take(opcode, payload)

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == _PING:
            self._send(_PONG, payload)
        elif opcode == _CLOSE:
            self._transport.close()
        elif opcode == _TEXT:
            event, body, *reply_id = json.loads(payload)
            if reply_id:
                self._on_reply(event, body, reply_id[0])
            else:
                self._on_event(event, body)

    def _on_reply(self, event: str, body: dict[str, Any], reply_id: int) -> None:
        # The room is followed from here on, not from when the waiting task runs: events may come with the reply.
        if event == "gn_join" and body["status_code"] == OK:
            room_id = body["data"]["target"]["id"]
            self.rooms[room_id] = Membership(self._ledger, self.user_id, room_id, body["data"]["object"])
        reply = self._replies.pop(reply_id)
        if not reply.done():
            reply.set_result(body)

    def _on_event(self, event: str, body: dict[str, Any]) -> None:
        self._ledger.heard[event] += 1
        room = self.rooms.get(body.get("target", {}).get("id", ""))
        if event == "gn_connect":
            self._greeted.set_result(body)
        elif room is None:
            return
        elif event == "message":
            room.on_message(body)
        elif event == "gn_user_joined":
            room.on_joined(body["actor"]["id"])
        elif event == "gn_user_left":
            room.on_left(body["actor"]["id"])

    def _send(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
        # A mask of zeros changes nothing.
        self._transport.write(bytes((0x80 | opcode,)) + length + _MASK + payload)


def _frame_size(data: bytes) -> tuple[int, int] | None:
    """The size of the header and of the whole of the first frame, if it is complete."""
    if len(data) < 2:
        return None
    header = {126: 4, 127: 10}.get(data[1], 2)
    size = data[1] if header == 2 else int.from_bytes(data[2:header], "big")
    return (header, header + size) if len(data) >= max(header, header + size) else None
