"""Access rules: their types, what may be set where, and whether they hold for somebody. No I/O.

A rule says that for an action the caller has to satisfy a type with a value; all rules of an action have to hold. The
types compare trusted attributes, or what the caller is in the room and its channel.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import lru_cache
from sys import intern
from typing import Final

from msgspec import Struct

from chat.acl_grammar import parse
from chat.errors import ChatError, ErrorCode
from chat.model import Acl, Channel, Role, Room, User, UserId
from chat.roles import Roles

ACTIONS: Final = {
    "room": frozenset(
        {"join", "autojoin", "list", "history", "message", "crossroom", "create", "setacl", "kick", "ban"}
    ),
    "channel": frozenset({"list", "create", "message", "crossroom", "whisper", "setacl", "ban"}),
}
ONE_OF: Final = frozenset(
    {"gender", "membership", "group", "country", "city", "user_type", "image", "has_webcam", "fake_checked"}
)
ATTRIBUTES: Final = ONE_OF | {"age", "spoken_language"}
STANDINGS: Final = frozenset({"admin", "room_owner", "owner", "moderator", "superuser"})
# These compare where a message comes from with where it goes.
OF_MESSAGES: Final = frozenset({"samechannel", "sameroom", "crossroom"})
TYPES: Final = ATTRIBUTES | STANDINGS | OF_MESSAGES | {"disallow", "custom"}
RULES_CHARACTERS: Final = 4_096
# Rules that are equal share what was made of them, those of so many kinds at the least.
CONDITIONS_SHARED: Final = 512

Allowed = Mapping[str, Iterable[str]]


class Subject(Struct, frozen=True):
    """Whom a rule is asked about: trusted attributes, and the types of STANDINGS that hold."""

    attributes: Mapping[str, str]
    standings: Container[str]

    @classmethod
    def of(cls, user: User, place: Room | Channel, roles: Roles) -> Subject:
        """The user with what the user is in the room and its channel, or in the channel."""
        return cls(user.attributes, _Standings(user.id, place, roles))


class _Standings(Container[str]):
    """What a user is in a place; looked up when a rule asks, which few do."""

    __slots__ = ("_place", "_roles", "_user_id")

    def __init__(self, user_id: UserId, place: Room | Channel, roles: Roles) -> None:
        self._user_id = user_id
        self._place = place
        self._roles = roles

    def __contains__(self, kind: object) -> bool:
        roles, user_id, place = self._roles, self._user_id, self._place
        if kind == "superuser":
            return Role.SUPERUSER in roles.global_roles(user_id)
        in_room = roles.in_room(user_id, place.id) if isinstance(place, Room) else set()
        in_channel = roles.in_channel(user_id, place.channel_id if isinstance(place, Room) else place.id)
        return bool(in_room & _IN_ROOM.get(kind, set()) or in_channel & _IN_CHANNEL.get(kind, set()))


_IN_ROOM: Final[dict[object, set[Role]]] = {
    "room_owner": {Role.OWNER},
    "owner": {Role.OWNER},
    "moderator": {Role.MODERATOR},
}
_IN_CHANNEL: Final[dict[object, set[Role]]] = {"admin": {Role.ADMIN, Role.OWNER}, "owner": {Role.OWNER}}


Condition = Callable[[Subject], bool]


class Asked(Struct, frozen=True):
    """A rule with what it asks of a subject, which is worked out once: to ask it costs no look at its text."""

    rule: Acl
    holds: Condition

    @classmethod
    def of(cls, rule: Acl) -> Asked:
        """The rule; one that cannot be read holds for nobody, and those of OF_MESSAGES do not look at the caller."""
        if rule.type in OF_MESSAGES:
            return cls(rule, _always)
        try:
            return cls(rule, condition_of(rule.type, rule.value))
        except ChatError:
            return cls(rule, _never)


def _always(subject: Subject) -> bool:
    return True


def _never(subject: Subject) -> bool:
    return False


def check_rule(place: str, rule: Acl, allowed: Allowed) -> None:
    """Raise unless the rule may be set for a `room` or a `channel`.

    `allowed` maps `<place>.<action>` to the types that may be set there; what it does not name has its usual types.
    Raises INVALID_ACL_ACTION, INVALID_ACL_TYPE, INVALID_ACL_VALUE with the reason.
    """
    check_kind(place, rule)
    if rule.type not in allowed.get(f"{place}.{rule.action}", usual_types(rule.action)):
        raise ChatError(ErrorCode.INVALID_ACL_TYPE, f"{rule.type} may not be set for {rule.action} of a {place}")
    if not rule.value.strip():
        raise ChatError(ErrorCode.INVALID_ACL_VALUE, "the value is blank")
    _condition(rule.type, rule.value)


def check_rules(place: str, rules: Sequence[Acl], allowed: Allowed) -> None:
    """Raise unless all these rules may be set for a place, and are not too many. Raises what `check_rule` raises."""
    for rule in rules:
        check_rule(place, rule, allowed)
    check_size(place, rules)


def check_kind(place: str, rule: Acl) -> None:
    """Raise unless there are rules of this type and for this action, whatever the value: INVALID_ACL_ACTION,
    INVALID_ACL_TYPE.
    """
    if rule.action not in ACTIONS[place]:
        raise ChatError(ErrorCode.INVALID_ACL_ACTION, f"a {place} has no rules for this action")
    if rule.type not in TYPES:
        raise ChatError(ErrorCode.INVALID_ACL_TYPE, "there is no such type")


def check_size(place: str, rules: Iterable[Acl], former: Iterable[Acl] = ()) -> None:
    """Raise INVALID_ACL_VALUE unless the rules of a place have at most RULES_CHARACTERS together, for they are in every
    list; or as many as the `former` ones, of which there may be more already.
    """
    if _characters(rules) > max(RULES_CHARACTERS, _characters(former)):
        text = f"the rules of a {place} have at most {RULES_CHARACTERS} characters together"
        raise ChatError(ErrorCode.INVALID_ACL_VALUE, text)


def _characters(rules: Iterable[Acl]) -> int:
    return sum(len(rule.action) + len(rule.type) + len(rule.value) for rule in rules)


def usual_types(action: str) -> frozenset[str]:
    """The types that may be set for an action unless the configuration says otherwise."""
    return TYPES if action in ("message", "crossroom") else TYPES - OF_MESSAGES


def first_failing(rules: Iterable[Asked], subject: Subject) -> Acl | None:
    """The first rule that does not hold."""
    return next((one.rule for one in rules if not one.holds(subject)), None)


def first_stopping(rules: Iterable[Asked], *, is_near: bool) -> Acl | None:
    """The first rule that does not let a message from another room pass, of those that look at where one comes from.
    `is_near`: the rooms are in the same channel. The value `n` of `sameroom` and `samechannel` asks for nothing.
    """
    looking = (one.rule for one in rules if one.rule.type in OF_MESSAGES)
    return next((rule for rule in looking if not _passes(rule, is_near)), None)


def _passes(rule: Acl, is_near: bool) -> bool:
    if rule.type == "crossroom":
        return rule.value == "y"
    return rule.value == "n" or (rule.type == "samechannel" and is_near)


@lru_cache(maxsize=CONDITIONS_SHARED)
def condition_of(kind: str, value: str) -> Condition:
    """What a type with a value asks of a subject. Raises INVALID_ACL_VALUE."""
    return _condition(kind, value)


def _condition(kind: str, value: str) -> Condition:
    if kind == "custom":
        return parse(value, _single)
    if kind in STANDINGS:
        return lambda subject: kind in subject.standings
    if kind in OF_MESSAGES and value not in ("y", "n"):
        raise ChatError(ErrorCode.INVALID_ACL_VALUE, f"{kind} is y or n")
    if kind == "disallow" or kind in OF_MESSAGES:
        return _never
    return _compared(kind, value)


def _single(kind: str, value: str, is_negated: bool) -> Condition:
    """A comparison inside of a custom rule. Raises INVALID_ACL_VALUE."""
    if kind in STANDINGS:
        if value != "y":
            raise ChatError(ErrorCode.INVALID_ACL_VALUE, f"{kind} is y or !y")
        return _Stands(intern(kind), is_negated)
    if kind not in ATTRIBUTES:
        raise ChatError(ErrorCode.INVALID_ACL_VALUE, "no such type in a custom rule")
    if kind == "age":
        return _Aged(*_range(value), is_negated)
    return _Speaks(value, is_negated) if kind == "spoken_language" else _Is(intern(kind), intern(value), is_negated)


# A custom rule has many of these, and each room its own rules: they are small. An attribute that is missing or blank,
# and an age that is none, fail, negated or not.


class _Stands(Struct, frozen=True, gc=False):
    kind: str
    is_negated: bool

    def __call__(self, subject: Subject) -> bool:
        return (self.kind in subject.standings) is not self.is_negated


class _Aged(Struct, frozen=True, gc=False):
    least: int
    most: int
    is_negated: bool

    def __call__(self, subject: Subject) -> bool:
        age = _age_of(subject)
        return age is not None and (self.least <= age <= self.most) is not self.is_negated


class _Speaks(Struct, frozen=True, gc=False):
    language: str
    is_negated: bool

    def __call__(self, subject: Subject) -> bool:
        spoken = _languages(subject)
        return bool(spoken) and (self.language in spoken) is not self.is_negated


class _Is(Struct, frozen=True, gc=False):
    kind: str
    value: str
    is_negated: bool

    def __call__(self, subject: Subject) -> bool:
        mine = subject.attributes.get(self.kind, "")
        return bool(mine.strip()) and (mine == self.value) is not self.is_negated


def _compared(kind: str, value: str) -> Condition:
    """A comparison with an attribute, which fails where the attribute is missing."""
    if kind == "age":
        return _Aged(*_range(value), is_negated=False)
    wanted = frozenset(part.strip() for part in value.split(","))
    if "" in wanted:
        raise ChatError(ErrorCode.INVALID_ACL_VALUE, f"{kind} is a list of values with commas between them")
    if kind == "spoken_language":
        spoken = frozenset(part.casefold() for part in wanted)
        return lambda subject: not spoken.isdisjoint(_languages(subject))
    return lambda subject: subject.attributes.get(kind) in wanted


def _languages(subject: Subject) -> set[str]:
    spoken = subject.attributes.get("spoken_language", "").casefold().split(",")
    return {part.strip() for part in spoken if part.strip()}


def _age_of(subject: Subject) -> int | None:
    """The age in years; None where it is missing or no whole number."""
    age = subject.attributes.get("age", "")
    return int(age) if age.isascii() and age.isdigit() and len(age) < 10 else None


def _range(value: str) -> tuple[int, int]:
    """The ends of a range of ages, which belong to it. Raises INVALID_ACL_VALUE."""
    low, colon, high = value.partition(":")
    if not colon or not (low or high):
        raise ChatError(ErrorCode.INVALID_ACL_VALUE, "age is a range such as 25:45, 25: or :45")
    least, most = _years(low, 0), _years(high, 10**9)
    if least > most:
        raise ChatError(ErrorCode.INVALID_ACL_VALUE, "the range of age is empty")
    return least, most


def _years(text: str, absent: int) -> int:
    if not text:
        return absent
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise ChatError(ErrorCode.INVALID_ACL_VALUE, "the range of age has something that is no whole number")
    return int(text)
