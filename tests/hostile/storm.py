"""Very many examples of a strategy, one after the other; always the same ones for a seed."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider
from hypothesis.strategies import SearchStrategy, sampled_from, tuples
from twisted.internet.defer import Deferred
from twisted.internet.threads import blockingCallFromThread

from tests.hostile.arena import OPERATOR, STRANGER, USER, Arena
from tests.hostile.payloads import payloads
from tests.hostile.volleys import volleys


class Afresh(HypothesisProvider):
    """Draws every example afresh: what Hypothesis does by itself, half of them small and most of the others variations
    of those before, finds less with as many frames.
    """


AVAILABLE_PROVIDERS["afresh"] = Afresh
USERS = sampled_from([STRANGER, USER, USER, OPERATOR])
Example = TypeVar("Example")
# Hypothesis remembers what it tried: it begins anew before that counts as growth.
ROUND = 50


def storm(
    strategy: SearchStrategy[Example], act: Callable[[Example], None], number: int, is_enough: Callable[[], bool]
) -> None:
    """Call `act` with examples, in rounds, until it is enough. Of those that fail the smallest is shown."""
    while not is_enough():
        _round(strategy, act, number)
        number += 1_000_003


def _round(strategy: SearchStrategy[Example], act: Callable[[Example], None], number: int) -> None:
    @seed(number)
    @settings(
        max_examples=ROUND,
        deadline=None,
        backend="afresh",
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def each(example: Example) -> None:
        act(example)

    each()


def strike(arena: Arena, reactor: Any, number: int, frames: int) -> None:
    """So many more text frames for an arena. Not in the reactor's thread."""
    attacks = tuples(USERS, payloads(arena.seeds))
    storm(attacks, lambda attack: call(reactor, arena.strike, *attack), number, arena.tally.until(frames))


def batter(arena: Arena, reactor: Any, number: int, frames: int) -> None:
    """So many more frames in volleys for an arena. Not in the reactor's thread."""
    attacks = tuples(USERS, volleys())
    storm(attacks, lambda attack: call(reactor, arena.batter, *attack), number, arena.tally.until(frames))


def call(reactor: Any, function: Callable[..., Coroutine[Any, Any, Any]], *arguments: Any) -> Any:
    """Call a coroutine function in the reactor's thread from another one, and wait for its result."""

    def begin() -> Any:
        return Deferred.fromCoroutine(function(*arguments))

    return blockingCallFromThread(reactor, begin)
