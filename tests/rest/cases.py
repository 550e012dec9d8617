"""What is sent of the published examples of the calls, what is to come of it, and where that is not as published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chat.texts import base64_of
from tests.rest.published import EXAMPLES, filled
from tests.running import ROOM_ID

OWNED_ID = "00000000-0000-0000-0000-00000000000b"
# Headings of the examples that are not calls themselves.
MUTED_IN_ROOM, MUTED_ANYWHERE = "Get muted users in one room", "Get all rooms a list of users are muted in"
CALLS = {MUTED_IN_ROOM: "GET muted", MUTED_ANYWHERE: "GET muted"}
# Answers that are published without the envelope that they have.
BARE = {("POST ban", 2), ("POST ban", 3), ("POST kick", 1), ("GET rooms-for-users", 1)}
NOWHERE = "01eafcf0-4ab2-48bb-8ff5-833b056d2727"
NO_NAME = base64_of("no such room")
TODAY = {"from_time": None, "to_time": None}

BANNED_FROM_ROOM = ("POST ban", {"1234": {"type": "room", "target": ROOM_ID, "duration": "1h"}})
BANNED = (
    BANNED_FROM_ROOM,
    ("POST ban", {"185626": {"type": "global", "duration": "1h", "name": base64_of("luel")}}),
)
MUTED = (
    "POST mute",
    {
        user_id: {"room_id": ROOM_ID, "duration": "1h", "reason": base64_of("why"), "muter_user_id": "1971"}
        for user_id in ("4942530", "4942529")
    },
)
SAID = tuple(
    ("POST send", {"user_id": user, "object_type": "room", "target_id": ROOM_ID, "content": "aGk=", "persist": True})
    for user in ("124352", "1971", "1234")
)
RULED = ("POST acl", {"room_id": OWNED_ID, "action": "join", "acl_type": "gender", "acl_value": "m,f"})


@dataclass(frozen=True)
class Difference:
    """What is not as published, and why it is not."""

    reason: str
    found: frozenset[str]


def _difference(reason: str, *found: str) -> Difference:
    return Difference(reason, frozenset(found))


BAN_MORE = ("reason", "admin_id")
_BASE64 = "names of rooms and channels are base64 in every other example, and here too"
ROOMS = _difference(_BASE64, "answer.data[].channel is base64, not text", "answer.data[].name is base64, not text")
CHANNEL_ID = _difference("channels may be named alike, so the id is told too", "answer.data[].channel_id is too much")
JOINABLE = _difference(
    _BASE64, "answer.data[].channel_name is base64, not text", "answer.data[].room_name is base64, not text"
)
CREATED = _difference(_BASE64, "answer.data.room_name is base64, not text")
NOTHING_SO_OLD = _difference("no message here is as old as the published times", "answer.data is empty")
TO_ALL = _difference("the published event is that of a room; to all there is no target", "event.target is missing")
KICKED = _difference("the original answers the word, whatever was published", "answer.data.* is text, not dict")
BANS = _difference(
    "the reason of a ban is told here as it is for one room, and who banned",
    *(f"answer.data.{users}.{name} is too much" for users in ("global.*", "rooms.*.users.*") for name in BAN_MORE),
)
WHO_BANNED = _difference("who mutes is told, so who bans is too", "answer.data.*.admin_id is too much")
MESSAGE = _difference(
    "a message names its channel, like those of the verb `message`",
    *(f"event.object.{name} is too much" for name in ("url", "displayName", "objectType")),
)
NOT_STORED = _difference("there is an id if persist=true, as is published", "event.object.id is missing")
STORED = _difference("what is stored has a number, like those of the verb `message`", "event.seq is too much")


@dataclass(frozen=True)
class Case:
    """A published request, and the published answer and event that belong to it, by their places under a heading; the
    `exact` values that stand in the request, what is called `before`, the HTTP status that comes of it, and how it
    `differs` from what is published. `is_offline`: nobody is there.
    """

    name: str
    request: int | None
    answer: int | None = None
    status: int = 200
    exact: Mapping[str, Any] = field(default_factory=dict)
    before: tuple[tuple[str, Any], ...] = ()
    event: tuple[str, int] | None = None
    differs: tuple[Difference, ...] = ()
    is_offline: bool = False

    @property
    def call(self) -> str:
        """Method and path."""
        return CALLS.get(self.name, self.name)

    @property
    def used(self) -> set[int]:
        """The places of the examples."""
        event = None if self.event is None else self.event[1]
        return {place for place in (self.request, self.answer, event) if place is not None}

    @property
    def body(self) -> Any:
        """What is sent."""
        if self.request is None:
            return dict(self.exact) or None
        return filled(EXAMPLES[self.name][self.request], self.exact)


CASES = (
    Case("GET acl", None, 0, before=(RULED,)),
    Case("GET rooms", None, 0, differs=(ROOMS, CHANNEL_ID)),
    Case("GET rooms-acl", 0, 1, differs=(JOINABLE,)),
    Case("POST acl", 0, 1),
    Case("GET history", 0, 3, before=SAID, differs=(NOTHING_SO_OLD,)),
    Case("GET history", 1, 3, before=SAID, differs=(NOTHING_SO_OLD,)),
    Case("GET history", 2, 3, before=SAID, differs=(NOTHING_SO_OLD,)),
    Case("GET history", 0, 3, exact=TODAY, before=SAID),
    Case("GET history", 1, 3, exact=TODAY, before=SAID),
    Case("GET history", 2, 3, exact=TODAY, before=SAID),
    Case("POST heartbeat", 0, 1),
    Case("POST full-history", 0, 1, differs=(NOTHING_SO_OLD,)),
    Case("POST full-history", 0, 1, exact=TODAY, before=SAID),
    Case("POST broadcast", 0, event=("gn_broadcast", 2), differs=(TO_ALL,)),
    Case("POST broadcast", 1, event=("gn_broadcast", 2)),
    Case("POST blacklist", 0, 1),
    Case("DELETE blacklist", 0, 1),
    Case("POST set-admin", 0, 1),
    Case("POST set-admin", 0, 2, status=400, exact={"name": None}),
    Case("POST remove-admin", 0, 1),
    Case("POST remove-admin", 0, 2, status=400, exact={"id": None}),
    Case("POST ban", 0, 3),
    Case("POST ban", 1, 3),
    Case("POST ban", 1, 2, status=400, exact={"target": None}),
    Case("DELETE ban", 0, 3),
    Case("DELETE ban", 1, 3, before=(BANNED_FROM_ROOM,)),
    Case("DELETE ban", 2, 3),
    Case("DELETE ban", 0, 4, status=404, exact={"room_name": NO_NAME}),
    Case("POST kick", 0, 1, differs=(KICKED,)),
    Case("GET roles", 0, 1),
    Case("GET count-joins", None, 0, exact={"room_ids": [ROOM_ID]}),
    Case("GET count-joins", None, 0, exact={"room_names": [base64_of("General")]}),
    Case("GET users-in-rooms", 0, 2),
    Case("GET users-in-rooms", 1, 2),
    Case("GET users-in-rooms", 0, 3, exact={"only_count": True}),
    Case(
        "POST create",
        0,
        1,
        exact={"room_name": base64_of("With users"), "user_ids": ["1234", "404"]},
        differs=(CREATED,),
    ),
    Case("POST join", 0, 1),
    Case("POST join", 0, 2, exact={"room_id": NOWHERE}),
    Case("POST join", 0, 3, is_offline=True),
    Case("POST join", 0, 4, before=(BANNED_FROM_ROOM,)),
    Case("POST leave", 0, 1),
    Case("GET rooms-for-users", 0, 1),
    Case("POST delete-messages", 0, 1, before=SAID),
    Case("POST delete-messages", 0, 2, status=400, exact={"id": None}),
    Case("GET banned", None, 0, before=BANNED, differs=(BANS,)),
    Case("GET banned", 1, 2, before=BANNED, differs=(WHO_BANNED,)),
    Case("GET banned", 3, 2, before=BANNED, differs=(WHO_BANNED,)),
    Case("GET banned", 1, 4, status=404, exact={"room_id": NOWHERE}),
    Case("POST mute", 0, 1),
    Case("DELETE mute", 0, 2, before=(MUTED,)),
    Case("DELETE mute", 1, 2, before=(MUTED,)),
    Case(MUTED_IN_ROOM, 0, 2, before=(MUTED,)),
    Case(MUTED_IN_ROOM, 1, 2, before=(MUTED,)),
    Case(MUTED_ANYWHERE, 0, 1, before=(MUTED,)),
    Case("POST status", 0, 1),
    Case(
        "POST send",
        0,
        1,
        event=("message", 2),
        differs=(
            MESSAGE,
            NOT_STORED,
        ),
    ),
    Case(
        "POST send",
        0,
        1,
        exact={"persist": True},
        event=("message", 2),
        differs=(
            MESSAGE,
            STORED,
        ),
    ),
    Case(
        "POST send",
        0,
        1,
        exact={"object_type": "private", "target_id": "5678"},
        event=("message", 2),
        differs=(
            MESSAGE,
            NOT_STORED,
        ),
    ),
)
