"""Rounds of commands that are asked at the same time, and what must hold when all of them are answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionDone

from . import bodies
from .cast import EVE, GROWN, LOBBY, SUPER, TAKEN_IN
from .facts import Json
from .ledger import Ledger, Spoken, Watch
from .stage import Client, Stage

Step = tuple[Any, ...]
OPEN = ("general", GROWN, "twin-a", "twin-b")


@dataclass(eq=False)
class Guest:
    """A session in the rush. `is_new`: it came in this round. `speaks`: how many messages it tried to send."""

    number: int
    user_id: str
    client: Client
    ledger: Ledger
    is_new: bool = True
    speaks: int = 0


class Rush:
    """Everybody's sessions. The first is Eve's, who watches from all rooms; the second an operator's.

    `lost` are those that ended in this round; `rooms` are all that ever were, besides those that nobody may list;
    `at_risk` are those that somebody wanted to leave or to remove in this round.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.guests: list[Guest] = []
        self.lost: list[Guest] = []
        self.rooms = list(OPEN)
        self.removed: set[str] = set()
        self.at_risk: set[str] = set()
        self.answered: list[Spoken] = []
        self._waiting: list[tuple[Guest, Deferred[Any]]] = []
        self._ending: list[Deferred[None]] = []
        self._arrivals = 0

    def begin(self) -> None:
        """Let those come who never go."""
        self.arrive(EVE)
        self.arrive(SUPER)
        for number in range(len(OPEN)):
            self.watch(number)

    async def answers(self) -> None:
        """Return when everything that was asked is answered, and what it caused is said."""
        await self._answered()
        await self.stage.settle()
        self._read()

    async def stop(self) -> None:
        """Stop the server at once: what was asked is answered nevertheless. Then start another one."""
        await self.stage.server.stop()
        assert all(reply.called for guest, reply in self._waiting if guest not in self.lost)
        await self._answered()
        self._read()
        await self.stage.restart(0)

    async def _answered(self) -> None:
        waiting, self._waiting = self._waiting, []
        for guest, reply in waiting:
            if guest in self.lost:
                reply.addErrback(lambda failure: failure.trap(CancelledError, ConnectionDone))
                reply.cancel()
            else:
                await reply
        ending, self._ending = self._ending, []
        for ended in ending:
            await ended

    def _read(self) -> None:
        for guest in self.guests:
            guest.ledger.read()

    async def play(self, steps: list[Step]) -> None:
        """Ask one thing after the other without waiting, and sometimes let the server work for a moment."""
        for verb, *parts in steps:
            if verb == "breathe":
                await self.stage.turn()
            else:
                getattr(self, verb)(*parts)

    def arrive(self, user_id: str) -> None:
        client = self.stage.connect()
        client.seen = len(client.log)
        self._arrivals += 1
        guest = Guest(self._arrivals, user_id, client, Watch(client) if user_id == EVE else Ledger(client))
        self.guests.append(guest)
        self._ask(guest, "login", bodies.login(user_id, user_id, TAKEN_IN.get(user_id, {}), invisible=False))

    def lose(self, number: int) -> None:
        guest = self._guest(number)
        if guest not in self.guests[:2]:
            self.guests.remove(guest)
            self.lost.append(guest)
            self._ending.append(guest.client.connection.ended())
            guest.client.connection.closed()

    def watch(self, where: int) -> None:
        room_id = self._room(where)
        self._ask(self.guests[0], "join", bodies.join(room_id), room_id)

    def join(self, number: int, where: int) -> None:
        room_id = self._room(where)
        self._ask(self._guest(number), "join", bodies.join(room_id), room_id)

    def join_named(self, number: int, name: str) -> None:
        self._ask(self._guest(number), "join", bodies.join_named(name))

    def leave(self, number: int, where: int) -> None:
        guest, room_id = self._guest(number), self._room(where)
        if guest.user_id == EVE:
            return
        self.at_risk.add(room_id)
        for other in self.guests:
            if other is not guest and other.user_id == guest.user_id:
                other.ledger.unsure.add(room_id)
        self._ask(guest, "leave", bodies.leave(room_id), room_id)

    def message(self, number: int, where: int) -> None:
        guest = self._guest(number)
        room_id = self._own_room(guest, where)
        guest.speaks += 1
        words = f"{guest.number} {guest.speaks}"
        self._ask(guest, "message", bodies.message(room_id, words, None), room_id)

    def status(self, number: int, word: str) -> None:
        guest = self._guest(number)
        if guest.user_id != EVE:
            self._ask(guest, "status", {"verb": word})

    def create(self, number: int, name: str) -> None:
        self._ask(self._guest(number), "create", bodies.create(LOBBY, name, autojoin=False))

    def rename(self, number: int, where: int, name: str) -> None:
        room_id = self._room(where)
        self._ask(self._guest(number), "rename_room", bodies.rename(room_id, name), room_id)

    def remove(self, number: int, where: int) -> None:
        room_id = self._room(where)
        if room_id not in OPEN:
            self.at_risk.add(room_id)
            self._ask(self._guest(number), "remove_room", bodies.remove(room_id), room_id)

    def users_in_room(self, number: int, where: int) -> None:
        room_id = self._room(where)
        self._ask(self._guest(number), "users_in_room", bodies.users_in_room(room_id), room_id)

    def history(self, number: int, where: int) -> None:
        room_id = self._room(where)
        self._ask(self._guest(number), "history", bodies.history(room_id), room_id)

    def _guest(self, number: int) -> Guest:
        return self.guests[number % len(self.guests)]

    def _room(self, number: int) -> str:
        return self.rooms[number % len(self.rooms)]

    def _own_room(self, guest: Guest, number: int) -> str:
        """A room that the guest is in, or wants to come into; sometimes any."""
        wanted = {asked.room_id for asked in guest.ledger.asked.values() if asked.event == "join" and asked.room_id}
        rooms = sorted(guest.ledger.heads.keys() | wanted)
        return rooms[number % len(rooms)] if rooms and number % 4 else self._room(number)

    def _ask(self, guest: Guest, event: str, body: Json, room_id: str = "") -> None:
        waiting = guest.client.ask(event, body)
        guest.ledger.note(guest.client.latest_id, event, room_id)
        self._waiting.append((guest, waiting))
