"""Whatever stands in the configuration: it is taken, or it is refused with one line that names the file and the key."""

from __future__ import annotations

import copy
import datetime as dt
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet import reactor

from chat.config import Config
from chat.config_file import ENV_PREFIX, load, render
from chat.errors import ConfigError
from chat.service import ChatService

WHOLE: dict[str, Any] = tomllib.loads(render(Config()))
"""Every key with its default, and something in every list."""

WHOLE["auth"]["users"] = [{"id": "1001", "name": "alice", "token": "tok-1001", "attributes": {"age": "30"}}]
WHOLE["backend"]["keys"] = [{"name": "ops", "key": "secret", "scopes": ["read"]}]
RULES = [{"action": "join", "type": "age", "value": "18:"}]
WHOLE["channels"][0]["rooms"] += [{"id": "room", "name": "Other", "owners": ["1001"], "acls": RULES}]
WHOLE["matrix"]["homeserver"] = "x"
WHOLE_TEXT = tomli_w.dumps(WHOLE)
# Here anything may stand, so far.
FREE = {"matrix", "messenger", "plugins", "qiscus", "virola", ("auth", "http"), ("auth", "jwt"), ("auth", "redis")}
ENDPOINTS = """
tcp|tcp:|tcp:x|tcp:99999|tcp:-1:interface=127.0.0.1|tcp:0:interface=127.0.0.1:colour=red|unix:|unix:/nowhere/socket
tcp:0:interface=localhost:backlog=x|ssl:0:interface=127.0.0.1|ssl:0:interface=127.0.0.1:privateKey=/|stdio:|fd:5|\\|:
systemd:domain=INET:index=0|haproxy:tcp:x|tcp:0:interface=127.0.0.1\\
"""
URLS = """
sqlite|sqlite:|sqlite://|sqlite:///|sqlite:///:memory:|sqlite:///file:x?uri=true|sqlite:///a?timeout=x|sqlite:///a/
sqlite://host/a|sqlite://[x|sqlite:///a?|oracle://x/y|postgresql://u:p@h:port/d|://|?|#
"""
TEXTS = st.one_of(
    st.sampled_from((ENDPOINTS + URLS).replace("\n", "|").strip("|").split("|")),
    st.sampled_from(
        ["", " ", "\0", "a\nb", "\x1b[31m", "\u2028", "../..", "x" * 5000, "a` - at `$.limits", "` - at `$"]
    ),
    st.text(max_size=20),
)
NUMBERS = st.one_of(
    st.sampled_from([0, -1, 1, 2**31, 2**63, -(2**63), 2**64, 10**30, -(10**30), 10**400]),
    st.sampled_from([0.5, -0.0, float("nan"), float("inf"), float("-inf"), 1e308, 5e-324]),
)
MOMENTS = st.sampled_from([dt.date(2000, 1, 1), dt.time(1, 2), dt.datetime(2000, 1, 1, tzinfo=dt.UTC)])
JUNK: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.booleans(), NUMBERS, TEXTS, MOMENTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=5,
)


RUINS = st.sampled_from(
    [b"[" * 2000, b"x = " + b"[" * 2000, b".a" * 3000 + b" = 1", b"\xff", b"\xef\xbb\xbf", b"9" * 5000, b'"']
)
NAMES = st.builds(
    lambda parts: ENV_PREFIX + "__".join(parts),
    st.lists(st.sampled_from([*WHOLE, "URL", "KEYS", "BURST", "a\nb", ""]) | TEXTS, max_size=4),
)
WORDS = st.sampled_from(
    ["[" * 2000, "9" * 5000, "\udcff", "1\nother = 2", '[{name = "a", key = "\udcff"}]', "{", "nan"]
)
SETTINGS = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


def places(node: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to everything in the configuration."""
    if at:
        yield at
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from places(child, (*at, key))


def container(raw: Any, at: tuple[Any, ...]) -> Any:
    for key in at[:-1]:
        raw = raw[key]
    return raw


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """The whole configuration with something wrong in it, most likely."""
    raw = copy.deepcopy(WHOLE)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.sampled_from(list(places(raw))))
        inside = container(raw, at)
        action = draw(st.sampled_from(["replace", "replace", "add", "remove"]))
        if action == "remove" or at[:2] == ("plugins", "path"):
            del inside[at[-1]]
        elif action == "add" and isinstance(inside, dict):
            inside[draw(TEXTS)] = draw(JUNK)
        else:
            inside[at[-1]] = draw(JUNK)
    return raw


def try_all(file: Path, environment: dict[str, str] | None = None) -> None:
    """Read, check and print; a refusal has to be one line with the file and what is wrong with which key."""
    try:
        loaded = load(str(file), environment or {})
        tomllib.loads(render(loaded.config))
        ChatService(loaded, reactor)
    except ConfigError as refused:
        line = str(refused)
        assert line.isprintable()
        assert line.startswith((f"{file}: ", "environment CHAT__")), line


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wrong") / "chat.toml"


@given(raw=mutated())
@SETTINGS
def test_wrong_values(file: Path, raw: dict[str, Any]) -> None:
    file.write_bytes(tomli_w.dumps(raw).encode("utf-8", "surrogatepass"))
    try_all(file)


@given(at=st.integers(0, len(WHOLE_TEXT)), length=st.integers(0, 200), instead=st.binary(max_size=20) | RUINS)
@SETTINGS
def test_wrong_bytes(file: Path, at: int, length: int, instead: bytes) -> None:
    whole = WHOLE_TEXT.encode()
    file.write_bytes(whole[:at] + instead + whole[at + length :])
    try_all(file)


@given(environment=st.dictionaries(NAMES, TEXTS | WORDS, min_size=1, max_size=3))
@SETTINGS
def test_a_wrong_environment(file: Path, environment: dict[str, str]) -> None:
    file.write_text(WHOLE_TEXT, encoding="utf-8")
    try_all(file, environment)


def test_every_key_refuses_another_type(file: Path) -> None:
    """A table where none belongs, and something else where a table does."""
    for at in places(WHOLE):
        if at[0] in FREE or at[:2] in FREE:
            continue
        raw = copy.deepcopy(WHOLE)
        inside = container(raw, at)
        inside[at[-1]] = 1 if isinstance(inside[at[-1]], dict) else {"nonsense": 1}
        file.write_text(tomli_w.dumps(raw), encoding="utf-8")
        with pytest.raises(ConfigError) as refused:
            load(str(file), {})
        place = ".".join(part for part in at if isinstance(part, str)).replace("attributes.age", "attributes")
        assert re.sub(r"\[[^]]*\]", "", str(refused.value)).startswith(f"{file}: {place}: expected ")
