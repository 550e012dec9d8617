"""Commands one after the other: every reply, and what every session hears, is what the model says.

The histories are few, and the same in every run. CHAT_MODEL_EXAMPLES=1000 in the environment makes it look at so many
that differ from run to run.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from .cast import CHANNEL_IDS, USERS, Rules
from .play import Play, Step
from .stage import Template, effort, run, stage

NAMES = ("Alpha", " Alpha ", "\uff21LPHA", "Beta", "beta", "Gamma", "Delta", "General", "twin", "Closed")
BAD_NAMES = ("Admins", "admin", "ab", "a b", "a\u0308b", "Al\u200bpha", "x" * 121)
# Everybody is in one room, and two have a second session that is in none.
EVERYBODY: list[Step] = [
    *(("arrive", number, "", {}, False) for number in (*range(len(USERS)), 1, 4)),
    *(("join", number, 0) for number in range(len(USERS))),
]

who = some.integers(0, 11)
where = some.integers(0, 23) | some.integers(0, 4)
user = some.integers(0, len(USERS) - 1)
name = some.sampled_from([*NAMES, *NAMES, *BAD_NAMES])
channel = some.sampled_from(CHANNEL_IDS)
attributes = some.fixed_dictionaries({}, optional={"age": some.sampled_from(["17", "30"]), "avatar": some.just("a")})
dress = (some.sampled_from(["", "Zed", "abe"]), attributes, some.sampled_from([False, False, True]))


def step(verb: str, *parts: some.SearchStrategy[Any]) -> some.SearchStrategy[Step]:
    return some.tuples(some.just(verb), *parts)


STEPS = {
    step("arrive", user, *dress): 4,
    step("knock"): 1,
    step("login", who, user, *dress): 2,
    step("intrude", who, user): 1,
    step("lose", who): 2,
    step("vanish", who): 2,
    step("bye", who): 1,
    step("status", who, some.sampled_from(["online", "online", "online", "invisible", "invisible", "offline"])): 5,
    step("update", who, some.none() | where, some.sampled_from(["avatar", "is_streaming", "age"]), some.just("x")): 2,
    step("join", who, where): 10,
    step("join_named", who, name): 2,
    step("leave", who, where): 5,
    step("leave_named", who, where): 1,
    step("create", who, channel, name, some.booleans()): 3,
    step("found", who, channel, name, some.booleans()): 4,
    step("rename", who, where, name): 2,
    step("respell", who, where): 1,
    step("remove", who, where): 2,
    step("list_rooms", who, channel): 2,
    step("users_in_room", who, where, some.none() | some.integers(0, 4), some.none() | some.integers(0, 5)): 2,
    step("message", who, where, some.sampled_from(["hi", "ho"]), some.none() | some.sampled_from(["1", "2"])): 5,
    step("history", who, where, some.sampled_from(["newest", "after", "since"]), some.integers(0, 9)): 2,
    step("wait", some.sampled_from([1, 60, 130, 90_000])): 2,
    step("restart", some.sampled_from([0, 60, 130])): 1,
}
HISTORIES = some.lists(
    some.sampled_from([strategy for strategy, weight in STEPS.items() for _ in range(weight)]).flatmap(lambda one: one),
    min_size=60,
    max_size=120,
)
RULES = some.tuples(
    some.sampled_from(["owner", "owner", "empty"]), some.sampled_from([0, 0, 3]), some.sampled_from([2, 50])
).map(lambda choice: Rules(*choice))


@effort(examples=20)
@given(RULES, HISTORIES)
def test_the_server_agrees_with_the_model(template: Template, rules: Rules, steps: list[Step]) -> None:
    run(perform(template, rules, steps))


async def perform(template: Template, rules: Rules, steps: list[Step]) -> None:
    with stage(template, rules) as made:
        play = Play(made, template, rules)
        try:
            for one in [*EVERYBODY, *steps]:
                await play.take(one)
            await play.audit()
        finally:
            await made.server.stop()
