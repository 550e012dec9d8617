"""update_user_info: a user sets some attributes and tells the rooms."""

from __future__ import annotations

from zope.interface import implementer

from chat.activities import Attribute, UserRef
from chat.errors import ChatError, ErrorCode
from chat.events import UserInfoUpdated
from chat.ichat import IVerb
from chat.model import RoomId, User
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import UpdateUserInfo


@implementer(IVerb)
class UpdateUserInfoVerb:
    """Sets attributes of `users.self_attributes`, all or none, until an authenticator says something else of them.

    Tells the rooms that the user is in, or the one that is named. Raises NOT_ALLOWED for any other attribute,
    USER_NOT_IN_ROOM when the user is neither in the room that is named nor its owner, USER_IS_BANNED.
    """

    event = "update_user_info"
    verbs = ("update",)
    reply_event = "gn_update_user_info"
    request = UpdateUserInfo
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services
        self._allowed = frozenset(services.config.users.self_attributes)

    async def handle(self, context: Context, request: UpdateUserInfo) -> Outcome:
        """See `IVerb`."""
        changed = self._checked(request)
        self._check_standing(context.caller, request.room_id)
        user: User = await self._services.store.update_attributes(context.caller.id, changed)
        self._services.presence.update(user)
        return Outcome(events=(self._event(context, user, changed, request.room_id),))

    def _checked(self, request: UpdateUserInfo) -> dict[str, str]:
        if not request.changes:
            raise ChatError(ErrorCode.MISSING_OBJECT_ATTACHMENTS)
        for change in request.changes:
            if change.kind not in self._allowed:
                raise ChatError(ErrorCode.NOT_ALLOWED, "users do not set this attribute of themselves")
            if not change.content:
                raise ChatError(ErrorCode.MISSING_ATTACHMENT_CONTENT)
        return {change.kind: change.content for change in request.changes}

    def _check_standing(self, user: User, room_id: RoomId | None) -> None:
        if room_id is None or self._services.presence.occupies(user.id, room_id):
            return
        if not self._services.rooms.roles.is_owner(user.id, room_id):
            raise ChatError(ErrorCode.USER_NOT_IN_ROOM)
        self._services.places.manageable(user, room_id)

    def _event(self, context: Context, user: User, changed: dict[str, str], room_id: RoomId | None) -> UserInfoUpdated:
        services = self._services
        shown = tuple(Attribute(name, value) for name, value in changed.items() if services.users.is_public(name))
        return UserInfoUpdated(
            published=context.now,
            ref=UserRef.of(user),
            attributes=shown,
            user=user,
            room_ids=services.presence.rooms_of(user.id) if room_id is None else (room_id,),
            status=services.presence.status_of(user.id),
        )


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(UpdateUserInfoVerb(services),))


plugin = Plugin("update-user-info", build)
