"""REST: GET /history, GET /latest-history, POST /full-history."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct
from zope.interface import implementer

from chat.archive import Reading, Record, Search
from chat.errors import ChatError, ErrorCode
from chat.ichat import IEndpoint
from chat.model import MessageId
from chat.plugin import Context, Contribution, NoOptions, Plugin, Scope, Services
from chat.rest import GivenId, Page, RoomChoice, user_id_of
from chat.texts import base64_of
from chat.times import rfc3339

# How many messages a call gives at the most, besides ROOM_BYTES of text.
PAGE_LIMIT = 5_000
USUAL_SPAN = timedelta(days=7)

Time = Annotated[datetime, Meta(tz=True)]
Limit = Annotated[int, Meta(ge=1)]


class HistoryBody(RoomChoice, frozen=True, kw_only=True):
    """Which room, and which of its messages: from when to when, the latter not included. `before`: what came before
    this message alone. `limit`: about so many, whatever `from_time` and `user_id` say.
    """

    from_time: Time | None = None
    to_time: Time | None = None
    before: MessageId | None = None
    user_id: GivenId | None = None
    limit: Limit | None = None


@implementer(IEndpoint)
class GetHistory:
    """What was said in a room, the newest first. Without times the last seven days; with one of them seven days to its
    other side. At most PAGE_LIMIT messages and about 2 MiB of text: where there are more, `"more": true` stands beside
    `data`, and `before` the last of these goes on. So does its `timestamp` as `to_time`: without `before` an answer has
    all messages of the second that it ends with, above `limit` too, up to as many and as much text again.
    """

    method = "GET"
    path = "history"
    scope = Scope.READ
    body = HistoryBody

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: HistoryBody) -> Page:
        """See `IEndpoint`."""
        room = body.room(self._services.rooms)
        if body.limit is not None:
            limit = min(body.limit, PAGE_LIMIT)
            search = Search(room=room, until=body.to_time, before=body.before, limit=limit)
            return await shown(self._services, search, whole_second=body.before is None)
        author = None if body.user_id is None else await self._services.users.known(user_id_of(body.user_id))
        since, until = span(body.from_time, body.to_time, caller.now)
        search = Search(room=room, author=author, since=since, until=until, before=body.before, limit=PAGE_LIMIT)
        return await shown(self._services, search, whole_second=body.before is None)


class LatestBody(RoomChoice, frozen=True, kw_only=True):
    """Which room, and how many messages: without `limit` as many as a join shows."""

    limit: Limit | None = None


@implementer(IEndpoint)
class GetLatestHistory:
    """The newest messages of a room, the newest first: at most PAGE_LIMIT and about 2 MiB of text. Where there are
    more, `"more": true` stands beside `data`, and GET /history goes on with `limit` and `before` the last of these.
    """

    method = "GET"
    path = "latest-history"
    scope = Scope.READ
    body = LatestBody

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: LatestBody) -> Page:
        """See `IEndpoint`."""
        room = body.room(self._services.rooms)
        limit = body.limit or self._services.config.history.limit
        return await shown(self._services, Search(room=room, limit=min(limit, PAGE_LIMIT)))


class FullHistoryBody(Struct, frozen=True, kw_only=True):
    """Whose messages: all, or those between two times, or those that came before a message."""

    user_id: GivenId
    from_time: Time | None = None
    to_time: Time | None = None
    before: MessageId | None = None


@implementer(IEndpoint)
class PostFullHistory:
    """Everything that a user wrote, in rooms and privately, the newest first. The target of a private message is the
    other owner of the conversation; where there are several, it is the conversation. At most PAGE_LIMIT messages and
    about 2 MiB of text: where there are more, `"more": true` stands beside `data`, and `before` the last of these goes
    on; so does its `timestamp` as `to_time`, for without `before` an answer has all of the second that it ends with, up
    to as many and as much text again.
    """

    method = "POST"
    path = "full-history"
    scope = Scope.MODERATE
    body = FullHistoryBody

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: FullHistoryBody) -> Page:
        """See `IEndpoint`."""
        if (body.from_time is None) != (body.to_time is None):
            raise ChatError(ErrorCode.VALIDATION_ERROR, "from_time and to_time: give both or neither")
        _check_order(body.from_time, body.to_time)
        author = await self._services.users.known(user_id_of(body.user_id))
        search = Search(author=author, since=body.from_time, until=body.to_time, before=body.before, limit=PAGE_LIMIT)
        return await shown(self._services, search, whole_second=body.before is None)


def span(since: datetime | None, until: datetime | None, now: datetime) -> tuple[datetime, datetime | None]:
    """From when to when, with what is usual for a time that is not named. Raises VALIDATION_ERROR."""
    _check_order(since, until)
    try:
        if since is None:
            return (until or now) - USUAL_SPAN, until
        return since, until or since + USUAL_SPAN
    except OverflowError:
        raise ChatError(ErrorCode.VALIDATION_ERROR, "from_time and to_time: the years are 1 to 9999") from None


def _check_order(since: datetime | None, until: datetime | None) -> None:
    if since is not None and until is not None and since > until:
        raise ChatError(ErrorCode.VALIDATION_ERROR, "from_time is after to_time")


async def shown(services: Services, search: Search, *, whole_second: bool = False) -> Page:
    """The messages as JSON, which is made of each bit as it is found, so that no turn of the reactor takes long."""
    reading = Reading(services.store, search, whole_second=whole_second)
    parts = [part async for bit in reading.bits() for part in _encoded(bit)]
    return Page(Raw(b"[" + b",".join(parts) + b"]"), await reading.has_more())


def _encoded(records: Iterable[Record]) -> Iterable[bytes]:
    return map(msgspec.json.encode, map(_entry, records))


def _entry(record: Record) -> dict[str, Any]:
    message, place = record.message, record.place
    target_id, target_name = _target(record)
    return {
        "message_id": message.id,
        "from_user_id": message.author.id,
        "from_user_name": base64_of(message.author.name),
        "target_id": target_id,
        "target_name": base64_of(target_name),
        "channel_id": place.channel_id,
        "channel_name": base64_of(place.channel_name),
        "body": base64_of(message.body),
        "domain": "private" if place.is_private else "room",
        "timestamp": rfc3339(message.published),
        "deleted": message.deleted,
    }


def _target(record: Record) -> tuple[str, str]:
    place, author = record.place, record.message.author
    if not place.is_private:
        return place.id, place.name
    others = [owner for owner in place.owners if owner[0] != author.id] or [(author.id, author.name)]
    return others[0] if len(others) == 1 else (place.id, place.name)


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(endpoints=(GetHistory(services), GetLatestHistory(services), PostFullHistory(services)))


plugin = Plugin("rest-history", build)
