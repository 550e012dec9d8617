"""Messages into the database: retries recognized, seq numbers given, three statements for all of a batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, NamedTuple

from msgspec import structs
from sqlalchemy import BigInteger, Connection, Dialect, bindparam, column, insert, select, update, values

from chat.errors import ChatError, ErrorCode
from chat.messages import Appended, Draft
from chat.model import Message, MessageId
from chat.storage.receipting import expect_receipts
from chat.storage.rowwise import OverRows
from chat.storage.schema import Key, PublicId, messages, rooms
from chat.times import from_ms, to_ms

RETRY_WINDOW = timedelta(hours=24)

_asked = (
    values(column("room", Key), column("author", Key), column("client_id", PublicId), name="asked")
    .data([(bindparam("room", type_=Key), bindparam("author", type_=Key), bindparam("client_id", type_=PublicId))])
    .cte("asked")
)
_is_asked = (
    (messages.c.room_key == _asked.c.room)
    & (messages.c.author_key == _asked.c.author)
    & (messages.c.client_id == _asked.c.client_id)
)
_find_tries = (
    select(
        messages.c.room_key,
        messages.c.author_key,
        messages.c.client_id,
        messages.c.client_digest,
        messages.c.key,
        messages.c.id,
        messages.c.seq,
        messages.c.published_ms,
    )
    .join_from(_asked, messages, _is_asked)
    .order_by(messages.c.key)
)

_counts = (
    values(column("room", Key), column("count", BigInteger), name="counts")
    .data([(bindparam("room", type_=Key), bindparam("count", type_=BigInteger))])
    .cte("counts")
)
# Servers that share a database lock its rooms in one order; otherwise they would end up waiting for each other.
_counted = (
    select(rooms.c.key, _counts.c.count)
    .join_from(_counts, rooms, rooms.c.key == _counts.c.room)
    .where(rooms.c.removed_ms.is_(None))
    .order_by(rooms.c.key)
    .with_for_update(of=rooms)
    .cte("counted")
)
_take_numbers = (
    update(rooms)
    .where(rooms.c.key == _counted.c.key)
    .values(head_seq=rooms.c.head_seq + _counted.c.count)
    .returning(rooms.c.key, rooms.c.head_seq)
)

_COLUMNS = ("id", "room_key", "seq", "author_key", "body", "published_ms", "client_id", "client_digest")
_insert = insert(messages).values({name: bindparam(name) for name in _COLUMNS}).returning(messages.c.id, messages.c.key)

_Mark = tuple[int, int, str] | MessageId


class _Try(NamedTuple):
    """A message that was stored under a client's id."""

    digest: bytes
    key: int
    id: MessageId
    seq: int
    published: datetime


class Appender:
    """Writes messages to databases of one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self._find_tries = OverRows(_find_tries, dialect)
        self._take_numbers = OverRows(_take_numbers, dialect)
        self._insert = OverRows(_insert, dialect)

    def append_many(self, connection: Connection, drafts: Sequence[Draft]) -> list[Appended | ChatError]:
        """Store the drafts in their order; what a retry repeats is not stored again. Results in the same order."""
        marks = [_mark(draft) for draft in drafts]
        tries = self._earlier_tries(connection, drafts)
        fresh: dict[_Mark, Draft] = {}
        for mark, draft in zip(marks, drafts, strict=True):
            if mark not in tries:
                fresh.setdefault(mark, draft)
        stored = dict(zip(fresh, self._store(connection, tuple(fresh.values())), strict=True))
        return [
            stored[mark]
            if fresh.get(mark) is draft
            else _repeat(draft, tries.get(mark) or _as_try(fresh[mark], stored[mark]))
            for mark, draft in zip(marks, drafts, strict=True)
        ]

    def _earlier_tries(self, connection: Connection, drafts: Sequence[Draft]) -> dict[_Mark, _Try]:
        """What earlier tries stored within the window, which is cut off here: asked for it, SQLite would read all of a
        room's last day instead of using the index of these ids.
        """
        since_ms = {
            (draft.room.key, draft.author.key, draft.client_id): to_ms(draft.published - RETRY_WINDOW)
            for draft in drafts
            if draft.client_id is not None
        }
        found = self._find_tries.run(connection, list(since_ms))
        return {
            (room, author, client_id): _Try(digest, key, public_id, seq, from_ms(published_ms))
            for room, author, client_id, digest, key, public_id, seq, published_ms in found
            if published_ms > since_ms[room, author, client_id]
        }

    def _store(self, connection: Connection, drafts: Sequence[Draft]) -> list[Appended | ChatError]:
        following = self._take_numbers_for(connection, drafts)
        numbered = [(draft, next(following[draft.room.key])) for draft in drafts if draft.room.key in following]
        keys = dict(self._insert.run(connection, [_row(draft, seq) for draft, seq in numbered]))
        _expect_receipts(connection, drafts, keys)
        stored = {draft.id: Appended(_message(draft, keys[draft.id], seq)) for draft, seq in numbered}
        return [stored.get(draft.id) or ChatError(ErrorCode.NO_SUCH_ROOM) for draft in drafts]

    def _take_numbers_for(self, connection: Connection, drafts: Sequence[Draft]) -> dict[int, Iterator[int]]:
        """Per room the numbers of its drafts. A removed room has none."""
        counts = Counter(draft.room.key for draft in drafts)
        heads = self._take_numbers.run(connection, sorted(counts.items()))
        return {room: iter(range(head - counts[room] + 1, head + 1)) for room, head in heads}


def _mark(draft: Draft) -> _Mark:
    """What a retry shares with the first try."""
    return draft.id if draft.client_id is None else (draft.room.key, draft.author.key, draft.client_id)


def _expect_receipts(connection: Connection, drafts: Sequence[Draft], keys: Mapping[MessageId, int]) -> None:
    expected = [(keys[draft.id], draft.recipients) for draft in drafts if draft.recipients and draft.id in keys]
    if expected:
        expect_receipts(connection, expected, to_ms(drafts[0].published))


def _digest(draft: Draft) -> bytes:
    """What a retry has to repeat. No body has a NUL."""
    content = draft.body.encode()
    return blake2b(b"\0".join((content, draft.rest)) if draft.rest else content, digest_size=16).digest()


def _as_try(draft: Draft, result: Appended | ChatError) -> _Try | ChatError:
    """The first try of this very batch."""
    if isinstance(result, ChatError):
        return result
    message = result.message
    return _Try(_digest(draft), message.key, message.id, message.seq, message.published)


def _repeat(draft: Draft, first: _Try | ChatError) -> Appended | ChatError:
    if isinstance(first, ChatError):
        return first
    if first.digest != _digest(draft):
        return ChatError(ErrorCode.VALIDATION_ERROR, "object.id was used for another message")
    message = _message(draft, first.key, first.seq)
    return Appended(structs.replace(message, id=first.id, published=first.published), repeated=True)


def _row(draft: Draft, seq: int) -> tuple[Any, ...]:
    """The values of _COLUMNS."""
    digest = None if draft.client_id is None else _digest(draft)
    published_ms = to_ms(draft.published)
    return draft.id, draft.room.key, seq, draft.author.key, draft.body, published_ms, draft.client_id, digest


def _message(draft: Draft, key: int, seq: int) -> Message:
    return Message(
        key=key,
        id=draft.id,
        room_id=draft.room.id,
        seq=seq,
        author=draft.author,
        body=draft.body,
        published=draft.published,
    )
