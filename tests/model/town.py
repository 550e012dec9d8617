"""The state of the model, and how it changes: who hears what when somebody comes, goes, hides, or when a room ends.

Written from the protocol's table of recipients and its rules, not from the server's code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import chain, count

from .cast import CHANNELS, GRACE_S, NOBODY, USERS, Rules
from .facts import Fact
from .people import INVISIBLE, OFFLINE, ONLINE, Person, Room, Session, alike


class Town:
    """Everybody and every room. `admin_rooms` maps channels to the ids of their admin rooms."""

    def __init__(self, rules: Rules, admin_rooms: Mapping[str, str], now: datetime) -> None:
        self.rules = rules
        self.now = now
        self.people = {user_id: Person(user_id, user_id) for user_id in USERS}
        self.sessions: list[Session] = []
        self.rooms: dict[str, Room] = {}
        for channel_id, room_id in admin_rooms.items():
            self.rooms[room_id] = Room(room_id, channel_id, "Admins", "admin")
        self.declare()

    def declare(self) -> None:
        """Make the rooms of the configuration, and set right those that are there. What was said in them stays, and so
        do the names that users gave them; one that comes back takes a number behind it if another has its name now.
        """
        for channel in CHANNELS:
            for section in channel.rooms:
                room = Room.declared(channel, section)
                former = self.rooms.get(room.id)
                if former is not None:
                    room.said = former.said
                    room.name = former.name if former.exists else self._free_name(former)
                self.rooms[room.id] = room

    def _free_name(self, room: Room) -> str:
        taken = {alike(one.name) for one in self.existing if one.channel == room.channel}
        names = chain([room.name], (f"{room.name} {number}" for number in count(2)))
        return next(name for name in names if alike(name) not in taken)

    # Who

    @property
    def existing(self) -> list[Room]:
        return [room for room in self.rooms.values() if room.exists]

    def inside(self, room: Room) -> list[Person]:
        """The users in the room, seen or not."""
        return [person for person in self.people.values() if room in person.rooms]

    def shown_to(self, viewer: Person, room: Room) -> list[Person]:
        """The users in the room whom the viewer sees; operators and owners first, then by name."""
        seen = [person for person in self.inside(room) if viewer.sees(person)]
        return sorted(
            seen, key=lambda one: (not one.is_operator and one.id not in room.owners, one.name.casefold(), one.id)
        )

    def listening(self, room: Room) -> list[Session]:
        """The sessions that joined the room."""
        return [session for session in self.sessions if room in session.rooms]

    def listing(self, room: Room) -> list[Session]:
        """The sessions of those who may list the room."""
        return [session for session in self.logged_in if session.person and session.person.may_enter(room)]

    @property
    def logged_in(self) -> list[Session]:
        return [session for session in self.sessions if session.person is not None]

    def operators(self, besides: Person) -> list[Session]:
        """The sessions of operators, but for those of one user."""
        return [one for one in self.logged_in if one.person and one.person.is_operator and one.person is not besides]

    def sharing(self, person: Person, rooms: Iterable[Room]) -> list[Session]:
        """The sessions of all other users who are in one of the rooms."""
        shared = set(rooms)
        return [
            session
            for session in self.logged_in
            if session.person and session.person is not person and session.person.rooms & shared
        ]

    def in_view(self, person: Person, sessions: Iterable[Session]) -> list[Session]:
        """Those of the sessions that may know what the user does: all, operators' and own ones, or none but own."""
        if person.status == ONLINE:
            return list(sessions)
        is_hidden = person.status == INVISIBLE
        return [
            one for one in sessions if one.person and (one.person is person or (is_hidden and one.person.is_operator))
        ]

    @staticmethod
    def tell(fact: Fact, sessions: Iterable[Session]) -> None:
        """Each of the sessions hears it once."""
        for session in dict.fromkeys(sessions):
            session.heard.append(fact)

    # Coming and going

    def log_in(self, session: Session, person: Person, status: str | None) -> None:
        """The session is the user's; the status changes for a first session, or where one is given."""
        is_first = not person.sessions
        session.person = person
        if session not in person.sessions:
            person.sessions.append(session)
        if is_first:
            person.status = status or ONLINE
            if person.status == ONLINE:
                self.tell(_connected(person), self.operators(person))
        elif status is not None:
            self.change_status(person, status)

    def end(self, session: Session) -> None:
        """The connection is over. With the last one the user is out of everything."""
        self.sessions.remove(session)
        person, session.person = session.person, None
        if person is None:
            return
        person.sessions.remove(session)
        if not person.sessions:
            self._end_of(person)

    def _end_of(self, person: Person) -> None:
        rooms = set(person.rooms)
        for room in rooms:
            self.leave(person, room, on_purpose=False)
        self._tell_gone(person, rooms)
        person.status = OFFLINE
        person.announced.clear()

    def _tell_gone(self, person: Person, rooms: Iterable[Room]) -> None:
        """Who saw the user, and shared a room, does not see the user any more; operators know of everybody seen."""
        sharing = self.in_view(person, self.sharing(person, rooms))
        known = self.operators(person) if person.status == ONLINE else []
        self.tell(("gn_user_disconnected", person.id), [*sharing, *known])

    def is_full_for(self, person: Person, room: Room) -> bool:
        """Whether there is no place for the user: whoever is seen by all takes one, and operators always find one."""
        most = self.rules.max_users
        if not most or person.is_operator or room in person.rooms:
            return False
        return sum(one.status == ONLINE for one in self.inside(room)) >= most

    def enter(self, session: Session, room: Room) -> None:
        """The session gets the room's events, the user is in the room."""
        person = session.person
        assert person is not None
        came_in = room not in person.rooms
        session.rooms.add(room)
        person.rooms.add(room)
        if came_in:
            self._announce(person, room)
        if self._is_kept(room):
            room.due = None

    def _announce(self, person: Person, room: Room) -> None:
        listening = self.listening(room)
        if person.status == ONLINE and room not in person.announced:
            person.announced.add(room)
            self.tell(_connected(person), [one for one in listening if one.person is not person])
        self.tell(_joined(person, room), self.in_view(person, listening))

    def leave(self, person: Person, room: Room, *, on_purpose: bool = True) -> None:
        """The user is out of the room, with all sessions."""
        if room not in person.rooms:
            return
        self._take_out(person, room)
        kind = INVISIBLE if person.status == INVISIBLE else None
        self.tell(("gn_user_left", person.id, kind, room.id), self.in_view(person, self.listening(room)))
        if room.is_temporary and room.due is None and not self._is_kept(room):
            is_over = on_purpose and person.id in room.owners and self.rules.until == "owner"
            room.due = self.now + timedelta(seconds=0 if is_over else GRACE_S)

    @staticmethod
    def _take_out(person: Person, room: Room) -> None:
        person.rooms.remove(room)
        for session in person.sessions:
            session.rooms.discard(room)

    def change_status(self, person: Person, status: str) -> None:
        """The user is seen by all, by operators, or by nobody."""
        before = person.status
        if status == before:
            return
        if status == ONLINE:
            self._come_into_view(person)
        else:
            self._tell_gone(person, person.rooms)
            person.status = status
            person.announced.clear()
        operators = [one for one in self.sharing(person, person.rooms) if one.person and one.person.is_operator]
        if status == INVISIBLE:
            self.tell(("gn_user_invisible", person.id), operators)
        elif before == INVISIBLE and status == ONLINE:
            self.tell(("gn_user_visible", person.id), operators)

    def _come_into_view(self, person: Person) -> None:
        person.status = ONLINE
        self.tell(_connected(person), self.operators(person))
        for room in person.rooms:
            self._announce(person, room)

    # The lives of rooms

    def _is_kept(self, room: Room) -> bool:
        inside = self.inside(room)
        return bool(inside) if self.rules.until == "empty" else any(one.id in room.owners for one in inside)

    def add(self, room: Room) -> None:
        """A temporary room, in which nobody is."""
        self.rooms[room.id] = room
        room.due = self.now + timedelta(seconds=GRACE_S)

    def remove(self, room: Room, actor_id: str) -> None:
        """Everybody is out, without a word but that the room is gone."""
        known = [one for one in self.logged_in if one in self.listing(room) or one.person in self.inside(room)]
        own = [one for one in self.logged_in if one.person and one.person.id == actor_id]
        for person in self.inside(room):
            self._take_out(person, room)
        room.exists = False
        room.due = None
        self.tell(("gn_room_removed", actor_id, room.id, room.name), [*known, *own])

    def end_rooms(self) -> None:
        """Those whose time has come."""
        for room in self.existing:
            if room.due is not None and room.due <= self.now:
                self.remove(room, NOBODY)

    def restart(self) -> None:
        """The server stops and starts: nobody is there; temporary rooms that were kept get their time of grace."""
        for person in self.people.values():
            person.sessions, person.rooms, person.announced, person.status = [], set(), set(), OFFLINE
        self.sessions.clear()
        self.declare()
        for room in self.existing:
            if room.is_temporary and room.due is None:
                room.due = self.now + timedelta(seconds=GRACE_S)


def _connected(person: Person) -> Fact:
    return ("gn_user_connected", person.id, person.shown())


def _joined(person: Person, room: Room) -> Fact:
    kind = INVISIBLE if person.status == INVISIBLE else None
    return ("gn_user_joined", person.id, person.name, kind, person.roles_in(room), person.shown(), room.id, room.name)
