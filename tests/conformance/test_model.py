"""Random sequences of calls against a store and against a small model of it: no difference.

Rooms and users of an example are its own, so that one store serves all examples.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from msgspec import Struct, field
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure

from chat.errors import ChatError, ErrorCode
from chat.messages import Appended
from chat.model import Message, Mute, Room, RoomId, User, UserId, new_id
from chat.plugin import Identity
from chat.times import utc_now
from chat.world import Timer

from .opened import Opened, audit, in_reactor

EXAMPLES, STEPS = 25, 25
OWNER_LIMIT = 2
USERS, ROOMS, NAMES, WORDS = st.integers(0, 2), st.integers(0, 3), st.sampled_from("abAB"), st.sampled_from(["x", "y"])
ATTRIBUTES = st.dictionaries(st.sampled_from("abc"), WORDS, max_size=3)
POSTS = st.lists(st.tuples(ROOMS, USERS, WORDS, st.none() | st.sampled_from("123")), min_size=1, max_size=12)


class Place(Struct):
    """What is known of a room. `tries` are the first messages by author and client's id."""

    room: Room
    name: str
    owner: int
    removed: bool = False
    messages: list[Message] = field(default_factory=list)
    tries: dict[tuple[int, str], Message] = field(default_factory=dict)
    joins: int = 0


def refusal(outcome: Any) -> ErrorCode:
    """The code with which a call was refused."""
    assert isinstance(outcome, Failure)
    assert isinstance(outcome.value, ChatError)
    return outcome.value.code


class Machine(RuleBasedStateMachine):
    """The calls, each checked against what the model expects of it."""

    def __init__(self, opened: Opened) -> None:
        super().__init__()
        self.opened = opened

    @initialize()
    def begin(self) -> None:
        """Fresh names for all that this example makes."""
        self.prefix = new_id()[-12:]
        self.users: dict[int, User] = {}
        self.places: list[Place] = []
        self.mutes: dict[tuple[int, RoomId], Mute] = {}
        self.timers: dict[str, Timer] = {}
        self.online: dict[UserId, datetime] = {}
        for number in range(3):
            self.login(number, "x", {}, frozenset())

    def ask(self, call: Callable[[], Deferred[Any]]) -> Any:
        """What the store answers; a refusal as its code."""

        async def asked() -> Any:
            try:
                return await call()
            except ChatError as refusal:
                return refusal.code

        return in_reactor(asked)

    def user_id(self, number: int) -> UserId:
        return UserId(f"{self.prefix}-{number}")

    # Users

    @rule(number=USERS, name=WORDS, attributes=ATTRIBUTES, kept=st.frozensets(st.sampled_from("abc")))
    def login(self, number: int, name: str, attributes: dict[str, str], kept: frozenset[str]) -> None:
        user_id, known = self.user_id(number), self.users.get(number)
        own = {} if known is None else {key: value for key, value in known.attributes.items() if key in kept}
        identity = Identity(name, attributes)
        user = self.ask(lambda: self.opened.store.record_login(user_id, identity, utc_now(), kept)).user
        key = user.key if known is None else known.key
        assert user == User(key, user_id, name, "login", own | attributes)
        self.users[number] = user

    @rule(number=USERS, changed=ATTRIBUTES)
    def change(self, number: int, changed: dict[str, str]) -> None:
        known = self.users[number]
        user = self.ask(lambda: self.opened.store.update_attributes(known.id, changed))
        assert user == User(known.key, known.id, known.name, known.origin, dict(known.attributes) | changed)
        self.users[number] = user

    # Rooms

    @rule(name=NAMES, owner=USERS)
    def create(self, name: str, owner: int) -> None:
        full = f"{self.prefix} {name}"
        new = self.opened.new_room(full, owner=self.users[owner], owner_limit=OWNER_LIMIT)
        room = self.ask(lambda: self.opened.store.create_room(new))
        owned = sum(place.owner == owner and not place.removed for place in self.places)
        if self.is_taken(full):
            assert room is ErrorCode.ROOM_ALREADY_EXISTS
        elif owned >= OWNER_LIMIT:
            assert room is ErrorCode.TOO_MANY_PRIVATE_ROOMS
        else:
            assert (room.id, room.name) == (new.id, full)
            self.places.append(Place(room, full, owner))

    def is_taken(self, name: str, besides: Place | None = None) -> bool:
        others = (place for place in self.places if place is not besides and not place.removed)
        return any(place.name.casefold() == name.casefold() for place in others)

    @precondition(lambda self: self.places)
    @rule(number=ROOMS, name=NAMES)
    def rename(self, number: int, name: str) -> None:
        place, full = self.place(number), f"{self.prefix} {name}"
        answer = self.ask(lambda: self.opened.store.rename_room(place.room, full, audit("rename_room")))
        if place.removed:
            assert answer is ErrorCode.NO_SUCH_ROOM
        elif self.is_taken(full, place):
            assert answer is ErrorCode.ROOM_ALREADY_EXISTS
        else:
            assert answer is None
            place.name = full

    @precondition(lambda self: self.places)
    @rule(number=ROOMS)
    def remove(self, number: int) -> None:
        place = self.place(number)
        was_there = self.ask(lambda: self.opened.store.remove_room(place.room, audit("remove_room")))
        assert was_there is not place.removed
        if was_there:
            place.removed = True
            self.mutes = {key: mute for key, mute in self.mutes.items() if mute.room_id != place.room.id}
            self.timers.pop(place.room.id, None)

    def place(self, number: int) -> Place:
        return self.places[number % len(self.places)]

    # Messages

    @precondition(lambda self: self.places)
    @rule(posts=POSTS)
    def post(self, posts: list[tuple[int, int, str, str | None]]) -> None:
        """Several at once, which share a commit or not."""
        drafts = [
            self.opened.draft(body, self.place(room).room, author=self.users[author], client_id=client_id)
            for room, author, body, client_id in posts
        ]

        async def all_of_them() -> Any:
            return await DeferredList([self.opened.store.append_message(draft) for draft in drafts], consumeErrors=True)

        for (room, author, body, client_id), (_, outcome) in zip(posts, in_reactor(all_of_them), strict=True):
            self.posted(self.place(room), author, body, client_id, outcome)

    def posted(self, place: Place, author: int, body: str, client_id: str | None, outcome: Appended | Failure) -> None:
        first = None if client_id is None else place.tries.get((author, client_id))
        if first is not None and first.body != body:
            assert refusal(outcome) is ErrorCode.VALIDATION_ERROR
        elif first is not None:
            assert isinstance(outcome, Appended)
            assert outcome.repeated
            assert (outcome.message.id, outcome.message.seq) == (first.id, first.seq)
        elif place.removed:
            assert refusal(outcome) is ErrorCode.NO_SUCH_ROOM
        else:
            assert isinstance(outcome, Appended)
            assert (outcome.message.seq, outcome.message.body) == (len(place.messages) + 1, body)
            place.messages.append(outcome.message)
            if client_id is not None:
                place.tries[author, client_id] = outcome.message

    @precondition(lambda self: self.places)
    @rule(number=ROOMS, limit=st.integers(1, 5), after=st.integers(0, 12))
    def read(self, number: int, limit: int, after: int) -> None:
        place = self.place(number)
        store, room = self.opened.store, place.room
        ids = [message.id for message in place.messages]
        recent = self.ask(lambda: store.recent_messages(room, limit))
        assert [message.id for message in recent.messages] == ids[-limit:]
        later = self.ask(lambda: store.messages_after(room, after, limit))
        assert [message.id for message in later.messages] == ids[after : after + limit]
        assert recent.head == later.head == len(ids)
        for message in (*recent.messages, *later.messages):
            assert message.author in self.users.values()

    # The rest

    @precondition(lambda self: self.places)
    @rule(number=ROOMS, user=USERS, reason=WORDS)
    def mute(self, number: int, user: int, reason: str) -> None:
        place = self.place(number)
        if not place.removed:
            until = utc_now() + timedelta(hours=1)
            one = Mute(self.user_id(user), place.room.id, self.user_id(0), "1h", reason, until)
            self.ask(lambda: self.opened.store.put_sanctions([one], []))
            self.mutes[user, place.room.id] = one

    @precondition(lambda self: self.places)
    @rule(number=ROOMS, user=USERS)
    def unmute(self, number: int, user: int) -> None:
        room_id = self.place(number).room.id
        one = Mute(self.user_id(user), room_id, self.user_id(0), "1h", "", utc_now())
        self.ask(lambda: self.opened.store.end_sanction(one, audit("unmute")))
        self.mutes.pop((user, room_id), None)

    @precondition(lambda self: self.places)
    @rule(number=ROOMS, minutes=st.integers(1, 3), keep=st.booleans())
    def set_or_cancel(self, number: int, minutes: int, keep: bool) -> None:
        subject = self.place(number).room.id
        one = Timer("model", subject, utc_now() + timedelta(minutes=minutes))
        if keep:
            self.ask(lambda: self.opened.store.set_timer(one))
            self.timers[subject] = one
        else:
            self.ask(lambda: self.opened.store.cancel_timer("model", subject))
            self.timers.pop(subject, None)

    @precondition(lambda self: self.places)
    @rule(number=ROOMS, user=USERS, count=st.integers(1, 3))
    def tally(self, number: int, user: int, count: int) -> None:
        place, user_id = self.place(number), self.user_id(user)
        self.online[user_id] = utc_now()
        place.joins += count
        self.ask(lambda: self.opened.store.add_tallies({place.room.id: count}, {user_id: self.online[user_id]}))
        assert self.ask(lambda: self.opened.store.count_joins([place.room.id])) == {place.room.id: place.joins}
        assert self.ask(lambda: self.opened.store.last_online([user_id])) == {user_id: self.online[user_id]}

    @rule()
    def reopen(self) -> None:
        world = in_reactor(self.opened.reopen)
        rooms = {room.id: room.name for room in world.rooms if room.name.startswith(self.prefix)}
        assert rooms == {place.room.id: place.name for place in self.places if not place.removed}
        mutes = {mute for mute in world.sanctions if mute.user_id.startswith(self.prefix)}
        assert mutes == set(self.mutes.values())
        ids = {place.room.id for place in self.places}
        assert {timer.subject: timer for timer in world.timers if timer.subject in ids} == self.timers


async def test_random_calls_do_what_the_model_does(opened: Opened) -> None:
    limits = settings(max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None)
    machine: Any = partial(Machine, opened)
    await deferToThread(run_state_machine_as_test, machine, settings=limits)
