"""What a user wrote is deleted, wherever that was, a bit of it at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from zope.interface import implementer

from chat.activities import UserRef
from chat.archive import Found, Record, Search
from chat.audiences import Audience, InRoom, OfUser
from chat.errors import StorageError
from chat.events import MessageDeleted
from chat.ichat import IVerb
from chat.model import SYSTEM_ID, UserId
from chat.moderation import Audit
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Requires, Services
from chat.requests import DeleteWritten, WrittenDeleted
from chat.rights import Act


@implementer(IVerb)
class DeleteWrittenVerb:
    """Deletes the next messages of a user, from the newest on, at most FOUND_AT_ONCE and in one go. Each room hears of
    each of its messages, and so do the owners of a conversation. The row in the audit log is written with the first.

    Raises NO_SUCH_USER; NOT_ALLOWED to all but operators, and to those below the user. What the system wrote the system
    alone deletes.
    """

    event = None
    verbs = ()
    reply_event = "gn_delete_messages"
    request = DeleteWritten
    requires = Requires.LOGGED_IN

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, context: Context, request: DeleteWritten) -> Outcome:
        """See `IVerb`."""
        author = await self._services.users.known(request.user_id)
        self._check(context.caller.id, author.id)
        found: Found = await self._services.store.search_messages(Search(author=author, is_live=True), request.below)
        row = Audit(context.now, context.key_name, context.actor.id, "delete-messages", author.id, None, "")
        try:
            deleted = await self._delete(context, found.records, None if request.is_noted else row)
        except StorageError:
            return Outcome(WrittenDeleted(failed=len(found.records), below=found.below))
        events = tuple(_event(context, record) for record in deleted)
        return Outcome(WrittenDeleted(deleted=len(events), told=self._told(deleted), below=found.below), events)

    def _check(self, caller_id: UserId, author_id: UserId) -> None:
        if not caller_id == author_id == SYSTEM_ID:
            self._services.rooms.rights.check(Act.DELETE_OF_OTHERS, caller_id, None, author_id)

    async def _delete(self, context: Context, records: Sequence[Record], row: Audit | None) -> Sequence[Record]:
        """Those that were there still."""
        if not records:
            return ()
        messages = [record.message for record in records]
        deleted = await self._services.revisions.delete_all(messages, context.now, row)
        ids = {message.id for message in deleted}
        return [record for record in records if record.message.id in ids]

    def _told(self, records: Iterable[Record]) -> int:
        """Of how many of these those hear in the room, or the conversation, of most of them."""
        counts = Counter(record.message.room_id for record in records if self._is_heard(record))
        return max(counts.values(), default=0)

    def _is_heard(self, record: Record) -> bool:
        return record.place.is_private or self._services.presence.occupant_count(record.message.room_id) > 0


def _event(context: Context, record: Record) -> MessageDeleted:
    return MessageDeleted(
        published=context.now,
        actor=UserRef.of(context.actor),
        object_id=record.message.id,
        room_id=record.message.room_id,
        message=record.message,
        to=_audience(record),
    )


def _audience(record: Record) -> tuple[Audience, ...]:
    if not record.place.is_private:
        return (InRoom(record.message.room_id),)
    return tuple(OfUser(user_id) for user_id, _ in record.place.owners)


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(verbs=(DeleteWrittenVerb(services),))


plugin = Plugin("delete-written", build)
