"""REST: POST /mute, DELETE /mute, GET /muted."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Raw
from zope.interface import implementer

from chat.ichat import IEndpoint
from chat.model import Mute, UserId
from chat.plugin import Context, Contribution, NoOptions, Outcome, Plugin, Scope, Services
from chat.requests import ListMutes, MutePlan, Mutes, MuteUsers, UnmuteUser
from chat.rest import (
    DONE,
    GivenId,
    RoomChoice,
    check_number,
    entry_of,
    naming_user,
    short_text_of,
    user_id_of,
    user_ids_of,
)
from chat.texts import base64_of
from chat.times import rfc3339


class MuteEntry(RoomChoice, frozen=True, kw_only=True):
    """How a user is to be muted and by whom; a duration is needed."""

    duration: str = ""
    reason: str | None = None
    muter_user_id: GivenId | None = None


@implementer(IEndpoint)
class PostMute:
    """Mutes the users that are the keys of the body, all or none: whether all entries make sense is looked at first,
    then whether they may be, and the first that does not do is told.
    """

    method = "POST"
    path = "mute"
    scope = Scope.MODERATE
    body = dict[UserId, Annotated[Raw, Meta(extra={"entry": MuteEntry})]]

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: dict[UserId, Raw]) -> dict[str, str]:
        """See `IEndpoint`."""
        check_number(len(body))
        plans = tuple(self._plan(caller, user_id, raw) for user_id, raw in body.items())
        await self._services.dispatch(caller, MuteUsers(plans))
        return DONE

    def _plan(self, caller: Context, user_id: UserId, raw: Raw) -> MutePlan:
        with naming_user(user_id):
            entry = entry_of(raw, MuteEntry)
            return MutePlan(
                user_id=user_id,
                room_id=entry.room(self._services.rooms).id,
                duration=entry.duration,
                reason=short_text_of(entry.reason, "reason"),
                actor_id=user_id_of(entry.muter_user_id) if entry.muter_user_id else caller.actor.id,
            )


class UnmuteBody(RoomChoice, frozen=True, kw_only=True):
    """Whose mute is to end."""

    user_id: GivenId


@implementer(IEndpoint)
class DeleteMute:
    """Ends a mute."""

    method = "DELETE"
    path = "mute"
    scope = Scope.MODERATE
    body = UnmuteBody

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: UnmuteBody) -> dict[str, str]:
        """See `IEndpoint`."""
        room = body.room(self._services.rooms)
        await self._services.dispatch(caller, UnmuteUser(user_id_of(body.user_id), room.id))
        return DONE


class MutedBody(RoomChoice, frozen=True, kw_only=True):
    """Whose mutes: those of a room, or those of users, at most ASK_LIMIT (`users` is the original's name)."""

    user_ids: tuple[GivenId, ...] = ()
    users: tuple[GivenId, ...] = ()


@implementer(IEndpoint)
class GetMuted:
    """Lists mutes in force: by user for a room; by user and room for users."""

    method = "GET"
    path = "muted"
    scope = Scope.READ
    body = MutedBody

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: MutedBody) -> dict[str, Any]:
        """See `IEndpoint`."""
        if given := body.user_ids or body.users:
            user_ids = user_ids_of(given)
            found = await self._mutes(caller, ListMutes(user_ids=user_ids))
            shown: dict[str, Any] = {user_id: {} for user_id in user_ids}
            for mute in found:
                shown[mute.user_id][mute.room_id] = self._entry(mute)
            return shown
        room = body.room(self._services.rooms)
        found = await self._mutes(caller, ListMutes(room_id=room.id))
        return {mute.user_id: {"room_id": mute.room_id} | self._entry(mute) for mute in found}

    async def _mutes(self, caller: Context, request: ListMutes) -> tuple[Mute, ...]:
        outcome: Outcome = await self._services.dispatch(caller, request)
        assert isinstance(outcome.reply, Mutes)
        return outcome.reply.mutes

    def _entry(self, mute: Mute) -> dict[str, str]:
        return {
            "room_name": base64_of(self._services.rooms.room(mute.room_id).name),
            "muter_user_id": mute.actor_id,
            "duration": mute.duration,
            "reason": base64_of(mute.reason),
            "timestamp": rfc3339(mute.until),
        }


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(endpoints=(PostMute(services), DeleteMute(services), GetMuted(services)))


plugin = Plugin("rest-mute", build)
