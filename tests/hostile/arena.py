"""A server in this process that is attacked, and somebody in its room who only wants to chat.

Everything is real but the sockets: the bytes of the frames, Autobahn, the session, the verbs, the store.
"""

from __future__ import annotations

import gc
import json
from collections import Counter
from typing import Any

from msgspec import Struct
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import globalLogBeginner

from chat.config import ChannelSection, Config, GlobalRoles, Limits, RoomSection
from chat.testing import MemoryServer
from chat.texts import base64_of
from chat.wire.websocket import WebSocketFront
from tests.frames import TEXT, frame
from tests.hostile.attacker import ANSWER_TIMEOUT_S, Attacker
from tests.hostile.oracle import CLOSE_CODES, Tally, check_reply_id
from tests.hostile.seeds import EXAMPLES, MESSAGE_ID, ROOM_NAME, USER_ID, declared
from tests.hostile.volleys import FRAME_BYTES, Volley
from tests.running import CHANNEL_ID, ROOM_ID

STRANGER, USER, OPERATOR = "", "mallory", "oscar"
BYSTANDER = "bystander-3b7c1c56"
# Where attackers show that they can still talk. No hostile frame has its id.
HOME_ID = "9d2c7be1-0b62-4a3e-9c7e-6f2d5b8a4c10"
OK = {"status_code": 200}
# What is gone with its connection or its command.
PASSING = {"WebSocketLink", "Connection", "Session", "Counters", "Online", "Command", "Malformed", "_Pending", "_Write"}
# Above what the bounded memories of users, messages and their JSON take; and timers that come and go by themselves.
SLACK, TIMER_SLACK = 5000, 3
HOME_CHANNEL_ID = "5f0e6f0d-6a47-4b5f-8a55-2f5f0c3b9d77"


def configuration(folder: str) -> Config:
    """Two channels with a room each, an operator, large frames, and no limit on how fast commands come."""
    rooms = {CHANNEL_ID: RoomSection(id=ROOM_ID, name=ROOM_NAME), HOME_CHANNEL_ID: RoomSection(id=HOME_ID, name="Home")}
    channels = tuple(
        ChannelSection(id=channel_id, name=f"Around {room.name}", default=channel_id == CHANNEL_ID, rooms=(room,))
        for channel_id, room in rooms.items()
    )
    return Config(
        data_dir=folder,
        channels=channels,
        roles=GlobalRoles(globalmods=(OPERATOR,)),
        limits=Limits(
            frame_bytes=FRAME_BYTES, commands_per_s=1_000_000, burst=1_000_000, connections_per_address=1_000_000
        ),
    )


class Census(Struct, frozen=True):
    """What is alive while nobody but the bystander is connected."""

    objects: Counter[str]
    timers: int

    def check_grown(self, before: Census) -> None:
        """Raise AssertionError if more is alive than before: nothing that belongs to a connection or a command, and
        not more of anything else than bounded memories take.
        """
        for name, count in self.objects.items():
            slack = 0 if name in PASSING else SLACK
            assert count <= before.objects[name] + slack, f"{before.objects[name]} {name} became {count}"
        assert self.timers <= before.timers + TIMER_SLACK


class Arena:
    """One server under attack. `open` first, `close` last; one attack at a time."""

    def __init__(self, folder: str, reactor: Any) -> None:
        self.tally = Tally()
        self.memory = MemoryServer(configuration(folder), reactor)
        self.seeds = [*EXAMPLES, *declared(self.memory.server.pipeline.verbs)]
        self._reactor = reactor
        self._front = WebSocketFront(self.memory.server.front, reactor, ())
        self._bystander: Attacker
        self._message_id = MESSAGE_ID

    async def open(self) -> None:
        """Let the bystander in, and have `USER_ID` known."""
        victim = await self._enter(USER_ID)
        await self._leave(victim)
        self._bystander = await self._enter(BYSTANDER)

    async def close(self) -> None:
        """Stop the server."""
        await self.memory.stop()

    async def strike(self, user_id: str, payloads: list[bytes]) -> None:
        """Send the payloads as text frames of one user, each on an open connection. Each must be answered, or the
        connection closed with a documented code; then the next valid command works, and nobody else is harmed.
        """
        attacker = await self._enter(user_id)
        for payload in payloads:
            if not attacker.is_open:
                attacker = await self._enter(user_id)
            await self._suffer(attacker, payload.replace(MESSAGE_ID.encode(), self._message_id.encode()))
        if not await self._works(attacker, user_id):
            attacker = await self._enter(user_id)
            assert await self._works(attacker, user_id)
        await self._leave(attacker)
        await self._check_bystander()

    async def _suffer(self, attacker: Attacker, payload: bytes) -> None:
        self.tally.frames += 1
        heard = len(attacker.parts)
        attacker.send(frame(TEXT, payload))
        await attacker.ask("connect", "{}")
        if attacker.is_open:
            answers = [parts for parts in attacker.parts[heard:] if "status_code" in parts[1]]
            check_reply_id(payload, answers[:-1])
            self.tally.statuses.update(parts[1]["status_code"] for parts in answers[:-1])
        else:
            self.tally.closes[attacker.close_code] += 1
            await self._check_closed(attacker)

    async def _check_closed(self, attacker: Attacker) -> None:
        assert attacker.close_code in CLOSE_CODES
        await attacker.chat.ended()

    async def _works(self, attacker: Attacker, user_id: str) -> bool:
        """Whether a valid command works on the connection, which may also have been closed, for a good reason."""
        reply = await (attacker.ask("connect", "{}") if user_id == STRANGER else self._say(attacker))
        if reply is None:
            await self._check_closed(attacker)
            return False
        assert reply["status_code"] == 200, reply
        return True

    async def _check_bystander(self) -> None:
        assert self._bystander.close_code is None
        assert await self._bystander.ask("connect", "{}") == OK
        self._message_id = next(
            (data["id"] for name, data, *_ in self._bystander.parts if name == "message"), self._message_id
        )
        self._bystander.said.clear()
        self._bystander.parts.clear()

    async def batter(self, user_id: str, volley: Volley) -> None:
        """Send a volley on a fresh connection of the user, and see that it is answered as it must be."""
        attacker = await self._enter(user_id)
        assert await attacker.ask("connect", "{}") == OK
        attacker.said.clear()
        for chunk in volley.chunks:
            attacker.send(chunk)
        self.tally.frames += volley.frames
        deadline = self._reactor.seconds() + ANSWER_TIMEOUT_S
        while not (volley.is_over(attacker.said) or attacker.is_lost) and self._reactor.seconds() < deadline:
            await deferLater(self._reactor, 0)
        volley.check(attacker.said)
        self.tally.closes[attacker.close_code] += 1
        await self._leave(attacker)
        await self._check_bystander()

    # The ways of those who mean well

    async def _enter(self, user_id: str) -> Attacker:
        """A fresh connection of the user, logged in and in both rooms; of nobody for STRANGER."""
        client = Attacker(self._front, self._reactor)
        greeting = client.ask("connect", "{}")
        if user_id == STRANGER:
            assert await greeting == OK
            return client
        asked = [
            client.ask("login", json.dumps({"verb": "login", "actor": {"id": user_id}})),
            client.ask("join", json.dumps({"verb": "join", "target": {"id": HOME_ID}})),
        ]
        in_room = client.ask("join", json.dumps({"verb": "join", "target": {"id": ROOM_ID}}))
        for reply in asked:
            assert (await reply)["status_code"] == 200
        await in_room
        return client

    def _say(self, client: Attacker) -> Deferred[Any]:
        body = {"target": {"id": HOME_ID, "objectType": "room"}, "object": {"content": base64_of("hello")}}
        return client.ask("message", json.dumps({"verb": "send"} | body))

    async def _leave(self, client: Attacker) -> None:
        ended = client.chat.ended()
        client.vanish()
        await ended

    # Growth

    async def census(self) -> Census:
        """Count what is alive. Everybody but the bystander has left."""
        assert len(self.memory.server.front.connections) == 1
        assert [user.id for user in self.memory.server.presence.users()] == [BYSTANDER]
        _forget_the_log()
        gc.collect()
        alive = (type(one) for one in gc.get_objects())
        return Census(
            Counter(kind.__qualname__ for kind in alive if str(kind.__module__).startswith("chat.")),
            len(self._reactor.getDelayedCalls()),
        )


def _forget_the_log() -> None:
    """Until logging begins somewhere, Twisted keeps the latest events, and with them the objects that they speak of."""
    globalLogBeginner._initialBuffer._buffer.clear()
