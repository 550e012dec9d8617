"""Mutes and bans in force, kept in memory beside the store; they end by themselves when their time is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack
from datetime import datetime
from math import ceil
from typing import Final, Generic, TypeVar

from chat.activities import RoomRef
from chat.agenda import Agenda
from chat.coroutines import Turns
from chat.errors import ChatError, ErrorCode
from chat.events import BanNotice, MuteNotice
from chat.ichat import IStore
from chat.model import Ban, BanScope, Channel, Mute, Room, RoomId, SanctionPlace, UserId
from chat.moderation import Audit
from chat.plugin import Identity
from chat.times import utc_now

# How many more that have ended are forgotten at once than are set: a write stays short, whatever has ended by then.
ENDED_LIMIT = 100
Kind = TypeVar("Kind", Mute, Ban)
Newcomers = Mapping[UserId, Identity]
# An attribute of an enum costs more than the look that it is for.
_ROOM, _CHANNEL, _EVERYWHERE = BanScope.ROOM.value, BanScope.CHANNEL.value, (BanScope.GLOBAL.value, "")


class Sanctions(Generic[Kind]):
    """Sanctions that have not ended, one for each user and place.

    They end by `seconds`, which only go on, where it can be told also while the machine sleeps: a wall clock that is
    set neither ends one early nor brings one back that has ended. How long one still lasts is reckoned by the wall
    clock once, when it comes here: across a restart the wall clock's time of the end is all there is.
    """

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._places: dict[SanctionPlace, dict[UserId, Kind]] = {}
        self._places_of: dict[UserId, dict[SanctionPlace, None]] = {}
        self._ends: Agenda[tuple[str, str, str], float] = Agenda()
        self._turns = Turns()

    def alone(self, those: Iterable[tuple[str, str, str]]) -> AbstractAsyncContextManager[None]:
        """Whoever changes sanctions is alone with these (scope, id of the place and of the user) from the look at the
        former ones until the new ones are here: what is replaced is what was looked at.
        """
        return self._turns.of(those)

    def load(self, sanctions: Iterable[Kind], now: datetime) -> None:
        """Take those that the store holds."""
        for sanction in sanctions:
            self.put(sanction, now)

    async def keep(
        self, store: IStore, new: Sequence[Kind], audits: Sequence[Audit], newcomers: Newcomers | None = None
    ) -> None:
        """Set sanctions in the store and here, all or none, also of those who become known by them, and forget in both
        what has ended, as far as ENDED_LIMIT goes; the rest goes with the next ones. Raises NO_SUCH_ROOM, StorageError;
        then nothing is forgotten either.
        """
        ended = self.take_ended(len(new) + ENDED_LIMIT)
        with ExitStack() as failing:
            failing.callback(self.put_back, ended)
            await store.put_sanctions(new, audits, ended, newcomers)
            failing.pop_all()
        for sanction in new:
            self.put(sanction, utc_now())

    def put(self, sanction: Kind, now: datetime) -> None:
        """Set a sanction in place of the user's former one there. `now` is the wall clock's time."""
        self._take(sanction)
        end = self._seconds() + (sanction.until - now).total_seconds()
        self._ends.put((*sanction.place, sanction.user_id), end)

    def end(self, place: SanctionPlace, user_id: UserId) -> None:
        """Take a sanction away, if there is one."""
        self._ends.take_off((*place, user_id))
        self._forget(place, user_id)

    def forget(self, place: SanctionPlace) -> None:
        """The place is gone."""
        for user_id in tuple(self._places.get(place, ())):
            self.end(place, user_id)

    def take_ended(self, limit: int) -> tuple[Kind, ...]:
        """Forget those that ended first, at most `limit`, and return them, to be forgotten in the store too."""
        due = self._ends.take_due(self._seconds(), limit)
        ended = [self._forget((scope, target_id), UserId(user_id)) for scope, target_id, user_id in due]
        return tuple(one for one in ended if one is not None)

    def put_back(self, ended: Iterable[Kind]) -> None:
        """The store did not forget these, which have ended all the same: they are to be taken again, unless they were
        replaced meanwhile.
        """
        for one in ended:
            scope, target_id = one.place
            key = scope, target_id, one.user_id
            if self._ends.get(key) is None:
                self._take(one)
                self._ends.put(key, self._seconds())

    def get(self, place: SanctionPlace, user_id: UserId) -> Kind | None:
        """The sanction in force on the user there."""
        sanctioned = self._places.get(place)
        sanction = None if sanctioned is None else sanctioned.get(user_id)
        return sanction if sanction is not None and self._left_s(sanction) > 0 else None

    def seconds_left(self, sanction: Kind) -> int:
        """How long a sanction in force still lasts, in whole seconds."""
        return ceil(self._left_s(sanction))

    def at(self, place: SanctionPlace) -> list[Kind]:
        """Those in force at a place."""
        return [sanction for sanction in self._places.get(place, {}).values() if self._left_s(sanction) > 0]

    def places(self) -> list[SanctionPlace]:
        """Where there are any."""
        return list(self._places)

    def of_user(self, user_id: UserId) -> list[Kind]:
        """Those in force on a user, at all places."""
        found = (self.get(place, user_id) for place in self._places_of.get(user_id, ()))
        return [sanction for sanction in found if sanction is not None]

    def _left_s(self, sanction: Kind) -> float:
        end = self._ends.get((*sanction.place, sanction.user_id))
        return 0 if end is None else end - self._seconds()

    def _take(self, sanction: Kind) -> None:
        self._places.setdefault(sanction.place, {})[sanction.user_id] = sanction
        self._places_of.setdefault(sanction.user_id, {})[sanction.place] = None

    def _forget(self, place: SanctionPlace, user_id: UserId) -> Kind | None:
        sanctioned = self._places.get(place)
        if sanctioned is None or user_id not in sanctioned:
            return None
        places = self._places_of[user_id]
        del places[place]
        if not places:
            del self._places_of[user_id]
        sanction = sanctioned.pop(user_id)
        if not sanctioned:
            del self._places[place]
        return sanction


class Mutes(Sanctions[Mute]):
    """The mutes that have not ended."""

    def of(self, user_id: UserId, room_id: RoomId) -> Mute | None:
        """The mute that keeps the user from speaking in the room now."""
        return self.get((_ROOM, room_id), user_id)

    def check(self, user_id: UserId, room: Room) -> None:
        """Raise USER_IS_BANNED, with the whole seconds that are left and the reason, for who is muted in the room."""
        mute = self.of(user_id, room.id)
        if mute is None:
            return
        notice = MuteNotice(
            published=utc_now(),
            seconds_left=str(self.seconds_left(mute)),
            reason=mute.reason,
            room=RoomRef.of(room),
        )
        raise ChatError(ErrorCode.USER_IS_BANNED, "muted in this room", notice=notice)

    def in_room(self, room_id: RoomId) -> list[Mute]:
        """The mutes of a room."""
        return self.at((_ROOM, room_id))

    def forget_room(self, room_id: RoomId) -> None:
        """The room is gone."""
        self.forget((_ROOM, room_id))


class Bans(Sanctions[Ban]):
    """The bans that have not ended."""

    def of(self, user_id: UserId, channel: Channel | None = None, room: Room | None = None) -> Ban | None:
        """The ban that keeps the user out of the room, of its channel, or of the server: the one that reaches the
        farthest.
        """
        if not self._places:
            return None
        ban = self.get(_EVERYWHERE, user_id)
        if ban is None and channel is not None:
            ban = self.get((_CHANNEL, channel.id), user_id)
        if ban is None and room is not None:
            ban = self.get((_ROOM, room.id), user_id)
        return ban

    def check(self, user_id: UserId, channel: Channel | None = None, room: Room | None = None) -> None:
        """Raise USER_IS_BANNED, with the ban, for who is kept out of one of these, or of the server."""
        ban = self.of(user_id, channel, room)
        if ban is not None:
            named = {BanScope.ROOM: room, BanScope.CHANNEL: channel}.get(ban.scope)
            raise self.refusal(ban, None if named is None else named.name)

    def refusal(self, ban: Ban, target_name: str | None = None) -> ChatError:
        """What a banned user is answered: the ban, with the whole seconds that are left of it."""
        notice = BanNotice(
            published=utc_now(),
            seconds_left=str(self.seconds_left(ban)),
            reason=ban.reason,
            target_kind=ban.scope.value,
            target_id=ban.target_id or None,
            target_name=target_name,
        )
        return ChatError(ErrorCode.USER_IS_BANNED, _TEXTS[ban.scope], notice=notice)


_TEXTS: Final = {
    BanScope.ROOM: "banned from this room",
    BanScope.CHANNEL: "banned from this channel",
    BanScope.GLOBAL: "banned from this server",
}
