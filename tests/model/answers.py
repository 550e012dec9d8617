"""What the model answers to each command, and what the command does to the town."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from unicodedata import combining

from .cast import CHANNEL_IDS, CHANNEL_ROLES, GLOBAL_ROLES, HISTORY, LOBBY, NOBODY, ROOMS_PER_OWNER, USERS_SHOWN
from .facts import Fact, Parts
from .people import OFFLINE, UNSEEN, Person, Room, Said, Session, alike
from .town import Town

OK = 200
RETRY_WINDOW = timedelta(hours=24)
SELF_ATTRIBUTES = frozenset({"is_streaming", "avatar", "app_avatar"})


class Answer(NamedTuple):
    """A reply: its code, and what matters in its data."""

    code: int
    parts: Parts = {}


class Refused(Exception):
    """A code other than 200."""


class Answers:
    """The commands of the sessions of a town. Every method raises Refused with its code, or does what it says."""

    def __init__(self, town: Town) -> None:
        self.town = town

    # Who and where

    @staticmethod
    def person(session: Session) -> Person:
        if session.person is None:
            raise Refused(804)
        return session.person

    def room(self, person: Person, room_id: str) -> Room:
        room = self.town.rooms.get(room_id)
        if room is None or not room.exists or not person.may_enter(room):
            raise Refused(802)
        return room

    def room_named(self, person: Person, name: str) -> Room:
        """The one in the default channel, else the only one anywhere."""
        found = [room for room in self.town.existing if alike(room.name) == alike(name) and person.may_enter(room)]
        found = [room for room in found if room.channel == LOBBY] or found
        if len(found) != 1:
            raise Refused(715 if found else 802)
        return found[0]

    def room_to_change(self, person: Person, room_id: str) -> Room:
        room = self.town.rooms.get(room_id)
        if room is None or not room.exists or not person.knows_of(room):
            raise Refused(802)
        if not person.may_change(room):
            raise Refused(705)
        return room

    # Sessions

    def login(
        self, session: Session, user_id: str, name: str, attributes: dict[str, str], status: str | None
    ) -> Answer:
        if user_id == NOBODY or (session.person is not None and session.person.id != user_id):
            raise Refused(713)
        town, person = self.town, self.town.people[user_id]
        own = {kind: value for kind, value in person.attributes.items() if kind in SELF_ATTRIBUTES}
        person.name, person.attributes = name, own | attributes
        town.log_in(session, person, status)
        for room in town.existing:
            if self._joins_by_itself(person, room):
                town.enter(session, room)
        return Answer(OK, {"roles": sorted(self._roles(person))})

    def _joins_by_itself(self, person: Person, room: Room) -> bool:
        if not room.autojoin or person.status == OFFLINE or self.town.is_full_for(person, room):
            return False
        return int(person.attributes.get("age", 0)) >= 18

    def _roles(self, person: Person) -> list[Fact]:
        held: list[Fact] = []
        if person.id in GLOBAL_ROLES:
            held += [(kind, "", GLOBAL_ROLES[person.id]) for kind in ("global_roles", "global_role")]
        for channel in CHANNEL_IDS:
            if (channel, person.id) in CHANNEL_ROLES:
                held.append(("channel_role", channel, CHANNEL_ROLES[channel, person.id]))
        roles = {room.id: ",".join(person.own_roles(room)) for room in self.town.existing}
        return held + [("room_role", room_id, words) for room_id, words in roles.items() if words]

    def end(self, session: Session) -> Answer:
        self.town.end(session)
        return Answer(OK)

    def status(self, session: Session, word: str) -> Answer:
        self.town.change_status(self.person(session), word)
        return Answer(OK)

    def update(self, session: Session, kind: str, value: str, room_id: str | None) -> Answer:
        """Without a room, all that the user is in are told."""
        person = self.person(session)
        if kind not in SELF_ATTRIBUTES:
            raise Refused(705)
        rooms = person.rooms if room_id is None else {self._standing(person, room_id)}
        person.attributes[kind] = value
        listening = [session for room in rooms for session in self.town.listening(room)]
        told = person.sessions if person.status == OFFLINE else self.town.in_view(person, listening)
        self.town.tell(("gn_user_info_updated", person.id, ((kind, value),)), told)
        return Answer(OK)

    def _standing(self, person: Person, room_id: str) -> Room:
        """The room, of which the user is an occupant or owner."""
        room = self.town.rooms.get(room_id)
        if room is None or not room.exists or not (room in person.rooms or person.id in room.owners):
            raise Refused(702)
        return room

    # Rooms

    def join(self, session: Session, room_id: str) -> Answer:
        return self._enter(session, self.room(self.person(session), room_id))

    def join_named(self, session: Session, name: str) -> Answer:
        return self._enter(session, self.room_named(self.person(session), name))

    def _enter(self, session: Session, room: Room) -> Answer:
        person = self.person(session)
        if person.status == OFFLINE:
            raise Refused(708)
        if self.town.is_full_for(person, room):
            raise Refused(707)
        self.town.enter(session, room)
        shown = self._shown(person, room)
        return Answer(
            OK,
            {
                "room": (room.id, room.name),
                "owners": [(owner, self.town.people[owner].name) for owner in sorted(room.owners)],
                "users": shown[:USERS_SHOWN],
                "count": len(shown),
                "messages": self._newest(room.said),
                "head": len(room.said),
            },
        )

    def leave(self, session: Session, room_id: str) -> Answer:
        return self._leave(session, self.room(self.person(session), room_id))

    def leave_named(self, session: Session, name: str) -> Answer:
        return self._leave(session, self.room_named(self.person(session), name))

    def _leave(self, session: Session, room: Room) -> Answer:
        self.town.leave(self.person(session), room)
        return Answer(OK)

    def users_in_room(self, session: Session, room_id: str, offset: int | None, limit: int | None) -> Answer:
        person = self.person(session)
        shown = self._shown(person, self.room(person, room_id))
        start, most = offset or 0, USERS_SHOWN if limit is None else min(limit, USERS_SHOWN)
        return Answer(OK, {"users": shown[start : start + most], "count": len(shown)})

    def _shown(self, viewer: Person, room: Room) -> list[Fact]:
        return [
            (
                one.id,
                one.name,
                "invisible" if one.status == "invisible" else "user",
                one.roles_in(room),
                one.shown(),
            )
            for one in self.town.shown_to(viewer, room)
        ]

    def list_rooms(self, session: Session, channel_id: str) -> Answer:
        person = self.person(session)
        rooms = [one for one in self.town.existing if one.channel == channel_id and person.may_enter(one)]
        rooms.sort(key=lambda one: (one.is_temporary, one.sort, one.name, one.id))
        return Answer(OK, {"rooms": [self._entry(person, room) for room in rooms]})

    def _entry(self, person: Person, room: Room) -> Fact:
        count = len(self.town.shown_to(person, room))
        kind = "temporary" if room.is_temporary else "static"
        return (room.id, room.name, count, kind, person.roles_in(room))

    # The lives of rooms

    def create(self, session: Session, channel_id: str, name: str, *, autojoin: bool, room_id: str) -> Answer:
        """`room_id` is what the server called the room, if it made one."""
        person, name = self.person(session), self._readable(name)
        if autojoin and not (person.is_operator or (channel_id, person.id) in CHANNEL_ROLES):
            raise Refused(705)
        self._check_unused(name, channel_id)
        if sum(room.is_temporary and person.id in room.owners for room in self.town.existing) >= ROOMS_PER_OWNER:
            raise Refused(709)
        room = Room(room_id, channel_id, name, "temporary", autojoin=autojoin, owners={person.id})
        self.town.add(room)
        fact = ("gn_room_created", person.id, room.id, name, "temporary", channel_id)
        self.town.tell(fact, [*self.town.listing(room), *person.sessions])
        return Answer(OK, {"room": (name, "temporary", channel_id)})

    @staticmethod
    def _readable(name: str) -> str:
        """The name without blanks around it, if rooms may be called so."""
        name = name.strip()
        if len(name) > 120:
            raise Refused(710)
        if UNSEEN in name:
            raise Refused(706)
        if sum(not combining(one) for one in name) < 3:
            raise Refused(711)
        if alike(name) in ("admin", "admins"):
            raise Refused(718)
        return name

    def _check_unused(self, name: str, channel_id: str, besides: Room | None = None) -> None:
        neighbours = [one for one in self.town.existing if one.channel == channel_id and one is not besides]
        if any(alike(one.name) == alike(name) for one in neighbours):
            raise Refused(704)

    def rename_room(self, session: Session, room_id: str, name: str) -> Answer:
        person = self.person(session)
        room = self.room_to_change(person, room_id)
        name = self._readable(name)
        self._check_unused(name, room.channel, besides=room)
        if name != room.name:
            room.name = name
            self.town.tell(("gn_room_renamed", person.id, room.id, name), [*self.town.listing(room), *person.sessions])
        return Answer(OK, {"room": (room.id, room.name, "renamed")})

    def remove_room(self, session: Session, room_id: str) -> Answer:
        person = self.person(session)
        room = self.room_to_change(person, room_id)
        if room.kind == "admin":
            raise Refused(705)
        self.town.remove(room, person.id)
        return Answer(OK, {"room": (room.id, room.name, "removed")})

    # Messages

    def message(self, session: Session, room_id: str, words: str, client_id: str | None) -> Answer:
        person = self.person(session)
        room = self.room(person, room_id)
        if room not in person.rooms:
            raise Refused(702)
        earlier = self._earlier(room, person, client_id)
        if earlier is not None and earlier.words != words:
            raise Refused(706)
        said = earlier or Said(len(room.said) + 1, person.id, words, self.town.now, client_id)
        fact = ("message", person.id, person.name, room.id, room.name, room.channel, words, said.seq)
        if earlier is None:
            room.said.append(said)
            self.town.tell(fact, self.town.listening(room))
        return Answer(OK, {"message": fact})

    def _earlier(self, room: Room, person: Person, client_id: str | None) -> Said | None:
        since = self.town.now - RETRY_WINDOW
        tries = [one for one in room.said if (one.author, one.client_id) == (person.id, client_id) and one.at > since]
        return tries[-1] if tries and client_id is not None else None

    def history(self, session: Session, room_id: str, after: int | None, since: datetime | None) -> Answer:
        room = self.room(self.person(session), room_id)
        if after is not None:
            told = [self._entry_of(one) for one in room.said[after:]]
            return Answer(OK, {"messages": told, "head": len(room.said), "more": False, "recovered": True})
        told = self._newest([one for one in room.said if since is None or one.at >= since])
        return Answer(OK, {"messages": told, "head": None, "more": None, "recovered": None})

    def _newest(self, said: list[Said]) -> list[Fact]:
        return [self._entry_of(one) for one in reversed(said[-HISTORY:])]

    @staticmethod
    def _entry_of(said: Said) -> Fact:
        return (said.seq, said.author, said.words)
