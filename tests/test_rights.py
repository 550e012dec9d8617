"""The table of rights: every cell, the rule of rank, and where nobody may anything."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chat.errors import ChatError, ErrorCode
from chat.model import SYSTEM_ID, Access, Channel, ChannelId, Role, Room, RoomId, RoomKind, UserId
from chat.rights import Act, Rights, Standing, Where
from chat.roles import Roles
from chat.world import Grant

CHANNEL, OTHER = ChannelId("channel"), ChannelId("other")
USERS = {one: UserId(one.value.replace(" ", "-")) for one in Standing} | {Standing.SYSTEM: SYSTEM_ID}
# Who is something elsewhere is nothing here.
STRANGERS = tuple(map(UserId, ("nobody", "elsewhere", "next-door")))
RANKS = (UserId("nobody"), USERS[Standing.GLOBALMOD], USERS[Standing.SUPERUSER], SYSTEM_ID)


def room(kind: RoomKind, room_id: str = "room") -> Room:
    channel = None if kind is RoomKind.CONVERSATION else CHANNEL
    return Room(1, RoomId(room_id), "Room", channel, kind, Access.OPEN, 0)


def grant(user_id: str, role: Role, **scope: str) -> Grant:
    where = {name: ChannelId(value) if name == "channel_id" else RoomId(value) for name, value in scope.items()}
    return Grant(UserId(user_id), user_id, role, **where)  # type: ignore[arg-type]


RIGHTS = Rights(
    Roles(
        (
            grant("superuser", Role.SUPERUSER),
            grant("globalmod", Role.GLOBALMOD),
            grant("channel-owner", Role.OWNER, channel_id=CHANNEL),
            grant("channel-admin", Role.ADMIN, channel_id=CHANNEL),
            grant("room-owner", Role.OWNER, room_id="room"),
            grant("room-moderator", Role.MODERATOR, room_id="room"),
            grant("elsewhere", Role.OWNER, channel_id=OTHER),
            grant("next-door", Role.OWNER, room_id="next"),
        )
    )
)
LOBBY = Channel(1, CHANNEL, "Lobby", 0, (), is_default=True)
PLACES: dict[str, Where] = {kind.value: room(kind) for kind in RoomKind} | {"channel": LOBBY, "everywhere": None}
# In the order of Standing: system, superuser, globalmod, channel owner and admin, room owner and moderator.
CELLS = """
    kick from a room                        static       y y y y y y y
    kick from a room                        temporary    y y y y y y y
    mute in a room                          static       y y y y y y y
    ban from a room                         static       y y y y y y y
    ban from a room                         temporary    y y y y y y y
    ban from a room                         admin        y y y . . . .
    ban from a channel                      channel      y y y y y . .
    ban from everywhere                     everywhere   y y y . . . .
    delete what others said                 static       y y y y y y y
    delete what others said                 admin        y y y . . . .
    delete what others said                 conversation . . . . . . .
    clear a room                            static       y y y y y y y
    clear a room                            conversation . . . . . . .
    rename a room                           static       y y . y y y .
    rename a room                           temporary    y y y y y y y
    rename a room                           admin        y y . . . . .
    rename a room                           conversation . . . . . . .
    remove a room                           static       y y . y y y .
    remove a room                           temporary    y y y y y y y
    remove a room                           admin        . . . . . . .
    set the rules of a room                 static       y y y y y y .
    set the rules of a channel              channel      y y y y y . .
    set rules for autojoin                  channel      y y y y y . .
    pass by the rules of a room             static       y y y y y y .
    pass by the rules of a room             conversation . . . . . . .
    pass by the rules of a channel          channel      y y y y y . .
    pass by the rules of a channel          static       y y y y y . .
    set and end words that are not to be said everywhere y y y . . . .
    speak where `disallow` is set for messages static    y y y . . . .
    give and take roles in a room           static       y y . y y y .
    give and take roles in a room           temporary    y y y y y y .
    give and take roles in a room           admin        . . . . . . .
    give and take roles in a channel        channel      y y . y . . .
    give and take global roles              everywhere   y y . . . . .
"""


def cells() -> Iterator[tuple[Act, str, Standing, bool]]:
    for line in CELLS.strip().splitlines():
        words = line.split()
        cut = len(words) - len(Standing)
        act, place = Act(" ".join(words[: cut - 1])), words[cut - 1]
        for standing, mark in zip(Standing, words[cut:], strict=True):
            yield act, place, standing, mark == "y"


@pytest.mark.parametrize(("act", "place", "standing", "may"), [*cells()])
def test_who_may_do_what(act: Act, place: str, standing: Standing, may: bool) -> None:
    assert RIGHTS.may(act, USERS[standing], PLACES[place]) is may


def test_every_act_is_tried() -> None:
    assert {act for act, *_ in cells()} == set(Act)


@pytest.mark.parametrize("act", Act)
def test_who_is_nothing_here_may_nothing(act: Act) -> None:
    for stranger in STRANGERS:
        assert not any(RIGHTS.may(act, stranger, place) for place in PLACES.values())
        assert not any(RIGHTS.has_standing(stranger, place) for place in PLACES.values())


def test_rank() -> None:
    """Nobody below acts on an operator, a globalmod not on a superuser, nobody on the system."""
    may = [[RIGHTS.may_act_on(actor, whom) for whom in RANKS] for actor in RANKS]
    assert may == [
        [True, False, False, False],
        [True, True, False, False],
        [True, True, True, False],
        [True, True, True, False],
    ]


def test_a_right_ends_where_rank_begins() -> None:
    place, owner, mod = PLACES["static"], USERS[Standing.ROOM_OWNER], USERS[Standing.GLOBALMOD]
    assert RIGHTS.may(Act.KICK, owner, place, STRANGERS[0])
    assert not RIGHTS.may(Act.KICK, owner, place, mod)
    assert not RIGHTS.may(Act.KICK, STRANGERS[0], place, STRANGERS[1])
    with pytest.raises(ChatError) as caught:
        RIGHTS.check(Act.KICK, owner, place, mod)
    assert caught.value.code is ErrorCode.NOT_ALLOWED
    RIGHTS.check(Act.KICK, mod, place, owner)
