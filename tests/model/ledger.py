"""What one session may conclude from what it was sent, and nothing else. Every step checks a promise."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from .cast import GROWN, TAKEN_IN
from .facts import Json, text
from .stage import Client

# What a command may be refused with when others act at the same time.
CODES = {
    "login": {200},
    "join": {200, 707, 708, 715, 802},
    "leave": {200, 802},
    "message": {200, 702, 802},
    "status": {200},
    "create": {200, 704, 709},
    "rename_room": {200, 704, 705, 802},
    "remove_room": {200, 705, 802},
    "users_in_room": {200, 802},
    "history": {200, 802},
    "list_rooms": {200},
}


# The head of a room that a session came into without a word about its messages.
UNKNOWN = -1


class Asked(NamedTuple):
    """A command and the room that it is about."""

    event: str
    room_id: str


class Spoken(NamedTuple):
    """A message as a session knows of it."""

    room_id: str
    seq: int
    author: str
    words: str


class Ledger:
    """The rooms that a session is in, each with the seq of the latest message that it knows of.

    `unsure`: rooms from which another session of the user may have taken it out meanwhile. `heard` and `answered` are
    messages, `made` and `removed` are rooms, as they came in.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self.asked: dict[int, Asked] = {}
        self.heads: dict[str, int] = {}
        self.unsure: set[str] = set()
        self.heard: list[Spoken] = []
        self.answered: list[Spoken] = []
        self.made: list[str] = []
        self.made_here: list[str] = []
        self.removed: list[str] = []
        self._latest_reply = 0

    def note(self, reply_id: int, event: str, room_id: str) -> None:
        """A command was asked."""
        self.asked[reply_id] = Asked(event, room_id)

    def read(self) -> None:
        """Take what came since the last time."""
        for event, body, reply_id in self.client.news():
            if reply_id is not None:
                self._answered(body, reply_id)
            elif event == "message":
                self._heard(spoken(body))
            elif event == "gn_room_created":
                self.made.append(body["target"]["id"])
            elif event == "gn_room_removed":
                self._removed(body["target"]["id"])
            elif event in ("gn_user_joined", "gn_user_left"):
                assert body["target"]["id"] in self.heads, f"{event} of a room that the session is not in"

    def _answered(self, body: Json, reply_id: int) -> None:
        """Replies come in the order of their commands."""
        assert reply_id > self._latest_reply
        self._latest_reply = reply_id
        event, room_id = self.asked.pop(reply_id)
        assert body["status_code"] in CODES[event], (event, body)
        if body["status_code"] != 200:
            return
        if event == "login":
            self._logged_in(body["data"]["actor"]["id"])
        elif event == "join":
            self._joined(body["data"]["target"]["id"], body["data"]["object"]["head"])
        elif event == "leave":
            self.heads.pop(room_id, None)
            self.unsure.discard(room_id)
        elif event == "message":
            self.answered.append(spoken(body["data"]))
        elif event == "create":
            self.made_here.append(body["data"]["target"]["id"])

    def _logged_in(self, user_id: str) -> None:
        """Some are taken in by a room, unless they are as if gone."""
        if user_id in TAKEN_IN:
            self.heads[GROWN] = UNKNOWN
            self.unsure.add(GROWN)

    def _joined(self, room_id: str, head: int) -> None:
        """Who is in already has heard of everything up to the head."""
        known = self.heads.get(room_id)
        assert known is None or known == head or (room_id in self.unsure and known < head)
        self.heads[room_id] = head

    def _heard(self, message: Spoken) -> None:
        """Each message once, in order, from the head of the join on."""
        self.heard.append(message)
        assert message.room_id in self.heads, "a message of a room that the session is not in"
        assert self.heads[message.room_id] in (UNKNOWN, message.seq - 1)
        self.heads[message.room_id] = message.seq

    def _removed(self, room_id: str) -> None:
        self.removed.append(room_id)
        self.heads.pop(room_id, None)
        self.unsure.discard(room_id)

    def forget(self, rooms: Collection[str]) -> None:
        """The user is out of these rooms, whatever the session knows."""
        for room_id in rooms:
            self.heads.pop(room_id, None)
        self.unsure.difference_update(rooms)

    def turn_over(self) -> None:
        """What came in until now was looked at."""
        for news in (self.heard, self.answered, self.made, self.made_here, self.removed):
            news.clear()

    def sure(self) -> Iterator[tuple[str, int]]:
        """The rooms that the session is in for certain, with its heads."""
        return ((room_id, head) for room_id, head in self.heads.items() if room_id not in self.unsure)


class Watch(Ledger):
    """The ledger of a plain user who works out from events who is in which room: `seen` by room."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.seen: dict[str, set[str]] = {}
        self._connecting: str | None = None
        self._left: str | None = None

    def read(self) -> None:
        for event, body, reply_id in self.client.log[self.client.seen :]:
            if reply_id is None:
                self._look(event, body)
            elif self.asked[reply_id].event == "join" and body["status_code"] == 200:
                self.seen[body["data"]["target"]["id"]] = names_in(body["data"]["object"]["attachments"][3])
        super().read()

    def _look(self, event: str, body: Json) -> None:
        person = body.get("actor", {}).get("id")
        assert self._connecting in (None, person), "the news of a user who connects, and no join behind it"
        self._connecting = person if event == "gn_user_connected" else None
        if event == "gn_user_joined":
            self._came(body["target"]["id"], person)
        elif event == "gn_user_left":
            self._left = person
            self.seen[body["target"]["id"]].remove(person)
        elif event == "gn_user_disconnected":
            self._gone(person)
        elif event == "gn_room_removed":
            self.seen.pop(body["target"]["id"], None)

    def _came(self, room_id: str, person: str) -> None:
        """Nobody comes who is there."""
        is_own = room_id not in self.seen or person == "eve"
        assert is_own or person not in self.seen[room_id]
        self.seen.setdefault(room_id, set()).add(person)

    def _gone(self, person: str) -> None:
        """Nobody goes who was not seen."""
        assert self._left == person or any(person in names for names in self.seen.values())
        for names in self.seen.values():
            names.discard(person)


def spoken(data: Json) -> Spoken:
    """A message of an event, or of a reply."""
    return Spoken(data["target"]["id"], data["seq"], data["actor"]["id"], text(data["object"]["content"]))


def names_in(group: Json) -> set[str]:
    """The ids of a list of users."""
    return {user["id"] for user in group["attachments"]}
