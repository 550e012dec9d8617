"""Custom access rules against an evaluator that knows nothing of the parser, and malformed ones against a table of what
may follow what.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import ascii_lowercase

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as some

from chat.acl import ATTRIBUTES, STANDINGS, Subject, check_rule, condition_of
from chat.acl_grammar import LENGTH_LIMIT
from chat.errors import ChatError, ErrorCode
from chat.model import Acl

Attributes = Mapping[str, str]

# Rules and those whom they are asked about

WORDS = ("f", "m", "de", "en", "vip", "1", "25", "y", "en_gb")
VALUES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(ATTRIBUTES, WORDS),
    "age": ("18:", ":25", "25:46", "30:30", "0:", ":0"),
    **dict.fromkeys(STANDINGS, ("y",)),
}
MINE: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(ATTRIBUTES, (*WORDS, "", " ")),
    "age": ("17", "18", "25", "30", "46", "47", "0", "old", "", "-1"),
    "spoken_language": ("de", "EN,de", " fr , De", "", " , ", "en_gb"),
}
a_comparison = some.sampled_from(sorted(VALUES)).flatmap(
    lambda kind: some.tuples(some.just(kind), some.sampled_from(["=", "=!"]), some.sampled_from(VALUES[kind])).map(
        "".join
    )
)


def joined(part: some.SearchStrategy[str], most: int) -> some.SearchStrategy[str]:
    more = some.lists(some.tuples(some.sampled_from("|,"), part).map("".join), max_size=most)
    return some.tuples(part, more.map("".join)).map("".join)


a_rule = joined(some.one_of(a_comparison, joined(a_comparison, 3).map("({})".format)), 4)
some_attributes = some.fixed_dictionaries({}, optional={kind: some.sampled_from(mine) for kind, mine in MINE.items()})
some_standings = some.frozensets(some.sampled_from(sorted(STANDINGS)))


# The evaluator: it cuts the text where it is to be cut


def naive(text: str, attributes: Attributes, standings: frozenset[str]) -> bool:
    return any(all(naive_part(part, attributes, standings) for part in cut(one, ",")) for one in cut(text, "|"))


def naive_part(text: str, attributes: Attributes, standings: frozenset[str]) -> bool:
    if text.startswith("("):
        return naive(text[1:-1], attributes, standings)
    kind, value = text.split("=")
    wants = not value.startswith("!")
    if kind in STANDINGS:
        return (kind in standings) == wants
    if not is_something(kind, attributes.get(kind, "")):
        return False
    return naive_comparison(kind, value.lstrip("!"), attributes[kind]) == wants


def is_something(kind: str, mine: str) -> bool:
    """An attribute that says nothing is as one that is missing."""
    return mine.isdigit() if kind == "age" else any(part.strip() for part in mine.split(","))


def naive_comparison(kind: str, value: str, mine: str) -> bool:
    if kind == "spoken_language":
        return value in [one.strip().lower() for one in mine.split(",")]
    if kind != "age":
        return mine == value
    low, high = value.split(":")
    return int(low or 0) <= int(mine) <= int(high or 999)


def cut(text: str, at: str) -> list[str]:
    """The text between those characters that are not in parentheses."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == at and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


@settings(max_examples=500)
@given(text=a_rule, attributes=some_attributes, standings=some_standings)
def test_a_rule_means_what_a_naive_reading_says(text: str, attributes: Attributes, standings: frozenset[str]) -> None:
    assume(len(text) <= LENGTH_LIMIT)
    check_rule("room", Acl("join", "custom", text), {})
    assert condition_of("custom", text)(Subject(attributes, standings)) is naive(text, attributes, standings)


@pytest.mark.parametrize("kind", sorted(MINE))
def test_every_comparison_with_every_attribute(kind: str) -> None:
    for value in VALUES[kind]:
        for mine in MINE[kind]:
            for text in (f"{kind}={value}", f"{kind}=!{value}"):
                said = condition_of("custom", text)(Subject({kind: mine}, frozenset()))
                assert said is naive(text, {kind: mine}, frozenset()), (text, mine)


# What may follow what. Where the table has no way on, something is wrong at that character.

START, TYPE, EQUALS, NOT, VALUE, CLOSED = "start", "type", "=", "!", "value", ")"
FOLLOWS = {
    (START, "("): START, (START, "letter"): TYPE,
    (TYPE, "letter"): TYPE, (TYPE, "="): EQUALS,
    (EQUALS, "!"): NOT, (EQUALS, "letter"): VALUE, (EQUALS, "digit"): VALUE,
    (NOT, "letter"): VALUE, (NOT, "digit"): VALUE,
    (VALUE, "letter"): VALUE, (VALUE, "digit"): VALUE, (VALUE, "joint"): START, (VALUE, ")"): CLOSED,
    (CLOSED, "joint"): START,
}  # fmt: skip
KINDS = dict.fromkeys(ascii_lowercase + "_", "letter") | dict.fromkeys("0123456789:", "digit")
KINDS |= dict.fromkeys("|,", "joint")


def where_it_is_wrong(text: str) -> int | None:
    """The number of the first character that is wrong, or with which a comparison begins that cannot be."""
    state, is_inside, begun = START, False, 0
    for number, character in enumerate([*text, "the end"]):
        after = FOLLOWS.get((state, KINDS.get(character, character)))
        if character == ("(" if is_inside else ")"):
            after = None
        if state == START:
            begun = number
        if state == VALUE and after != VALUE and not can_be(text[begun:number]):
            return begun + 1
        if after is None:
            is_whole = character == "the end" and state in (VALUE, CLOSED) and not is_inside
            return None if is_whole else number + 1
        state, is_inside = after, (is_inside or character == "(") and character != ")"
    raise AssertionError("nothing follows the end")


def can_be(comparison: str) -> bool:
    kind, value = comparison.replace("=!", "=").split("=")
    if kind in STANDINGS:
        return value == "y"
    if kind != "age":
        return kind in ATTRIBUTES
    low, colon, high = value.partition(":")
    if not all(re.fullmatch("[0-9]{0,9}", one) for one in (low, high)):
        return False
    return colon == ":" and (low + high) != "" and int(low or 0) <= int(high or 10**9)


anything = some.one_of(some.sampled_from("|,()=!:_ageA0 \n"), some.characters(exclude_categories=["Cs"]))
a_slip = some.tuples(some.integers(0, 60), some.integers(0, 3), some.text(anything, max_size=3))
slips = some.lists(a_slip, min_size=1, max_size=3)

nested = joined(some.one_of(a_comparison, a_rule.map("({})".format)), 1)


def slipped(text: str, slips: list[tuple[int, int, str]]) -> str:
    """The text with some characters out, and others in."""
    for place, out, other in slips:
        at = place % (len(text) + 1)
        text = text[:at] + other + text[at + out :]
    return text


@settings(max_examples=1000)
@given(text=some.one_of(some.builds(slipped, a_rule, slips), nested, some.text(anything, max_size=30)))
def test_a_malformed_rule_is_refused_where_it_is_wrong(text: str) -> None:
    """What is not refused means what it says."""
    assume(text.strip() and len(text) <= LENGTH_LIMIT)
    wrong = where_it_is_wrong(text)
    if wrong is None:
        check_rule("room", Acl("join", "custom", text), {})
        assert condition_of("custom", text)(Subject({}, frozenset())) is naive(text, {}, frozenset())
        return
    with pytest.raises(ChatError, match=f"^at character {wrong}: ") as refused:
        check_rule("room", Acl("join", "custom", text), {})
    assert refused.value.code is ErrorCode.INVALID_ACL_VALUE


@given(kind=some.sampled_from(sorted(ATTRIBUTES | STANDINGS)), value=some.text(max_size=20), attributes=some_attributes)
def test_what_is_accepted_never_fails_later(kind: str, value: str, attributes: Attributes) -> None:
    try:
        check_rule("room", Acl("join", kind, value), {})
    except ChatError as refusal:
        assert refusal.code is ErrorCode.INVALID_ACL_VALUE
    else:
        assert condition_of(kind, value)(Subject(attributes, frozenset())) in (True, False)
