"""What is kept of moderation: the audit of what was done, and reports."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field

from chat.model import MessageId, RoomId, UserId, new_id

# Of one user. More would be a way to fill the database.
REPORTS_PER_DAY = 100


class Audit(Struct, frozen=True):
    """One row of the audit log: who did what to whom, where, why, until when."""

    at: datetime
    key_name: str
    actor_id: UserId
    action: str
    user_id: UserId
    room_id: RoomId | None
    reason: str
    until: datetime | None = None


class Report(Struct, frozen=True, kw_only=True):
    """A user shows operators a message. `body` is what it said at that time; names are those of now, and are for those
    who read reports alone.
    """

    id: str = field(default_factory=new_id)
    message_id: MessageId
    room_id: RoomId
    room_name: str = ""
    author_id: UserId
    author_name: str = ""
    reporter_id: UserId
    reporter_name: str = ""
    body: str
    reason: str
    created: datetime
