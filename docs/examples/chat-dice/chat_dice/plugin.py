"""Dice: a user rolls them in a room, everybody there hears what came, and after a roll the user has to pause.

The guard only looks and the observer only remembers; what they share is `LastRolls`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from secrets import randbelow
from typing import Annotated

from msgspec import Meta, Struct
from zope.interface import implementer

from chat.activities import RoomRef, UserRef
from chat.audiences import Audience, InRoom
from chat.errors import ChatError, ErrorCode
from chat.events import Event, UserDisconnected
from chat.ichat import IGuard, IObserver, IVerb
from chat.model import RoomId
from chat.plugin import Context, Contribution, Outcome, Phase, Plugin, Requires, Services
from chat.slots import Activity, At


class DiceOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """The section `[plugins.dice]`."""

    max_dice: Annotated[int, Meta(ge=1, le=100)] = 10
    pause_s: Annotated[float, Meta(ge=0)] = 5


class Roll(Activity, frozen=True):
    """The request: a room, how many dice, and how many sides each has."""

    room_id: Annotated[RoomId, At("target.id", missing=ErrorCode.MISSING_TARGET_ID, limit=64)]
    dice: Annotated[int, At("object.dice")] = 1
    sides: Annotated[int, At("object.sides")] = 6


class Rolled(Event, frozen=True, kw_only=True):
    """The fact, and the reply to whoever rolled: what each die shows, and the sum."""

    wire = "gn_rolled"
    constants = {"verb": "roll"}

    user: Annotated[UserRef, At("actor")]
    room: Annotated[RoomRef, At("target")]
    faces: Annotated[str, At("object.content", text=True)]
    total: Annotated[int, At("object.total")]

    def audience(self) -> tuple[Audience, ...]:
        """The room's sessions."""
        return (InRoom(RoomId(self.room.id)),)


@implementer(IVerb)
class RollVerb:
    """Rolls dice in a room. Raises NO_SUCH_ROOM, USER_NOT_IN_ROOM, VALIDATION_ERROR."""

    event = "roll"
    verbs = ("roll",)
    reply_event = "gn_roll"
    request = Roll
    requires = Requires.LOGGED_IN

    def __init__(self, options: DiceOptions, services: Services) -> None:
        self._max_dice = options.max_dice
        self._places = services.places

    async def handle(self, context: Context, request: Roll) -> Outcome:
        """See `IVerb`."""
        room = self._places.occupied(context.caller, request.room_id).room
        if not (1 <= request.dice <= self._max_dice and 2 <= request.sides <= 100):
            raise ChatError(ErrorCode.VALIDATION_ERROR, f"1 to {self._max_dice} dice of 2 to 100 sides, please")
        faces = [randbelow(request.sides) + 1 for _ in range(request.dice)]
        rolled = Rolled(
            published=context.now,
            user=UserRef.of(context.caller),
            room=RoomRef.of(room),
            faces=" ".join(map(str, faces)),
            total=sum(faces),
        )
        return Outcome(rolled, events=(rolled,))


class LastRolls:
    """When each user rolled last, in `seconds()`."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self.seconds = seconds
        self.by_user: dict[str, float] = {}


@implementer(IGuard)
class PauseGuard:
    """Refuses a roll that comes too soon after the user's last one with RATE_LIMITED and the seconds left."""

    name = "dice-pause"
    phase = Phase.CUSTOM
    verbs = frozenset({RollVerb.event})

    def __init__(self, options: DiceOptions, last: LastRolls) -> None:
        self._pause_s = options.pause_s
        self._last = last

    async def check(self, context: Context, request: Roll) -> None:
        """See `IGuard`."""
        last = self._last.by_user.get(context.caller.id)
        if last is not None and (left := last + self._pause_s - self._last.seconds()) > 0:
            raise ChatError(ErrorCode.RATE_LIMITED, "let the dice cool down", extra={"retry_after_s": ceil(left)})


@implementer(IObserver)
class RollObserver:
    """Remembers who rolled, and forgets who is gone."""

    name = "dice-rolls"
    events = (Rolled, UserDisconnected)

    def __init__(self, last: LastRolls) -> None:
        self._last = last

    async def observe(self, event: Rolled | UserDisconnected) -> None:
        """See `IObserver`."""
        if isinstance(event, Rolled):
            self._last.by_user[event.user.id] = self._last.seconds()
        else:
            self._last.by_user.pop(event.user.id, None)


def build(options: DiceOptions, services: Services) -> Contribution:
    """The parts of this plugin, for one server: what they keep is kept in them, never in the module."""
    last = LastRolls(services.seconds)
    return Contribution(
        verbs=(RollVerb(options, services),),
        guards=(PauseGuard(options, last),),
        observers=(RollObserver(last),),
    )


plugin = Plugin("dice", build, DiceOptions)
