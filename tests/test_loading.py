"""Finding plugins: what is found, what is refused and in which words."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import chat.plugins
from chat import loading
from chat.config import Config
from chat.errors import ConfigError

GOOD = """
from chat.plugin import Contribution, Plugin

plugin = Plugin("{name}", lambda options, services: Contribution())
"""
WITHOUT_NAME = """
from twisted.plugin import IPlugin
from zope.interface import implementer
from chat.ichat import IChatPlugin

@implementer(IPlugin, IChatPlugin)
class Misfit:
    name = "misfit"

    def build(self, options, services):
        return None

plugin = Misfit()
"""


class Folder:
    """A folder with plugin modules that the configuration names."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def put(self, module: str, text: str) -> None:
        (self.path / f"{module}.py").write_text(text, encoding="utf-8")

    def config(self, **lists: Any) -> Config:
        return Config(plugins={"path": [str(self.path)]} | lists)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    yield Folder(tmp_path)
    for name in [name for name in sys.modules if name.startswith("chat.plugins.t_")]:
        del sys.modules[name]


def test_every_module_of_ours_is_a_plugin() -> None:
    modules = {path.stem for path in Path(chat.plugins.__file__).parent.glob("*.py")} - {"__init__"}
    found = loading.load(Config())
    assert {one.source.rpartition(".")[2] for one in found} == modules
    assert all(one.own and one.enabled and not one.error for one in found)


def test_a_foreign_plugin_is_off_until_enabled(folder: Folder) -> None:
    folder.put("t_foreign", GOOD.format(name="foreign"))
    assert "foreign" not in [one.name for one in loading.load(folder.config())]
    (foreign,) = [one for one in loading.load(folder.config(enable=["foreign"])) if one.name == "foreign"]
    assert foreign.enabled
    assert not foreign.own
    assert foreign.source == str(folder.path / "t_foreign.py")


def test_a_folder_is_for_one_server_alone(folder: Folder) -> None:
    folder.put("t_foreign", GOOD.format(name="foreign"))
    assert "foreign" in [one.name for one in loading.find(folder.config())]
    assert "foreign" not in [one.name for one in loading.find(Config())]


def test_a_plugin_can_be_disabled() -> None:
    assert "history" not in [one.name for one in loading.load(Config(plugins={"disable": ["history"]}))]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("1 +", "SyntaxError"),
        ("raise ValueError('first\\nsecond')", "ValueError: first"),
        ("x = 1", "the module has no plugin"),
    ],
)
def test_a_module_that_brings_no_plugin(folder: Folder, text: str, reason: str) -> None:
    folder.put("t_broken", text)
    with pytest.raises(ConfigError, match="plugin t-broken") as refused:
        loading.load(folder.config(enable=["t-broken"]))
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)
    (broken,) = [one for one in loading.find(folder.config()) if one.error]
    assert not broken.enabled


def test_a_plugin_that_does_not_fit(folder: Folder) -> None:
    folder.put("t_misfit", WITHOUT_NAME)
    with pytest.raises(ConfigError, match=r"plugin misfit .*options"):
        loading.load(folder.config(enable=["misfit"]))


def test_two_plugins_of_one_name(folder: Folder) -> None:
    folder.put("t_again", GOOD.format(name="join"))
    with pytest.raises(ConfigError, match="plugin join exists twice"):
        loading.load(folder.config())


@pytest.mark.parametrize(
    ("lists", "text"),
    [
        ({"enable": ["nothing"]}, "plugins.enable: there is no plugin nothing"),
        ({"disable": ["nothing"]}, "plugins.disable: there is no plugin nothing"),
        ({"nothing": {"a": 1}}, "plugins.nothing: there is no plugin nothing"),
    ],
)
def test_names_that_nobody_has(lists: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        loading.load(Config(plugins=lists))


def test_a_build_that_returns_nonsense() -> None:
    (join,) = [one for one in loading.load(Config()) if one.name == "join"]
    with pytest.raises(ConfigError, match="plugin join: build returned no Contribution"):
        loading.check_contribution(join, None)
