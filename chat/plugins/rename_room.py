"""rename_room: a room gets another name."""

from __future__ import annotations

from zope.interface import implementer

from chat.activities import RoomRef, UserRef
from chat.events import RoomRenamed
from chat.ichat import IVerb
from chat.moderation import Audit
from chat.names import RoomNames
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import RenameRoom, RoomRenamedReply
from chat.rights import Act


@implementer(IVerb)
class RenameRoomVerb:
    """Renames a room, for those who may; the audit log has the former name. The name that it has announces nothing.

    Raises NO_SUCH_ROOM, NOT_ALLOWED, USER_IS_BANNED; for the name MISSING_TARGET_DISPLAY_NAME, NOT_BASE64,
    VALIDATION_ERROR, ROOM_NAME_TOO_SHORT, ROOM_NAME_TOO_LONG, ROOM_NAME_RESTRICTED, ROOM_ALREADY_EXISTS.
    """

    event = "rename_room"
    verbs = ("rename",)
    reply_event = "gn_rename_room"
    request = RenameRoom
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        config = services.config
        self._services = services
        self._names = RoomNames(config.rooms, config.content.restricted_names, services.words)

    async def handle(self, context: Context, request: RenameRoom) -> Outcome:
        """See `IVerb`."""
        rooms, caller, actor = self._services.rooms, context.caller, context.actor
        room = self._services.places.manageable(caller, request.room_id)
        rooms.rights.check(Act.RENAME_ROOM, caller.id, room)
        name = self._names.checked(request.name)
        if name == room.name:
            return Outcome(RoomRenamedReply(published=context.now, ref=RoomRef.of(room)))
        row = Audit(context.now, context.key_name, actor.id, "rename-room", actor.id, room.id, room.name)
        await self._services.store.rename_room(room, name, row)
        renamed = rooms.rename(room, name)
        ref = RoomRef.of(renamed)
        event = RoomRenamed(published=context.now, actor=UserRef.of(actor), ref=ref, room=renamed)
        return Outcome(RoomRenamedReply(id=event.id, published=context.now, ref=ref), (event,))


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(RenameRoomVerb(services),))


plugin = Plugin("rename-room", build)
