"""Whether the access rules of rooms and channels let a user do something there. In memory; no I/O.

What is done in a room asks the rules of the room and those of its channel. Who passes by them is in `chat.rights`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from chat.acl import Asked, Subject, first_failing, first_stopping
from chat.errors import ChatError, ErrorCode
from chat.model import Acl, Channel, Room, User
from chat.rights import Act, Rights
from chat.roles import Roles

Rules = tuple[Asked, ...]
_NONE: Final[dict[str, Rules]] = {}


class Permits:
    """The rules of all rooms and channels by action, with what they ask. Empty until they are put in."""

    def __init__(self, roles: Roles, rights: Rights) -> None:
        self._roles = roles
        self._rights = rights
        self._of_rooms: dict[str, dict[str, Rules]] = {}
        self._of_channels: dict[str, dict[str, Rules]] = {}

    def put(self, place: Room | Channel) -> None:
        """Take the rules of a room or channel, in place of those that it had."""
        self.forget(place)
        table = self._table(place)
        for rule in place.acls:
            of_action = table.setdefault(rule.action, {})
            of_action[place.id] = (*of_action.get(place.id, ()), Asked.of(rule))

    def forget(self, place: Room | Channel) -> None:
        """The room or channel has no rules any more."""
        for of_action in self._table(place).values():
            of_action.pop(place.id, None)

    def lets(self, user: User, action: str, place: Room | Channel) -> bool:
        """Whether the rules let the user do it."""
        return self._refusing(user, action, place) is None

    def holds(self, user: User, action: str, place: Room | Channel) -> bool:
        """Whether the rules hold for the user, be it one who passes by them."""
        own, above = self._rules(action, place)
        return first_failing(above + own, Subject.of(user, place, self._roles)) is None

    def check(self, user: User, action: str, place: Room | Channel) -> None:
        """Raise NOT_ALLOWED with the type of a rule that does not let the user do it, if there is one."""
        rule = self._refusing(user, action, place)
        if rule is not None:
            raise _refusal(rule)

    def check_crossing(self, user: User, action: str, room: Room, *, is_near: bool) -> None:
        """Like `check`, for a message between this room and another; `is_near`: both are in the same channel."""
        self.check(user, action, room)
        rule = first_stopping(self._concerning(user, action, room), is_near=is_near)
        if rule is not None:
            raise _refusal(rule)

    def check_autojoin(self, user: User, rules: Iterable[Acl], where: Room | Channel) -> None:
        """Raise NOT_ALLOWED for a rule for autojoin among these, unless the user may set such.

        Who could pull everybody into a room at login is somebody whom the operators trust.
        """
        asks = any(rule.action == "autojoin" for rule in rules)
        if asks and not self._rights.may(Act.SET_AUTOJOIN, user.id, where):
            text = "autojoin is for operators and the channel's owners and admins to set"
            raise ChatError(ErrorCode.NOT_ALLOWED, text)

    def _refusing(self, user: User, action: str, place: Room | Channel) -> Acl | None:
        rules = self._concerning(user, action, place)
        return first_failing(rules, Subject.of(user, place, self._roles)) if rules else None

    def _concerning(self, user: User, action: str, place: Room | Channel) -> Rules:
        """The rules for an action that the user does not pass by."""
        own, above = self._rules(action, place)
        return self._not_passed_by(user, place, own, above) if own or above else ()

    def _rules(self, action: str, place: Room | Channel) -> tuple[Rules, Rules]:
        """The rules of the room, and those of its channel."""
        of_channels = self._of_channels.get(action, _NONE)
        if isinstance(place, Channel):
            return (), of_channels.get(place.id, ())
        return self._of_rooms.get(action, _NONE).get(place.id, ()), of_channels.get(place.channel_id or "", ())

    def _not_passed_by(self, user: User, place: Room | Channel, own: Rules, above: Rules) -> Rules:
        rights = self._rights
        if not rights.has_standing(user.id, place):
            return above + own
        if rights.may(Act.SKIP_DISALLOW, user.id, place):
            return ()
        if rights.may(Act.SKIP_CHANNEL_RULES, user.id, place):
            above = _absolute(above)
        if rights.may(Act.SKIP_ROOM_RULES, user.id, place):
            own = _absolute(own)
        return above + own

    def _table(self, place: Room | Channel) -> dict[str, dict[str, Rules]]:
        return self._of_rooms if isinstance(place, Room) else self._of_channels


def _absolute(rules: Rules) -> Rules:
    """Those that only operators skip."""
    return tuple(one for one in rules if one.rule.type == "disallow" and one.rule.action == "message")


def _refusal(rule: Acl) -> ChatError:
    return ChatError(ErrorCode.NOT_ALLOWED, f"the access rule {rule.type} for {rule.action} does not allow this")
