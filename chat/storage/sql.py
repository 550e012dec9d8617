"""The store over SQLAlchemy Core: reads in a thread pool on connections that cannot write, writes by group commit.

A method that is statements alone is a line here: `written_by` or `read_by` what a module of statements does.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from zope.interface import implementer

from chat.ichat import IStore
from chat.messages import Appended, Draft
from chat.receipts import Acknowledgement
from chat.storage import (
    conversing,
    forbidding,
    granting,
    housing,
    keying,
    people,
    purging,
    reading,
    receipting,
    reporting,
    revising,
    ruling,
    sanctioning,
    searching,
    tallying,
    timing,
)
from chat.storage.auditing import write_audit
from chat.storage.calls import read_by, written_by
from chat.storage.database import Database


@implementer(IStore)
class SqlStore(Database):
    """An `IStore` over one database."""

    # Users

    record_login = written_by(people.record_login)
    make_known = written_by(people.make_known)
    update_attributes = written_by(people.update_attributes)
    set_hidden = written_by(people.set_hidden)
    find_user = read_by(reading.find_user)
    find_users = read_by(reading.find_users)

    # Messages

    recent_messages = read_by(reading.recent_messages)
    messages_after = read_by(reading.messages_after)
    find_message = read_by(reading.find_message)
    search_messages = read_by(searching.search_messages)
    delete_message = written_by(revising.delete_message)
    delete_messages = written_by(revising.delete_messages)
    edit_message = written_by(revising.edit_message)
    clear_room = written_by(revising.clear_room)
    purge_messages = written_by(purging.purge_messages)

    # Conversations and receipts

    find_conversation = read_by(conversing.find_conversation)
    conversation_among = read_by(conversing.conversation_among)
    open_conversation = written_by(conversing.open_conversation)
    find_named = read_by(receipting.find_named)
    receipts_of = read_by(receipting.receipts_of)
    unacknowledged = read_by(receipting.unacknowledged)
    unread_messages = read_by(receipting.unread_messages)
    read_up_to = read_by(receipting.read_up_to)

    # Rooms

    create_room = written_by(housing.create_room)
    discard_room = written_by(housing.discard_room)
    rename_room = written_by(housing.rename_room)
    remove_room = written_by(housing.remove_room)
    set_acls = written_by(ruling.set_acls)
    set_timer = written_by(timing.set_timer)
    cancel_timer = written_by(timing.cancel_timer)
    add_tallies = written_by(tallying.add_tallies)
    count_joins = read_by(tallying.count_joins)
    last_online = read_by(tallying.last_online)

    # Moderation

    put_role = written_by(granting.put_role)
    end_role = written_by(granting.end_role)
    put_sanctions = written_by(sanctioning.put_sanctions)
    end_sanction = written_by(sanctioning.end_sanction)
    put_word = written_by(forbidding.put_word)
    end_words = written_by(forbidding.end_words)
    put_report = written_by(reporting.put_report)
    list_reports = read_by(reporting.list_reports)
    record = written_by(write_audit)
    purge_audits = written_by(purging.purge_audits)

    # Keys of backends

    list_keys = read_by(keying.load_keys)
    put_key = written_by(keying.put_key)
    end_key = written_by(keying.end_key)

    # What is written together with others of its kind

    def append_message(self, draft: Draft) -> Deferred[Appended]:
        """See `IStore`."""
        return self.write(draft)

    def acknowledge(self, ack: Acknowledgement) -> Deferred[None]:
        """See `IStore`."""
        return self.write(ack)

    def ping(self) -> Deferred[None]:
        """See `IStore`."""
        return self.write(lambda connection: None)
