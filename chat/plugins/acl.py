"""get_acl and set_acl: the access rules of rooms and channels."""

from __future__ import annotations

from zope.interface import implementer

from chat.acl import check_kind, check_rule
from chat.activities import acl_entries
from chat.errors import ChatError, ErrorCode
from chat.ichat import IVerb
from chat.model import Acl, Channel, ChannelId, Room, RoomId, User
from chat.moderation import Audit
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import GetRules, Rules, SetRules
from chat.rights import Act
from chat.rooms import Rooms

# Characters of a value, and of all that one command changes, that the audit log has: it is not to be filled.
VALUE_NOTED = 40
CHANGE_NOTED = 500


@implementer(IVerb)
class GetAclVerb:
    """Shows the access rules of a room or channel to those who may list it or set them.

    Raises NO_SUCH_ROOM, NO_SUCH_CHANNEL, USER_IS_BANNED.
    """

    event = "get_acl"
    verbs = ("get",)
    reply_event = "gn_get_acl"
    request = GetRules
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._rooms = services.rooms

    async def handle(self, context: Context, request: GetRules) -> Outcome:
        """See `IVerb`."""
        place = _found(self._rooms, context.caller, request)
        return Outcome(Rules(target_id=place.id, kind=request.kind, acls=acl_entries(place.acls)))


@implementer(IVerb)
class SetAclVerb:
    """Changes access rules of a room or channel, all or none, and notes that in the audit log. Whoever is in the room
    stays; everything else follows the new rules at once. Setting what is set already changes nothing.

    Raises MISSING_OBJECT_ATTACHMENTS, NO_SUCH_ROOM, NO_SUCH_CHANNEL, USER_IS_BANNED, INVALID_ACL_ACTION,
    INVALID_ACL_TYPE, INVALID_ACL_VALUE; NOT_ALLOWED for those who may not set rules there, and for `autojoin` by others
    than operators and the channel's owners and admins.
    """

    event = "set_acl"
    verbs = ("set",)
    reply_event = "gn_set_acl"
    request = SetRules
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services
        self._allowed = services.config.acl.allowed

    async def handle(self, context: Context, request: SetRules) -> Outcome:
        """See `IVerb`."""
        if not request.acls:
            raise ChatError(ErrorCode.MISSING_OBJECT_ATTACHMENTS)
        rooms, user = self._services.rooms, context.caller
        place = _found(rooms, user, request)
        rooms.rights.check(_act(place), user.id, place)
        rooms.permits.check(user, "setacl", place)
        asked = self._asked(request)
        changes = _changes(asked, place)
        if changes:
            rooms.permits.check_autojoin(user, changes, place)
            # What is as asked may be something else by then: another change may be on its way to the store.
            asked = [rule for rule in asked if rule in changes or rule.action != "autojoin"]
            rules = await self._services.store.set_acls(place, asked, _row(context, place, changes))
            rooms.set_rules(place, rules)
        return Outcome()

    def _asked(self, request: SetRules) -> list[Acl]:
        """The rules as they are to be. Of two of one action and type the last is meant."""
        asked = {(one.action, one.type): one.value if one.value.strip() else "" for one in request.acls}
        rules = [Acl(action, kind, value) for (action, kind), value in asked.items()]
        for rule in rules:
            self._check(request.kind, rule)
        return rules

    def _check(self, kind: str, rule: Acl) -> None:
        """A rule that may not be set any more may still be taken away."""
        if rule.value:
            check_rule(kind, rule, self._allowed)
        else:
            check_kind(kind, rule)


def _found(rooms: Rooms, user: User, request: GetRules | SetRules) -> Room | Channel:
    """The place, for a user who may list it or set its rules, and is not banned from it. Raises NO_SUCH_ROOM,
    NO_SUCH_CHANNEL, USER_IS_BANNED.
    """
    if request.kind == "channel":
        channel = rooms.channel(ChannelId(request.target_id))
        channel = channel if _may_set(rooms, user, channel) else rooms.listable(user, channel.id)
        rooms.bans.check(user.id, channel)
        return channel
    room = rooms.room(RoomId(request.target_id))
    if not rooms.may_list(user, room) and not _may_set(rooms, user, room):
        raise ChatError(ErrorCode.NO_SUCH_ROOM)
    rooms.check_ban(user.id, room)
    return room


def _changes(asked: list[Acl], place: Room | Channel) -> list[Acl]:
    """What is to be different."""
    there = {(one.action, one.type): one.value for one in place.acls}
    return [rule for rule in asked if there.get((rule.action, rule.type)) != (rule.value or None)]


def _may_set(rooms: Rooms, user: User, place: Room | Channel) -> bool:
    return rooms.rights.may(_act(place), user.id, place)


def _act(place: Room | Channel) -> Act:
    return Act.SET_ROOM_RULES if isinstance(place, Room) else Act.SET_CHANNEL_RULES


def _row(context: Context, place: Room | Channel, changes: list[Acl]) -> Audit:
    """The audit row: which rules are which from now on, as far as it goes; an empty value is one that is gone."""
    action = "set-acl-room" if isinstance(place, Room) else "set-acl-channel"
    rules = (f"{rule.action} {rule.type}={_cut(rule.value, VALUE_NOTED)}" for rule in changes)
    reason = _cut("; ".join(rules), CHANGE_NOTED)
    return Audit(context.now, context.key_name, context.actor.id, action, context.actor.id, RoomId(place.id), reason)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(GetAclVerb(services), SetAclVerb(services)))


plugin = Plugin("acl", build)
