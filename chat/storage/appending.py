"""Messages into the database: retries recognized, seq numbers given, one insert for all of a batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from hashlib import blake2b
from typing import Any

from msgspec import structs
from sqlalchemy import Connection, bindparam, insert, select, update

from chat.errors import ChatError, ErrorCode
from chat.messages import Appended, Draft
from chat.model import Message
from chat.storage.schema import messages, rooms
from chat.times import from_ms, to_ms

RETRY_WINDOW = timedelta(hours=24)

_take_numbers = (
    update(rooms)
    .where(rooms.c.key == bindparam("room"), rooms.c.removed_ms.is_(None))
    .values(head_seq=rooms.c.head_seq + bindparam("count"))
    .returning(rooms.c.head_seq)
)
_insert = insert(messages).returning(messages.c.key, sort_by_parameter_order=True)
_find_tries = (
    select(
        messages.c.key,
        messages.c.id,
        messages.c.seq,
        messages.c.published_ms,
        messages.c.client_id,
        messages.c.client_digest,
    )
    .where(
        messages.c.room_key == bindparam("room"),
        messages.c.author_key == bindparam("author"),
        messages.c.client_id.in_(bindparam("ids", expanding=True)),
        messages.c.published_ms > bindparam("since"),
    )
    .order_by(messages.c.key)
)

_Try = tuple[int, int, str]


def append_many(connection: Connection, drafts: Sequence[Draft]) -> list[Appended | ChatError]:
    """Store the drafts in their order; what a retry repeats is not stored again. Results in the order of the drafts."""
    known = _earlier_tries(connection, drafts)
    first_of: dict[_Try, int] = {}
    fresh: list[int] = []
    for index, draft in enumerate(drafts):
        mark = _mark(draft)
        if mark is None or (mark not in known and first_of.setdefault(mark, index) == index):
            fresh.append(index)
    stored = _store(connection, [drafts[index] for index in fresh])
    results: dict[int, Appended | ChatError] = dict(zip(fresh, stored, strict=True))
    for index, draft in enumerate(drafts):
        if index not in results:
            mark = _mark(draft)
            assert mark is not None
            results[index] = _repeat(draft, known[mark]) if mark in known else _again(draft, results[first_of[mark]])
    return [results[index] for index in range(len(drafts))]


def _mark(draft: Draft) -> _Try | None:
    return None if draft.client_id is None else (draft.room.key, draft.author.key, draft.client_id)


def _digest(body: str) -> bytes:
    return blake2b(body.encode(), digest_size=16).digest()


def _earlier_tries(connection: Connection, drafts: Sequence[Draft]) -> dict[_Try, tuple[dict[str, Any], bytes]]:
    """The messages that earlier tries stored, by their mark, as the members that differ and the content's digest."""
    asked: dict[tuple[int, int], list[str]] = {}
    for draft in drafts:
        if draft.client_id is not None:
            asked.setdefault((draft.room.key, draft.author.key), []).append(draft.client_id)
    known = {}
    for (room, author), ids in asked.items():
        since = to_ms(drafts[0].published - RETRY_WINDOW)
        for row in connection.execute(_find_tries, {"room": room, "author": author, "ids": ids, "since": since}):
            members = {"key": row.key, "id": row.id, "seq": row.seq, "published": from_ms(row.published_ms)}
            known[room, author, row.client_id] = members, row.client_digest
    return known


def _again(draft: Draft, first: Appended | ChatError) -> Appended | ChatError:
    """What a retry comes to whose first try is in this very batch."""
    if isinstance(first, ChatError):
        return first
    message = first.message
    members = {"key": message.key, "id": message.id, "seq": message.seq, "published": message.published}
    return _repeat(draft, (members, _digest(message.body)))


def _repeat(draft: Draft, earlier: tuple[dict[str, Any], bytes]) -> Appended | ChatError:
    members, digest = earlier
    if digest != _digest(draft.body):
        return ChatError(ErrorCode.VALIDATION_ERROR, "object.id was used for another message")
    return Appended(structs.replace(_message(draft, 0, 0), **members), repeated=True)


def _store(connection: Connection, drafts: Sequence[Draft]) -> list[Appended | ChatError]:
    following = _take_seqs(connection, drafts)
    numbered: list[tuple[Draft, int]] = []
    for draft in drafts:
        if draft.room.key in following:
            numbered.append((draft, following[draft.room.key]))
            following[draft.room.key] += 1
    if not numbered:
        return [ChatError(ErrorCode.NO_SUCH_ROOM) for _ in drafts]
    keys = connection.execute(_insert, [_row(draft, seq) for draft, seq in numbered]).scalars()
    stored = iter([Appended(_message(draft, key, seq)) for (draft, seq), key in zip(numbered, keys, strict=True)])
    return [next(stored) if draft.room.key in following else ChatError(ErrorCode.NO_SUCH_ROOM) for draft in drafts]


def _take_seqs(connection: Connection, drafts: Sequence[Draft]) -> dict[int, int]:
    """Per room the first of as many numbers as it has drafts; a removed room is not among them."""
    first = {}
    for room, count in sorted(Counter(draft.room.key for draft in drafts).items()):
        last = connection.execute(_take_numbers, {"room": room, "count": count}).scalar()
        if last is not None:
            first[room] = last - count + 1
    return first


def _row(draft: Draft, seq: int) -> dict[str, Any]:
    return {
        "id": draft.id,
        "room_key": draft.room.key,
        "seq": seq,
        "author_key": draft.author.key,
        "body": draft.body,
        "published_ms": to_ms(draft.published),
        "client_id": draft.client_id,
        "client_digest": None if draft.client_id is None else _digest(draft.body),
    }


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
