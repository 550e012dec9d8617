"""What a reload takes over, and what it says of the rest."""

from __future__ import annotations

import re
from pathlib import Path

from chat.config import Auth, Backend, BackendKey, Config, Content, Limits, Log, StaticUser
from chat.reloading import RELOADED, changed_keys, with_reloaded


def test_what_changed_is_named() -> None:
    old = Config(plugins={"disable": ["a"], "join": {"colour": "red"}})
    assert changed_keys(old, old) == []
    new = Config(
        environment="live",
        limits=Limits(burst=41),
        auth=Auth(users=(StaticUser(id="a", token="t"),)),
        log=Log(level="warn"),
        plugins={"disable": ["b"], "join": {"colour": "blue"}, "leave": {}},
    )
    changed = {"environment", "limits.burst", "auth.users", "log.level"}
    assert set(changed_keys(old, new)) == changed | {"plugins.disable", "plugins.join.colour", "plugins.leave"}
    assert set(changed_keys(new, old)) == set(changed_keys(old, new))


def test_what_is_taken_over_is_what_is_said_to_be() -> None:
    keys = (BackendKey(name="a", key="k"),)
    content = Content(blacklist=("bad",), restricted_names=())
    log = Log(level="debug", format="json")
    new = Config(environment="live", log=log, backend=Backend(keys=keys), content=content)
    old = Config()
    taken = with_reloaded(old, new)
    assert set(changed_keys(old, taken)) == RELOADED
    assert set(changed_keys(taken, new)) == {"environment", "content.restricted_names"}


def test_what_is_taken_over_is_documented() -> None:
    page = (Path(__file__).parents[1] / "docs" / "operating.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| (.*) \| .* \|$", page.partition("\n## Reload\n")[2].partition("\n## ")[0], re.MULTILINE)
    assert set(re.findall(r"`([a-z]+\.[a-z]+)`", "\n".join(table))) == RELOADED
