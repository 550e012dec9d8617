"""Access rules: what may be set, what is refused and where, and whom they let."""

from __future__ import annotations

import pytest

from chat.acl import ACTIONS, OF_MESSAGES, TYPES, Asked, Subject, check_rule, condition_of, first_failing, usual_types
from chat.errors import ChatError, ErrorCode
from chat.model import Acl

ALICE = Subject({"age": "30", "gender": "f", "membership": "vip", "spoken_language": "EN,de"}, frozenset({"moderator"}))


@pytest.mark.parametrize(
    ("kind", "value", "lets"),
    [
        ("age", "25:45", True),
        ("age", "30:30", True),
        ("age", "31:", False),
        ("age", ":29", False),
        ("age", ":45", True),
        ("gender", "f", True),
        ("gender", "m,f", True),
        ("gender", "m", False),
        ("country", "de", False),
        ("spoken_language", "fr,De", True),
        ("spoken_language", "fr", False),
        ("moderator", "", True),
        ("owner", "y", False),
        ("disallow", "", False),
        ("custom", "gender=f", True),
        ("custom", "gender=!f", False),
        ("custom", "country=!de", False),
        ("custom", "moderator=y", True),
        ("custom", "moderator=!y", False),
        ("custom", "age=35:|gender=f,membership=normal", False),
        ("custom", "age=35:|gender=f,membership=!normal", True),
        ("custom", "(age=35:|gender=f),membership=!normal", True),
        ("custom", "gender=f|age=35:,membership=normal", True),
        ("custom", "(gender=f|age=35:),membership=normal", False),
    ],
)
def test_whom_a_rule_lets(kind: str, value: str, lets: bool) -> None:
    assert condition_of(kind, value)(ALICE) is lets
    assert (first_failing([Asked.of(Acl("join", kind, value))], ALICE) is None) is lets


@pytest.mark.parametrize("age", ["", "old", "²", "-30", "30 ", "9" * 5000])
def test_an_age_that_is_no_number_fits_nowhere(age: str) -> None:
    """Nor is it outside of a range: what says nothing is as what is missing."""
    subject = Subject({"age": age}, frozenset())
    for kind, value in (("age", "0:"), ("custom", "age=0:"), ("custom", "age=!25:30")):
        assert not condition_of(kind, value)(subject)


@pytest.mark.parametrize("blank", ["", " ", None])
@pytest.mark.parametrize("rule", ["gender=!f", "membership=!vip", "spoken_language=!de", "age=!1:2"])
def test_what_is_blank_or_missing_fails_negated_too(rule: str, blank: str | None) -> None:
    attributes = {} if blank is None else {rule.partition("=")[0]: blank}
    assert not condition_of("custom", rule)(Subject(attributes, frozenset()))


def test_all_rules_of_an_action_have_to_hold() -> None:
    rules = [Acl("join", "gender", "f"), Acl("join", "age", "40:"), Acl("join", "disallow", "")]
    assert first_failing(map(Asked.of, rules), ALICE) == rules[1]
    assert first_failing(map(Asked.of, rules[:1]), ALICE) is None


def test_a_rule_that_cannot_be_read_holds_for_nobody() -> None:
    broken = Acl("join", "custom", "gender=!!m")
    assert first_failing([Asked.of(broken)], ALICE) == broken


@pytest.mark.parametrize(
    ("kind", "value", "at"),
    [
        ("custom", "", 1),
        ("custom", "gender", 7),
        ("custom", "gender=", 8),
        ("custom", "gender=f|", 10),
        ("custom", "gender=f,,", 10),
        ("custom", "gender=F", 8),
        ("custom", "!gender=f", 1),
        ("custom", "(gender=f", 10),
        ("custom", "gender=f)", 9),
        ("custom", "((gender=f))", 2),
        ("custom", "()", 2),
        ("custom", "gender=!!f", 9),
        ("custom", "gender=f age=3:", 9),
        ("custom", "age=3:|custom=x", 8),
        ("custom", "disallow=y", 1),
        ("custom", "gender=f,age=45:25", 10),
        ("custom", "moderator=n", 1),
    ],
)
def test_a_custom_rule_says_where_it_is_wrong(kind: str, value: str, at: int) -> None:
    with pytest.raises(ChatError, match=f"at character {at}: ") as refused:
        condition_of(kind, value)
    assert refused.value.code is ErrorCode.INVALID_ACL_VALUE


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("age", ""),
        ("age", ":"),
        ("age", "30"),
        ("age", "45:25"),
        ("age", "a:b"),
        ("age", "-1:"),
        ("age", "1:2:3"),
        ("age", "²:"),
        ("age", "9999999999:"),
        ("gender", ""),
        ("gender", "f,"),
        ("crossroom", "yes"),
        *((kind, value) for kind in ("samechannel", "sameroom") for value in ("yes", "N", " n", "no", "nope")),
        ("custom", "gender=f|" * 200),
    ],
)
def test_values_that_are_refused(kind: str, value: str) -> None:
    with pytest.raises(ChatError) as refused:
        condition_of(kind, value)
    assert refused.value.code is ErrorCode.INVALID_ACL_VALUE


@pytest.mark.parametrize(
    ("place", "action", "kind", "code"),
    [
        ("room", "whisper", "age", ErrorCode.INVALID_ACL_ACTION),
        ("channel", "join", "age", ErrorCode.INVALID_ACL_ACTION),
        ("room", "join", "wings", ErrorCode.INVALID_ACL_TYPE),
        ("room", "join", "samechannel", ErrorCode.INVALID_ACL_TYPE),
        ("room", "kick", "age", ErrorCode.INVALID_ACL_TYPE),
    ],
)
def test_what_may_not_be_set(place: str, action: str, kind: str, code: ErrorCode) -> None:
    with pytest.raises(ChatError) as refused:
        check_rule(place, Acl(action, kind, "1:"), {"room.kick": ("gender",)})
    assert refused.value.code is code


def test_what_may_be_set() -> None:
    values = {"age": "1:", "crossroom": "y", "samechannel": "n", "sameroom": "y", "custom": "gender=f"}
    for place, actions in ACTIONS.items():
        for action in actions:
            for kind in usual_types(action):
                check_rule(place, Acl(action, kind, values.get(kind, "x")), {})
    assert TYPES - usual_types("join") == OF_MESSAGES
    assert usual_types("message") == TYPES
