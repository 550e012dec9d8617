"""create: a user makes a temporary room, or a private conversation."""

from __future__ import annotations

from datetime import timedelta

from twisted.internet.defer import CancelledError
from zope.interface import implementer

from chat.acl import check_rules
from chat.conversations import check_owners
from chat.errors import ChatError, ErrorCode, StorageError
from chat.ichat import IVerb
from chat.model import Access, Acl, Role, Room, RoomId, RoomKind, UserId, new_id
from chat.names import RoomNames
from chat.new_rooms import NewRoom
from chat.places import Place
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import CreateRoom, RoomMade
from chat.timers import REMOVE_ROOM
from chat.world import Grant, Timer

_KINDS = frozenset({None, "room", "temporary"})


@implementer(IVerb)
class CreateVerb:
    """Makes a temporary room of which the sender is the owner; does not join it. With a rule that may not be set there
    is no room. A conversation of the same owners is found instead of made; the sender is one of them. None of the rules
    for rooms is for conversations.

    Raises INVALID_TARGET_TYPE, MISSING_OBJECT_URL, NO_SUCH_CHANNEL, USER_IS_BANNED; for the name
    MISSING_TARGET_DISPLAY_NAME, NOT_BASE64, VALIDATION_ERROR, ROOM_NAME_TOO_SHORT, ROOM_NAME_TOO_LONG,
    ROOM_NAME_RESTRICTED, ROOM_ALREADY_EXISTS; for the rules INVALID_ACL_ACTION, INVALID_ACL_TYPE, INVALID_ACL_VALUE,
    and NOT_ALLOWED for `autojoin` by others than operators and the channel's owners and admins; NOT_ALLOWED where the
    channel's access rules for `create` do not hold; TOO_MANY_PRIVATE_ROOMS above `rooms.max_per_user`. For
    conversations MISSING_OBJECT_ATTACHMENTS without owners, NO_SUCH_USER for an unknown one, VALIDATION_ERROR for too
    many.
    """

    event = "create"
    verbs = ("create",)
    reply_event = "gn_create"
    request = CreateRoom
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        config = services.config
        self._services = services
        self._names = RoomNames(config.rooms, config.content.restricted_names, services.words)
        self._grace = timedelta(seconds=config.rooms.owner_grace_s)

    async def handle(self, context: Context, request: CreateRoom) -> Outcome:
        """See `IVerb`."""
        if request.kind == "private":
            return await self._converse(context, request)
        new = self._plan(context, request)
        rooms = self._services.rooms
        rooms.bans.check(context.caller.id, new.channel)
        if not context.as_operator:
            rooms.permits.check(context.caller, "create", new.channel)
            rooms.permits.check_autojoin(context.caller, new.acls, new.channel)
        room = await self._make(new)
        rooms.put(room)
        rooms.roles.put(Grant(context.caller.id, context.caller.name, Role.OWNER, room_id=room.id))
        if new.timer is not None:
            self._services.timers.note(new.timer)
        return self._outcome(context, Place(room, new.channel, is_new=True))

    async def _converse(self, context: Context, request: CreateRoom) -> Outcome:
        """Find or make the conversation. Of one that was there nobody is told."""
        ids = dict.fromkeys(one.strip() for one in (request.owner_ids or "").split(","))
        ids.pop("", None)
        if not ids:
            raise ChatError(ErrorCode.MISSING_OBJECT_ATTACHMENTS, "target.attachments names no owners")
        check_owners(len({*ids, context.caller.id}))
        owners = [await self._services.users.known(UserId(one)) for one in ids]
        place = await self._services.places.among(context.caller, owners, context.now)
        return self._outcome(context, place)

    def _outcome(self, context: Context, place: Place) -> Outcome:
        """The reply and the event, which says the same and more."""
        event = self._services.places.created(place, context.caller, context.now)
        reply = RoomMade(ref=event.ref, channel_id=event.channel_id, kind=event.kind)
        return Outcome(reply, (event,) if place.is_new else ())

    async def _make(self, new: NewRoom) -> Room:
        """A room that was given up may still be written, and nobody would know of it: its end is due at once."""
        try:
            room: Room = await self._services.store.create_room(new)
        except (StorageError, CancelledError):
            self._services.timers.note(Timer(REMOVE_ROOM, new.id, new.created))
            raise
        return room

    def _plan(self, context: Context, request: CreateRoom) -> NewRoom:
        if request.kind not in _KINDS:
            raise ChatError(ErrorCode.INVALID_TARGET_TYPE)
        if request.channel_id is None:
            raise ChatError(ErrorCode.MISSING_OBJECT_URL)
        if request.name is None:
            raise ChatError(ErrorCode.MISSING_TARGET_DISPLAY_NAME)
        room_id = RoomId(new_id())
        return NewRoom(
            id=room_id,
            channel=self._services.places.channel(context.caller, request.channel_id),
            room_name=self._names.checked(request.name),
            kind=RoomKind.TEMPORARY,
            access=Access.OPEN,
            acls=self._rules(request),
            owner=context.caller,
            is_newcomer=request.is_newcomer,
            owner_limit=None if context.as_operator else self._services.config.rooms.max_per_user,
            created=context.now,
            timer=Timer(REMOVE_ROOM, room_id, context.now + self._grace),
        )

    def _rules(self, request: CreateRoom) -> tuple[Acl, ...]:
        rules = {(plan.action, plan.type): Acl(plan.action, plan.type, plan.value) for plan in request.acls}
        check_rules("room", tuple(rules.values()), self._services.config.acl.allowed)
        return tuple(rules.values())


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(CreateVerb(services),))


plugin = Plugin("create", build)
