"""Messages that are looked for by room, author and time, bit by bit from the newest on.

Neither author nor time has an index, which every message would pay for. Both the keys of all messages and the numbers
of a room's grow with the time: so a time is found among them by halving, and for an author each read looks through so
many and not more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from sys import getsizeof
from typing import Any

from sqlalchemy import ColumnElement, Connection, CursorResult, Row, Select, select, true

from chat.archive import CLOCK_SLACK, SEEN_AT_ONCE, Found, Record, Search, Whereabouts
from chat.messages import ROOM_BYTES
from chat.model import RoomId, RoomKind, User, UserId
from chat.storage.reading import message_of, messages_and_authors
from chat.storage.schema import channels, memberships, messages, rooms, users
from chat.times import to_ms

_SLACK_MS = round(CLOCK_SLACK.total_seconds() * 1000)
_records: Select[Any] = (
    messages_and_authors.add_columns(
        rooms.c.key.label("room_key"),
        rooms.c.id.label("room_id"),
        rooms.c.name.label("room_name"),
        rooms.c.kind,
        channels.c.id.label("channel_id"),
        channels.c.name.label("channel_name"),
    )
    .join(rooms, messages.c.room_key == rooms.c.key)
    .outerjoin(channels, rooms.c.channel_key == channels.c.key)
)
_Owners = dict[int, tuple[tuple[UserId, str], ...]]


def search_messages(connection: Connection, search: Search, below: int | None = None) -> Found:
    """See `IStore`."""
    line = _Line(connection, search)
    below = line.begin() if below is None else below
    floor = max(line.lowest, below - SEEN_AT_ONCE)
    rows, reached = _bit(line.rows(floor, below), search.limit, floor)
    return Found(tuple(_records_of(connection, rows)), reached if line.goes_on(reached) else None)


class _Line:
    """The messages of a room by their numbers, or all messages by their keys: the positions on a line."""

    def __init__(self, connection: Connection, search: Search) -> None:
        self._connection = connection
        self._search = search
        self._at = messages.c.key if search.room is None else messages.c.seq
        self._here: ColumnElement[bool] = true() if search.room is None else messages.c.room_key == search.room.key
        self._all = select(self._at).where(self._here)
        self.lowest: int = connection.execute(self._all.order_by(self._at).limit(1)).scalar() or 0

    def begin(self) -> int:
        """The position below which all is that is looked for."""
        search = self._search
        highest: int = self._connection.execute(self._all.order_by(self._at.desc()).limit(1)).scalar() or 0
        below = highest + 1
        if search.before is not None:
            found = self._connection.execute(self._all.where(messages.c.id == search.before)).scalar()
            below = self.lowest if found is None else found
        return below if search.until is None else self._first_after(to_ms(search.until) + _SLACK_MS, below)

    def rows(self, floor: int, below: int) -> CursorResult[Any]:
        """What is looked for between two positions, the newest first."""
        query = _records.add_columns(self._at.label("position")).where(self._here, *self._wanted())
        within = (self._at >= floor) & (self._at < below)
        return self._connection.execute(query.where(within).order_by(self._at.desc()).limit(self._search.limit))

    def goes_on(self, position: int) -> bool:
        """Whether something that is looked for may lie below a position."""
        if position <= self.lowest:
            return False
        return self._search.since is None or self._published(position) >= to_ms(self._search.since) - _SLACK_MS

    def _first_after(self, moment_ms: int, end: int) -> int:
        """The first position, up to an end, of a message that was published after a time."""
        low = self.lowest
        while low < end:
            middle = (low + end) // 2
            if self._published(middle) > moment_ms:
                end = middle
            else:
                low = middle + 1
        return low

    def _published(self, position: int) -> int:
        """When the first message from a position on was published; where there is none, later than any time."""
        query = select(messages.c.published_ms).where(self._here, self._at >= position).order_by(self._at).limit(1)
        found: int | None = self._connection.execute(query).scalar()
        return 2**63 if found is None else found

    def _wanted(self) -> Iterator[ColumnElement[bool]]:
        search = self._search
        if search.author is not None:
            yield messages.c.author_key == search.author.key
        if search.since is not None:
            yield messages.c.published_ms >= to_ms(search.since)
        if search.until is not None:
            yield messages.c.published_ms < to_ms(search.until)
        if search.is_live:
            yield messages.c.deleted_ms.is_(None) & (messages.c.seq > rooms.c.cleared_seq)


def _bit(rows: CursorResult[Any], limit: int, floor: int) -> tuple[list[Row[Any]], int]:
    """Not more of the rows than have about ROOM_BYTES, but one at least, and the position that they reach down to."""
    found: list[Row[Any]] = []
    left_bytes = ROOM_BYTES
    with closing(rows):
        for row in rows:
            left_bytes -= getsizeof(row.body)
            if found and left_bytes < 0:
                return found, found[-1].position
            found.append(row)
    return found, found[-1].position if len(found) == limit else floor


def _records_of(connection: Connection, rows: Iterable[Row[Any]]) -> Iterator[Record]:
    authors: dict[int, User] = {}
    owners = _owners(connection, {row.room_key for row in rows if row.kind == RoomKind.CONVERSATION.value})
    places: dict[int, Whereabouts] = {}
    for row in rows:
        place = places.get(row.room_key)
        if place is None:
            place = places[row.room_key] = _place(row, owners)
        yield Record(message_of(row, RoomId(row.room_id), authors), place)


def _owners(connection: Connection, room_keys: Iterable[int]) -> _Owners:
    found: dict[int, list[tuple[UserId, str]]] = defaultdict(list)
    query = select(memberships.c.room_key, users.c.id, users.c.name).join_from(memberships, users)
    if room_keys:
        for row in connection.execute(query.where(memberships.c.room_key.in_(room_keys)).order_by(users.c.id)):
            found[row.room_key].append((UserId(row.id), row.name))
    return {room_key: tuple(owners) for room_key, owners in found.items()}


def _place(row: Row[Any], owners: _Owners) -> Whereabouts:
    if row.kind == RoomKind.CONVERSATION.value:
        return Whereabouts(row.room_id, row.room_name, is_private=True, owners=owners.get(row.room_key, ()))
    return Whereabouts(row.room_id, row.room_name, row.channel_id or "", row.channel_name or "")
