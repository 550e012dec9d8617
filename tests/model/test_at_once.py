"""Commands of many sessions at the same time: no order is promised between them, yet everybody's picture is right.

The histories are few, and the same in every run. CHAT_MODEL_EXAMPLES=1000 in the environment makes it look at so many
that differ from run to run.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from .cast import USERS, Rules
from .rush import Rush, Step
from .stage import Template, effort, run, stage
from .verdict import check_after_stop, judge

NAMES = ("Alpha", "alpha", "Beta", "Gamma", "Delta", "Epsilon", "Zeta", "Eta")
EVERYBODY: list[Step] = [
    *(("arrive", user_id) for user_id in (*USERS, "ann", "mod", "owen")),
    *(("join", number, where) for number in range(2, 10) for where in (0, number)),
]

who = some.integers(0, 11)
where = some.integers(0, 11)


def step(verb: str, *parts: some.SearchStrategy[Any]) -> some.SearchStrategy[Step]:
    return some.tuples(some.just(verb), *parts)


STEPS = {
    step("breathe"): 6,
    step("arrive", some.sampled_from(USERS)): 1,
    step("lose", who): 1,
    step("watch", where): 3,
    step("join", who, where): 10,
    step("join_named", who, some.sampled_from(NAMES)): 2,
    step("leave", who, where): 5,
    step("message", who, where): 15,
    step("status", who, some.sampled_from(["online", "online", "online", "invisible", "offline"])): 3,
    step("create", who, some.sampled_from(NAMES)): 3,
    step("rename", who, where, some.sampled_from(NAMES)): 1,
    step("remove", who, where): 1,
    step("users_in_room", who, where): 1,
    step("history", who, where): 1,
}
ROUNDS = some.lists(
    some.lists(
        some.sampled_from([strategy for strategy, weight in STEPS.items() for _ in range(weight)]).flatmap(
            lambda one: one
        ),
        min_size=10,
        max_size=40,
    ),
    min_size=3,
    max_size=5,
)
RULES = some.builds(
    partial(Rules, users_shown=200),
    until=some.sampled_from(["owner", "empty"]),
    large_room=some.sampled_from([2, 50]),
)


@effort(examples=12)
@given(RULES, ROUNDS)
def test_what_happens_at_the_same_time_leaves_nobody_with_a_wrong_picture(
    template: Template, rules: Rules, rounds: list[list[Step]]
) -> None:
    run(perform(template, rules, rounds))


async def perform(template: Template, rules: Rules, rounds: list[list[Step]]) -> None:
    with stage(template, rules) as made:
        rush = Rush(made)
        try:
            rush.begin()
            await rush.answers()
            for steps in [EVERYBODY, *rounds[:-1]]:
                await rush.play(steps)
                await rush.answers()
                await judge(rush)
            await rush.play(rounds[-1])
            await rush.stop()
            await check_after_stop(rush)
        finally:
            await made.server.stop()
