"""Takes the steps of a history on the stage and in the town, and compares after each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from . import bodies
from .answers import OK, Answer, Answers, Refused
from .cast import NOBODY, USERS, Rules
from .facts import Fact, Json, Parts, fact_of, parts_of
from .people import Room, Session
from .stage import Client, Stage, Template
from .town import Town

GHOST = "ghost"
MEETING_POINTS = ("general", "closed")
Expect = Callable[[], Answer]
Step = tuple[Any, ...]


class Play:
    """The sessions of the town with their clients. Steps name sessions and rooms by numbers, modulo what is there."""

    def __init__(self, stage: Stage, template: Template, rules: Rules) -> None:
        self.stage = stage
        self.town = Town(rules, template.admin_rooms, stage.wall.now)
        self.answers = Answers(self.town)
        self.clients: dict[Session, Client] = {}

    async def take(self, step: Step) -> None:
        """Take one step, and compare. Without anybody there, somebody comes."""
        if not self.town.sessions:
            await self.knock()
        self.stage.wall.advance(0.001)
        self.town.now = self.stage.wall.now
        await getattr(self, step[0])(*step[1:])

    # Whom and where

    def session(self, number: int) -> Session:
        """A session that is logged in, mostly; else one that is not."""
        strangers = [session for session in self.town.sessions if session.person is None]
        choice = [*self.town.logged_in, *strangers[-1:]]
        return choice[number % len(choice)]

    def room(self, number: int) -> Room:
        """A room that exists, mostly, and small numbers are those where most happens; else one that is gone, or never
        was.
        """
        order = {"temporary": 1, "static": 2, "admin": 3}
        rooms = sorted(self.town.existing, key=lambda room: 0 if room.id in MEETING_POINTS else order[room.kind])
        gone = [room for room in self.town.rooms.values() if not room.exists]
        choice = [*rooms, *gone[-1:], Room(GHOST, "", "Ghost", "static")]
        return choice[number % len(choice)]

    def own_room(self, session: Session, number: int) -> Room:
        """One of the rooms that the user is in, mostly; else any."""
        rooms = [room for room in self.town.existing if session.person and room in session.person.rooms]
        return rooms[number % len(rooms)] if rooms and number % 4 else self.room(number)

    # Asking and comparing

    async def ask(self, session: Session, event: str, body: Json, expect: Expect) -> None:
        """Send a command, and compare the reply and what everybody hears."""
        self.compare(event, await self.clients[session].call(event, body), expect)
        await self.compare_news(session)

    async def look(self, session: Session, event: str, body: Json, expect: Expect) -> None:
        """Send a command that nobody hears of, and compare the reply."""
        client = self.clients[session]
        self.compare(event, await client.call(event, body), expect)
        assert client.facts() == []

    @staticmethod
    def compare(event: str, reply: Json, expect: Expect) -> None:
        """The reply says what the model says."""
        try:
            answer = expect()
        except Refused as refusal:
            answer = Answer(refusal.args[0])
        assert reply["status_code"] == answer.code, (event, reply, answer)
        if answer.code == OK:
            told = parts_of(event, reply.get("data", {}))
            assert told == answer.parts, (event, *differing(told, answer.parts))

    async def compare_news(self, asking: Session | None = None) -> None:
        """Everybody heard what the model says, and nothing else; who asked got the reply before."""
        self.town.end_rooms()
        await self.stage.settle()
        for session, client in list(self.clients.items()):
            news = client.news()
            if session is asking:
                assert news.pop(0)[2] is not None, "the reply comes first"
            heard, session.heard[:], expected = [fact_of(*one[:2]) for one in news], [], session.heard[:]
            assert paired(heard) == paired(expected), (session.person and session.person.id, heard, expected)
            if session not in self.town.sessions:
                del self.clients[session]

    # Sessions

    async def knock(self) -> Session:
        """A connection that has not logged in."""
        session = Session()
        client = self.clients[session] = self.stage.connect()
        await self.stage.settle()
        assert client.news() == [("gn_connect", {"status_code": OK}, None)]
        self.town.sessions.append(session)
        return session

    async def arrive(self, user: int, *dress: Any) -> None:
        await self.log_in(await self.knock(), USERS[user], *dress)

    async def login(self, number: int, user: int, *dress: Any) -> None:
        session = self.session(number)
        await self.log_in(session, session.person.id if session.person else USERS[user], *dress)

    async def log_in(
        self, session: Session, user_id: str, name: str, attributes: dict[str, str], invisible: bool
    ) -> None:
        name = name or user_id
        body = bodies.login(user_id, name, attributes, invisible=invisible)
        status = "invisible" if invisible else None
        await self.ask(session, "login", body, partial(self.answers.login, session, user_id, name, attributes, status))

    async def intrude(self, number: int, user: int) -> None:
        """A login that fails, and the end of its connection."""
        session = self.session(number)
        user_id = NOBODY if session.person in (None, self.town.people[USERS[user]]) else USERS[user]
        body = bodies.login(user_id, user_id, {}, invisible=False)
        await self.ask(session, "login", body, partial(self.answers.login, session, user_id, user_id, {}, None))
        await self._lose(session)

    async def lose(self, number: int) -> None:
        await self._lose(self.session(number))

    async def vanish(self, number: int) -> None:
        """A user loses one session after the other."""
        person = self.session(number).person
        for session in list(person.sessions) if person else ():
            await self._lose(session)

    async def _lose(self, session: Session) -> None:
        await self.clients[session].leave()
        self.answers.end(session)
        await self.compare_news()

    async def bye(self, number: int) -> None:
        session = self.session(number)
        client = self.clients[session]
        await self.ask(session, "disconnect", {}, partial(self.answers.end, session))
        assert client.close_code == 1000

    async def status(self, number: int, word: str) -> None:
        session = self.session(number)
        await self.ask(session, "status", {"verb": word}, partial(self.answers.status, session, word))

    async def update(self, number: int, where: int | None, kind: str, value: str) -> None:
        session = self.session(number)
        room_id = None if where is None else self.room(where).id
        expect = partial(self.answers.update, session, kind, value, room_id)
        await self.ask(session, "update_user_info", bodies.update(kind, value, room_id), expect)

    # Rooms

    async def join(self, number: int, where: int) -> None:
        session, room_id = self.session(number), self.room(where).id
        await self.ask(session, "join", bodies.join(room_id), partial(self.answers.join, session, room_id))

    async def join_named(self, number: int, name: str) -> None:
        session = self.session(number)
        await self.ask(session, "join", bodies.join_named(name), partial(self.answers.join_named, session, name))

    async def leave(self, number: int, where: int) -> None:
        session = self.session(number)
        room_id = self.own_room(session, where).id
        await self.ask(session, "leave", bodies.leave(room_id), partial(self.answers.leave, session, room_id))

    async def leave_named(self, number: int, where: int) -> None:
        session = self.session(number)
        name = self.own_room(session, where).name
        await self.ask(session, "leave", bodies.leave_named(name), partial(self.answers.leave_named, session, name))

    async def create(self, number: int, channel_id: str, name: str, autojoin: bool) -> None:
        await self._create(self.session(number), channel_id, name, autojoin)

    async def found(self, number: int, channel_id: str, name: str, autojoin: bool) -> None:
        """Make a room and go there."""
        session = self.session(number)
        room_id = await self._create(session, channel_id, name, autojoin)
        if room_id:
            await self.ask(session, "join", bodies.join(room_id), partial(self.answers.join, session, room_id))

    async def _create(self, session: Session, channel_id: str, name: str, autojoin: bool) -> str:
        reply = await self.clients[session].call("create", bodies.create(channel_id, name, autojoin=autojoin))
        room_id: str = reply.get("data", {}).get("target", {}).get("id", "")
        create = partial(self.answers.create, session, channel_id, name, autojoin=autojoin, room_id=room_id)
        self.compare("create", reply, create)
        await self.compare_news(session)
        return room_id

    async def rename(self, number: int, where: int, name: str) -> None:
        session = self.session(number)
        await self._rename(session, self.own_room(session, where), name)

    async def respell(self, number: int, where: int) -> None:
        """Write the name in the other case."""
        session = self.session(number)
        room = self.own_room(session, where)
        await self._rename(session, room, room.name.swapcase())

    async def _rename(self, session: Session, room: Room, name: str) -> None:
        expect = partial(self.answers.rename_room, session, room.id, name)
        await self.ask(session, "rename_room", bodies.rename(room.id, name), expect)

    async def remove(self, number: int, where: int) -> None:
        session, room_id = self.session(number), self.room(where).id
        expect = partial(self.answers.remove_room, session, room_id)
        await self.ask(session, "remove_room", bodies.remove(room_id), expect)

    async def list_rooms(self, number: int, channel_id: str) -> None:
        session = self.session(number)
        expect = partial(self.answers.list_rooms, session, channel_id)
        await self.look(session, "list_rooms", bodies.list_rooms(channel_id), expect)

    async def users_in_room(self, number: int, where: int, offset: int | None = None, limit: int | None = None) -> None:
        session, room_id = self.session(number), self.room(where).id
        expect = partial(self.answers.users_in_room, session, room_id, offset, limit)
        await self.look(session, "users_in_room", bodies.users_in_room(room_id, offset, limit), expect)

    # Messages

    async def message(self, number: int, where: int, words: str, client_id: str | None) -> None:
        session = self.session(number)
        room_id = self.own_room(session, where).id
        expect = partial(self.answers.message, session, room_id, words, client_id)
        await self.ask(session, "message", bodies.message(room_id, words, client_id), expect)

    async def history(self, number: int, where: int, way: str, seq: int) -> None:
        """The newest messages, those after one of them, or those since one of them."""
        session = self.session(number)
        room = self.own_room(session, where)
        after = seq % (len(room.said) + 1) if way == "after" else None
        since = room.said[seq % len(room.said)].at if way == "since" and room.said else None
        expect = partial(self.answers.history, session, room.id, after, since)
        await self.look(session, "history", bodies.history(room.id, after, since), expect)

    # Time

    async def wait(self, seconds: int) -> None:
        self.stage.wall.advance(seconds)
        self.town.now = self.stage.wall.now
        await self.compare_news()

    async def restart(self, seconds: int) -> None:
        """Nobody loses a room by a stop."""
        before = list(self.clients.values())
        self.clients.clear()
        await self.stage.restart(seconds)
        for client in before:
            assert client.close_code == 1012
            assert "gn_room_removed" not in [name for name, _, _ in client.news()]
        self.town.now = self.stage.wall.now
        self.town.restart()
        self.town.end_rooms()
        for user in range(len(USERS)):
            await self.arrive(user, "", {}, False)

    async def audit(self) -> None:
        """Look at everything through everybody's eyes."""
        for number in range(len(self.town.sessions)):
            for channel_id in ("lobby", "annex", "attic"):
                await self.list_rooms(number, channel_id)
            for where in range(len(self.town.existing)):
                await self.users_in_room(number, where)


def paired(facts: list[Fact]) -> Counter[tuple[Fact, ...]]:
    """How often each fact was heard; a join that comes right after the news that its user is connected, with that."""
    counted: Counter[tuple[Fact, ...]] = Counter()
    before: Fact = ()
    for fact in facts:
        is_pair = fact[0] == "gn_user_joined" and before[:2] == ("gn_user_connected", fact[1])
        counted[(before, fact) if is_pair else (fact,)] += 1
        before = fact
    return counted


def differing(told: Parts, expected: Parts) -> list[tuple[str, Any, Any]]:
    """The parts of a reply that are not as expected: name, what was told, and what the model says."""
    names = sorted(told.keys() | expected.keys())
    return [(one, told.get(one), expected.get(one)) for one in names if told.get(one) != expected.get(one)]
