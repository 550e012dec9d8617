"""What survives a kill: the contract of every store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from typing import TYPE_CHECKING

from zope.interface import Interface

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from chat.archive import Found, Search
    from chat.conversations import Conversation, Opened
    from chat.messages import Appended, Draft, Span, Unread
    from chat.metrics import Measured
    from chat.model import Acl, Channel, Message, MessageId, Receipt, Room, RoomId, Sanction, User, UserId
    from chat.moderation import Audit, Report
    from chat.new_rooms import NewRoom
    from chat.plugin import Identity
    from chat.receipts import Acknowledgement, LoginRecord, Named, Window
    from chat.world import Declared, Grant, StoredKey, Timer, World


class IStore(Interface):
    """What survives a kill. Every method is one transaction: all of it is kept, or nothing.

    Methods that return a Deferred are called in the reactor's thread and fire there. Writes take effect in the order
    of the calls and their Deferreds fire in that order. A Deferred fails with StorageError, never with the database's
    own error. Not more than a bounded number of calls may wait; above it they fail at once.
    """

    def waiting() -> int:
        """How many writes of an open store are still to be answered."""

    def commits() -> Measured:
        """How long the transactions of an open store took, as a `chat.metrics.Measured`, in seconds."""

    def open(declared: Declared) -> World:
        """Bring the schema up to date, apply the `chat.world.Declared`, and return the `chat.world.World`.

        Blocks; called once, before the server listens. Raises ConfigError when the database cannot be used, among
        others when its schema is newer than the code: then nothing in it is touched.
        """

    def attach() -> None:
        """Use the database beside a server that has opened it: the methods about keys may be called then, and `close`.

        Blocks; called instead of `open`. Raises ConfigError when there is no database, or one of another schema.
        """

    async def close() -> None:
        """Finish what is queued and let go of the database. Bounded in time; afterwards every call fails."""

    def ping() -> Deferred[None]:
        """A Deferred that fires when the writer has come to this call: the store answers."""

    def record_login(
        user_id: UserId, identity: Identity, at: datetime, kept: Set[str] = frozenset()
    ) -> Deferred[LoginRecord]:
        """Make the user known or bring name and attributes up to date. A Deferred of a `chat.receipts.LoginRecord`: the
        user, and the private messages that wait for the user. Of those that are not in it the Deferreds fire later.

        Of the former attributes those that `kept` names stay, unless the identity supplies them.
        """

    def make_known(user_id: UserId, identity: Identity, at: datetime) -> Deferred[User]:
        """A Deferred of the `User` of this id: as it is, or where there is none as the identity says. What happens to
        one who is known already is nothing.
        """

    def update_attributes(user_id: UserId, changed: Mapping[str, str]) -> Deferred[User]:
        """Set some attributes of a known user. A Deferred of the `User`; fails with ChatError NO_SUCH_USER."""

    def set_hidden(user_id: UserId, *, is_hidden: bool, audit: Audit | None = None) -> Deferred[User]:
        """Let the user come online invisible from now on, or not any more, and write the audit row. A Deferred of the
        `User`; fails with ChatError NO_SUCH_USER.
        """

    def find_user(user_id: UserId) -> Deferred[User | None]:
        """A Deferred of the `User`, or None."""

    def find_users(user_ids: Sequence[UserId]) -> Deferred[Mapping[UserId, User]]:
        """A Deferred of those of the users who are known, by id."""

    def append_message(draft: Draft) -> Deferred[Appended]:
        """Store a `chat.messages.Draft` with its room's next seq. A Deferred of the `chat.messages.Appended`.

        Messages that wait together share one commit. A draft whose client_id the same author used in the room within
        24 h stores nothing: it gives the first message again, or fails with ChatError VALIDATION_ERROR when the
        content differs. Fails with ChatError NO_SUCH_ROOM when the room was removed.
        """

    def recent_messages(room: Room, limit: int) -> Deferred[Span]:
        """A Deferred of a `chat.messages.Span`: the room's newest messages that are not deleted."""

    def messages_after(room: Room, seq: int, limit: int) -> Deferred[Span]:
        """A Deferred of a `chat.messages.Span`: at most `limit` messages above `seq`, tombstones included."""

    def find_message(message_id: MessageId) -> Deferred[Message | None]:
        """A Deferred of the `Message`, be it deleted, or None."""

    def delete_message(message: Message, at: datetime, audit: Audit | None = None) -> Deferred[bool]:
        """Have no message any more where this one was, but its number. A Deferred of whether it was there still; only
        then the audit row is written.
        """

    def delete_messages(
        messages: Sequence[Message], at: datetime, audit: Audit | None = None
    ) -> Deferred[frozenset[MessageId]]:
        """Delete several messages, of any rooms, in one go. A Deferred of the ids of those that were there still; only
        where there are any the audit row is written.
        """

    def edit_message(message: Message) -> Deferred[bool]:
        """Give a message the body and the time `edited` of this one. A Deferred of whether it was there still."""

    def clear_room(room: Room, audit: Audit) -> Deferred[int]:
        """Delete all messages that a room has, at once and whatever their number.

        A Deferred of the seq of the newest, or of 0 when none came since the room was cleared: then no audit row is
        written.
        """

    def search_messages(search: Search, below: int | None = None) -> Deferred[Found]:
        """Look for messages below a position, or from the newest on: a `chat.archive.Search`. A Deferred of the
        `chat.archive.Found`: at most `search.limit` of them, and not more than about `chat.messages.ROOM_BYTES`, but
        one at least, among the next SEEN_AT_ONCE of the room or of all. So there may be none, and more below. Messages
        of removed rooms are among them. Before a message that is not known, or is of another room, there are none.
        """

    def purge_messages(before: datetime, limit: int) -> Deferred[int]:
        """Take away for good, with their receipts, the oldest messages that there are, also of removed rooms: at most
        `limit`, and up to the first that was not published before that time. The floors of their rooms rise to them;
        markers and reports stay, and numbers go on. A Deferred of how many they were.
        """

    def create_room(new: NewRoom) -> Deferred[Room]:
        """Make a room with its owner, rules and timer, and make an owner known who is a newcomer, as `make_known` does.
        A Deferred of the `Room`.

        Fails with ChatError ROOM_ALREADY_EXISTS when a room of the channel has the name, case ignored, and with
        TOO_MANY_PRIVATE_ROOMS when the owner owns `new.owner_limit` temporary rooms already.
        """

    def discard_room(room_id: RoomId, at: datetime) -> Deferred[None]:
        """Take away, with its timers, a room that nobody was told of: its making was given up and may still have been
        written. Harmless when it was not, and for a room that was removed. A Deferred of None.
        """

    def rename_room(room: Room, name: str, audit: Audit) -> Deferred[None]:
        """Give a room another name. A Deferred of None; fails with ChatError ROOM_ALREADY_EXISTS when another room of
        the channel has it, case ignored, and with NO_SUCH_ROOM when the room was removed.
        """

    def remove_room(room: Room, audit: Audit) -> Deferred[bool]:
        """Take a room away for good, with its roles, members, rules, mutes, markers and timers; its messages stay.

        A Deferred of whether it was there.
        """

    def set_acls(place: Room | Channel, changes: Sequence[Acl], audit: Audit) -> Deferred[tuple[Acl, ...]]:
        """Set rules of a room or channel, each in place of the one of the same action and type; one with an empty value
        is taken away, and one that is there already stays what it is. A Deferred of all the rules that the place has
        then, in the order in which they came.

        Fails with ChatError INVALID_ACL_VALUE when they are too long together and longer than before, and with
        NO_SUCH_ROOM when the room was removed.
        """

    def set_timer(timer: Timer) -> Deferred[None]:
        """Keep a `chat.world.Timer`, in place of the one of the same kind and subject. A Deferred of None."""

    def cancel_timer(kind: str, subject: str) -> Deferred[None]:
        """Forget a timer, if it is there. A Deferred of None."""

    def add_tallies(joins: Mapping[RoomId, int], last_online: Mapping[UserId, datetime]) -> Deferred[None]:
        """Add to the rooms' numbers of joins, and set when users were last online. A Deferred of None."""

    def count_joins(room_ids: Sequence[RoomId]) -> Deferred[Mapping[RoomId, int]]:
        """A Deferred of how often each of the rooms was joined so far; unknown rooms and conversations are left out."""

    def last_online(user_ids: Sequence[UserId]) -> Deferred[Mapping[UserId, datetime]]:
        """A Deferred of when each of the users was last online; those who never were are left out."""

    def find_conversation(room_id: RoomId) -> Deferred[Conversation | None]:
        """A Deferred of the `chat.conversations.Conversation`, or None."""

    def conversation_among(owners: Set[UserId]) -> Deferred[Conversation | None]:
        """A Deferred of the conversation of these owners, or None."""

    def open_conversation(owners: Mapping[UserId, int], at: datetime) -> Deferred[Opened]:
        """Find or make the conversation of these owners, whose ids lead to their keys. A Deferred of
        `chat.conversations.Opened`.
        """

    def find_named(room: Room, ids: Sequence[MessageId]) -> Deferred[Sequence[Named]]:
        """A Deferred of the `chat.receipts.Named` of those of the messages that are the room's."""

    def acknowledge(ack: Acknowledgement) -> Deferred[None]:
        """Raise the receipts of private messages to the given one, never lower, and for READ move the user's marker in
        the room to the newest of the messages, never back. A Deferred of None.
        """

    def receipts_of(user_id: UserId, ids: Sequence[MessageId], asker: UserId) -> Deferred[Mapping[MessageId, Receipt]]:
        """A Deferred of what the user did with those of the messages that came in conversations of the user's and the
        asker's.
        """

    def unacknowledged(user: User, window: Window) -> Deferred[Sequence[Message]]:
        """A Deferred of the private messages in a `chat.receipts.Window` that the user has not acknowledged, oldest
        first, without deleted ones; not more than about `chat.messages.ROOM_BYTES`, but one at least.
        """

    def unread_messages(user: User, room: Room, limit: int) -> Deferred[Unread]:
        """A Deferred of the `chat.messages.Unread`: what others wrote above the user's marker, at most `limit` messages
        of the newest UNREAD_WITHIN.
        """

    def read_up_to(user: User, room: Room) -> Deferred[int]:
        """A Deferred of the seq of the newest message that the user has read in the room, 0 for none."""

    def record(audit: Audit) -> Deferred[None]:
        """Write an audit row for an act that changes nothing else in the store."""

    def purge_audits(before: datetime, limit: int) -> Deferred[int]:
        """Take away for good the oldest rows of the audit log: at most `limit`, and up to the first that was not
        written before that time. A Deferred of how many they were.
        """

    def put_role(grant: Grant, audit: Audit) -> Deferred[bool]:
        """Let a user have a role from now on. A Deferred of whether it had not been given before; only then the audit
        row is written. One that is declared can be given too, and then stays when it is declared no more. Fails with
        ChatError NO_SUCH_USER, NO_SUCH_CHANNEL, NO_SUCH_ROOM.
        """

    def end_role(grant: Grant, audit: Audit) -> Deferred[bool]:
        """Take a role away, with its audit row; a declared one until the next opening. A Deferred of whether it was
        there; only then the audit row is written. Fails with ChatError NO_SUCH_USER, NO_SUCH_CHANNEL, NO_SUCH_ROOM.
        """

    def list_keys() -> Deferred[tuple[StoredKey, ...]]:
        """A Deferred of all `chat.world.StoredKey`, by name."""

    def put_key(key: StoredKey, audit: Audit) -> Deferred[bool]:
        """Keep a key of a backend. A Deferred of whether there was none of that name; else nothing is written."""

    def end_key(name: str, audit: Audit) -> Deferred[bool]:
        """Take a key away. A Deferred of whether it was there; only then the audit row is written."""

    def put_sanctions(
        new: Sequence[Sanction],
        audits: Sequence[Audit],
        ended: Sequence[Sanction] = (),
        newcomers: Mapping[UserId, Identity] | None = None,
    ) -> Deferred[None]:
        """Set mutes and bans, replacing those of the same kind, user and place, with their audit rows; take away those
        that have ended, unless they were replaced. Before, make the newcomers known as `make_known` does. A Deferred of
        None; fails with ChatError NO_SUCH_ROOM when a room of the new ones was removed.
        """

    def end_sanction(sanction: Sanction, audit: Audit) -> Deferred[None]:
        """Take away the mute or ban of this kind, user and place, with its audit row. A Deferred of None; fails with
        ChatError NO_SUCH_ROOM when its room was removed.
        """

    def put_word(word: str, audit: Audit) -> Deferred[bool]:
        """Keep a word that is not to be said, with its audit row. A Deferred of whether it was not there yet; only then
        anything is written. Fails with ChatError VALIDATION_ERROR above `chat.words.WORDS_LIMIT`.
        """

    def end_words(words: Sequence[str], audit: Audit) -> Deferred[bool]:
        """Keep these words no more. A Deferred of whether any of them was there; only then the audit row is written."""

    def put_report(report: Report) -> Deferred[bool]:
        """Keep a `chat.moderation.Report`. A Deferred of whether its reporter had not reported the message before;
        else nothing is kept. Fails with ChatError NOT_ALLOWED for one above REPORTS_PER_DAY, and with NO_SUCH_ROOM
        when the room was removed.
        """

    def list_reports(limit: int, before: str | None = None) -> Deferred[tuple[Report, ...]]:
        """A Deferred of at most `limit` reports, the newest first, of those before the report of the id `before`."""
