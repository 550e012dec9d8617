"""How often rooms were joined, and when users were last online. Counted in memory and written a little later, many at
once: a process that is killed loses what it counted within the last moment. Who was online then was not seen going:
they keep the time of the session before until they go the next time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chat.ichat import IStore
from chat.model import RoomId, UserId

WRITE_EVERY_S = 1.0


class Tallies:
    """Writes what was counted at most WRITE_EVERY_S later; what could not be written is tried again."""

    log = Logger()

    def __init__(self, store: IStore, clock: IReactorTime) -> None:
        self._store = store
        self._clock = clock
        self._joins: Counter[RoomId] = Counter()
        self._last_online: dict[UserId, datetime] = {}
        self._timer: Any = None
        self._under_way = 0
        self._is_stopped = False

    def stop(self) -> None:
        """Write nothing any more unless told to."""
        self._is_stopped = True
        self._stop_timer()

    def joined(self, room_id: RoomId) -> None:
        """A user came into a room."""
        self._joins[room_id] += 1
        self._write_soon()

    def went_offline(self, user_id: UserId, at: datetime) -> None:
        """A user was online until now, and seen."""
        self._last_online[user_id] = at
        self._write_soon()

    async def joins(self, room_ids: Sequence[RoomId]) -> Mapping[RoomId, int]:
        """How often each of the rooms was joined so far; unknown rooms are left out. Raises StorageError."""
        await self.write()
        found: Mapping[RoomId, int] = await self._store.count_joins(room_ids)
        return found

    async def last_online(self, user_ids: Sequence[UserId]) -> Mapping[UserId, datetime]:
        """When each of the users was last online; those who never were are left out. Raises StorageError."""
        await self.write()
        found: Mapping[UserId, datetime] = await self._store.last_online(user_ids)
        return found

    async def write(self) -> None:
        """Return when all that was counted is written. Raises StorageError; then it is kept for the next time."""
        self._stop_timer()
        joins, last_online = self._joins, self._last_online
        if not joins and not last_online:
            if self._under_way:
                await self._store.ping()
            return
        self._joins, self._last_online = Counter(), {}
        self._under_way += 1
        try:
            await self._store.add_tallies(joins, last_online)
        except BaseException:
            self._joins.update(joins)
            self._last_online = last_online | self._last_online
            self._write_soon()
            raise
        finally:
            self._under_way -= 1

    def _stop_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _write_soon(self) -> None:
        if self._timer is None and not self._is_stopped:
            self._timer = self._clock.callLater(WRITE_EVERY_S, self._write_now)

    def _write_now(self) -> None:
        self._timer = None
        Deferred.fromCoroutine(self.write()).addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        self.log.error("joins and last times online could not be written: {reason}", reason=failure.getErrorMessage())
