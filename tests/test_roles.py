"""Who is what: what is left when a role is taken."""

from __future__ import annotations

from chat.model import ChannelId, Role, RoomId, UserId
from chat.roles import Roles
from chat.world import Grant

ALICE, ROOM, CHANNEL = UserId("alice"), RoomId("room"), ChannelId("channel")
GRANTS = (
    Grant(ALICE, "Alice", Role.GLOBALMOD),
    Grant(ALICE, "Alice", Role.SUPERUSER),
    Grant(ALICE, "Alice", Role.ADMIN, channel_id=CHANNEL),
    Grant(ALICE, "Alice", Role.OWNER, room_id=ROOM),
    Grant(ALICE, "Alice", Role.MODERATOR, room_id=ROOM),
)


def test_a_role_that_is_taken_leaves_the_others() -> None:
    for grant in GRANTS:
        roles = Roles(GRANTS)
        roles.take(grant)
        held = roles.global_roles(ALICE), roles.in_channel(ALICE, CHANNEL), roles.in_room(ALICE, ROOM)
        assert sum(map(len, held)) == len(GRANTS) - 1
        assert roles.is_operator(ALICE)
        assert roles.is_owner(ALICE, ROOM) is (grant.role is not Role.OWNER)


def test_nothing_is_left_of_who_has_no_role_any_more() -> None:
    roles = Roles(GRANTS)
    for grant in GRANTS:
        assert roles.has_any(ALICE)
        roles.take(grant)
    assert not roles.is_operator(ALICE)
    assert not roles.has_any(ALICE)
    assert roles.scopes(ALICE) == []
    assert roles.owners_of(ROOM) == []
    roles.forget_room(ROOM)


def test_what_was_never_given_is_not_taken() -> None:
    roles = Roles(GRANTS[:1])
    for grant in GRANTS[1:]:
        roles.take(grant)
    assert roles.global_roles(ALICE) == {Role.GLOBALMOD}
    roles.take(Grant(UserId("bob"), "Bob", Role.GLOBALMOD))
    assert roles.is_operator(ALICE)
