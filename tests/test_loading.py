"""Finding plugins: what is found, what is refused and in which words."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.plugin import getPlugins

import chat.plugins
from chat import loading
from chat.config import Config
from chat.errors import ConfigError
from chat.ichat import INamedPlugin
from chat.loading import Found, PluginError

GOOD = """
from chat.plugin import Contribution, Plugin

plugin = Plugin("{name}", lambda options, services: Contribution())
"""
WITHOUT_NAME = """
from zope.interface import implementer
from chat.ichat import IChatPlugin
from chat.plugin import NoOptions

@implementer(IChatPlugin)
class Misfit:
    options = NoOptions

    def build(self, options, services):
        return None

plugin = Misfit()
"""


class Folder:
    """A folder with plugin modules that the configuration names; `site` is where distributions are installed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.site = path / "site"
        self.site.mkdir(parents=True)

    def put(self, module: str, text: str) -> Path:
        file = self.path / f"{module}.py"
        file.write_text(text, encoding="utf-8")
        return file

    def install(self, entry_point: str, text: str | None = None) -> None:
        """Install a distribution with the module `t_module` and an entry point."""
        info = self.site / "t_dist-1.0.dist-info"
        info.mkdir()
        if text is not None:
            (self.site / "t_module.py").write_text(text, encoding="utf-8")
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: t-dist\nVersion: 1.0\n", encoding="ascii")
        (info / "entry_points.txt").write_text(f"[{loading.GROUP}]\n{entry_point}\n", encoding="ascii")

    def config(self, **lists: Any) -> Config:
        return Config(plugins={"path": [str(self.path)]} | lists)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    folder = Folder(tmp_path)
    monkeypatch.syspath_prepend(folder.site)
    yield folder
    for name in [name for name in sys.modules if name.startswith(("t_", "chat.plugins.t_"))]:
        del sys.modules[name]


def of_name(name: str, config: Config) -> list[Found]:
    return [one for one in loading.find(config) if one.name == name]


def test_every_module_of_ours_is_a_plugin() -> None:
    modules = {path.stem for path in Path(chat.plugins.__file__).parent.glob("*.py")} - {"__init__"}
    found = loading.find(Config())
    assert {one.source.rpartition(".")[2] for one in found} == modules
    assert all(one.own and not one.error for one in found)
    assert {one.name for one in found if not one.enabled} == {"whisper-contacts", "whisper-preferences"}


def test_what_twisted_finds_is_found() -> None:
    found = [one.plugin for one in loading.find(Config())]
    plugins = list(getPlugins(INamedPlugin, chat.plugins))
    assert plugins
    assert all(any(one is plugin for one in found) for plugin in plugins)


def test_a_foreign_plugin_is_off_until_enabled(folder: Folder) -> None:
    file = folder.put("t_foreign", GOOD.format(name="foreign"))
    assert "foreign" not in [one.name for one in loading.load(folder.config())]
    found = loading.load(folder.config(enable=["foreign"]))
    assert found[-1].name == "foreign", "those of this distribution come first"
    assert (found[-1].own, found[-1].enabled, found[-1].source) == (False, True, str(file))
    assert "foreign" not in [one.name for one in loading.load(folder.config(enable=["foreign"], disable=["foreign"]))]


def test_a_folder_is_for_one_server_alone(folder: Folder) -> None:
    folder.put("t_foreign", GOOD.format(name="foreign"))
    assert of_name("foreign", folder.config())
    assert not of_name("foreign", Config())


def test_a_plugin_can_be_disabled() -> None:
    assert "history" not in [one.name for one in loading.load(Config(plugins={"disable": ["history"]}))]


def test_an_entry_point_brings_a_plugin(folder: Folder) -> None:
    folder.install("foreign = t_module:plugin", GOOD.format(name="foreign"))
    (foreign,) = [one for one in loading.load(Config(plugins={"enable": ["foreign"]})) if not one.own]
    assert (foreign.name, foreign.source) == ("foreign", "t-dist: t_module:plugin")


def test_a_plugin_may_be_found_on_two_ways(folder: Folder) -> None:
    folder.install("foreign = t_module:plugin", GOOD.format(name="foreign"))
    folder.put("t_foreign", "from t_module import plugin; same = plugin")
    (foreign,) = of_name("foreign", folder.config(enable=["foreign"]))
    assert foreign.error == ""


def test_modules_with_an_underscore_are_not_looked_at(folder: Folder) -> None:
    folder.put("_t_shared", "raise ValueError")
    assert not [one for one in loading.find(folder.config()) if "shared" in one.name]


BROKEN = [
    ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module' (t_broken.py:1)"),
    ("1 +", "SyntaxError: invalid syntax (t_broken.py, line 1)"),
    ("\nraise ValueError('first\\nsecond')", "ValueError: first (t_broken.py:2)"),
    ("raise ValueError('up\\rdown')", "ValueError: up\\rdown (t_broken.py:1)"),
    ("raise SystemExit(0)", "SystemExit: 0 (t_broken.py:1)"),
    ("raise BaseException", "BaseException (t_broken.py:1)"),
]


@pytest.mark.parametrize(("text", "reason"), BROKEN)
def test_a_module_that_does_not_import(folder: Folder, text: str, reason: str) -> None:
    file = folder.put("t_broken", text)
    with pytest.raises(PluginError) as refused:
        loading.load(folder.config(enable=["t-broken"]))
    assert str(refused.value) == f"plugin t-broken ({file}): does not import: {reason}"


@pytest.mark.parametrize(("text", "reason"), BROKEN)
def test_an_entry_point_that_does_not_import(folder: Folder, text: str, reason: str) -> None:
    folder.install("broken = t_module:plugin", text)
    with pytest.raises(PluginError) as refused:
        loading.load(Config(plugins={"enable": ["broken"]}))
    line = f"plugin broken (t-dist: t_module:plugin): does not import: {reason}"
    assert str(refused.value) == line.replace("t_broken.py", "t_module.py")


@pytest.mark.parametrize(
    ("entry_point", "reason"),
    [
        ("broken = t_module:nothing", "does not import: AttributeError: module 't_module' has no attribute 'nothing'"),
        ("broken = t_module:Plugin", "The object <class 'chat.plugin.Plugin'> has failed to implement interface"),
    ],
)
def test_an_entry_point_without_a_plugin(folder: Folder, entry_point: str, reason: str) -> None:
    folder.install(entry_point, GOOD.format(name="foreign"))
    (broken,) = of_name("broken", Config())
    assert broken.error.startswith(reason)


def test_an_interrupt_is_the_operators(folder: Folder) -> None:
    folder.put("t_broken", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        loading.find(folder.config())


def test_an_optional_plugin_of_ours_is_on_where_it_is_enabled() -> None:
    def names(**lists: list[str]) -> set[str]:
        return {one.name for one in loading.load(Config(plugins=dict(lists)))}

    name = "whisper-contacts"
    assert name not in names()
    assert name in names(enable=[name])
    assert name not in names(enable=[name], disable=[name])


def test_a_module_without_a_plugin(folder: Folder) -> None:
    folder.put("t_broken", "x = 1")
    with pytest.raises(PluginError, match=r"t_broken\.py\): the module has no plugin"):
        loading.load(folder.config(enable=["t-broken"]))


def test_what_is_broken_and_not_enabled_hinders_nothing(folder: Folder) -> None:
    folder.put("t_broken", "raise SystemExit(1)")
    folder.put("t_misfit", WITHOUT_NAME)
    folder.put("t_again", GOOD.format(name="join"))
    folder.install("absent = t_absent:plugin")
    assert [one for one in loading.load(folder.config()) if not one.own] == []
    errors = {one.name: one.error for one in loading.find(folder.config()) if one.error}
    assert errors.keys() == {"t-broken", "t-misfit", "join", "absent"}


def test_one_of_ours_that_is_broken_hinders_unless_disabled(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_OWN_FOLDER", folder.path.resolve())
    folder.put("t_broken", "import no_such_module")
    with pytest.raises(PluginError, match=r"plugin t-broken \(chat\.plugins\.t_broken\): does not import"):
        loading.load(folder.config())
    assert loading.load(folder.config(disable=["t-broken"])) == []


def test_a_plugin_without_a_name_goes_by_its_file(folder: Folder) -> None:
    folder.put("t_misfit", WITHOUT_NAME)
    with pytest.raises(PluginError, match=r"plugin t-misfit .*INamedPlugin\.name attribute was not provided"):
        loading.load(folder.config(enable=["t-misfit"]))


def test_two_plugins_of_one_name(folder: Folder) -> None:
    file = folder.put("t_again", GOOD.format(name="join"))
    with pytest.raises(PluginError) as refused:
        loading.load(folder.config(enable=["join"]))
    assert str(refused.value) == f"plugin join ({file}): chat.plugins.join has this name too"


def test_two_modules_of_one_name(folder: Folder, tmp_path: Path) -> None:
    first = folder.put("t_again", GOOD.format(name="one"))
    other = Folder(tmp_path / "other")
    other.put("t_again", GOOD.format(name="two"))
    config = folder.config(path=[str(folder.path), str(other.path)])
    (hidden,) = of_name("t-again", config)
    assert hidden.error == f"{first} has the same module name and comes first"


@pytest.mark.parametrize(
    ("lists", "text"),
    [
        ({"enable": ["nothing"]}, "chat.toml: plugins.enable: there is no plugin nothing"),
        ({"disable": ["nothing"]}, "chat.toml: plugins.disable: there is no plugin nothing"),
        ({"nothing": {"a": 1}}, "chat.toml: plugins.nothing: there is no plugin nothing"),
        ({"path": ["/nowhere/at/all"]}, "chat.toml: plugins.path: there is no folder /nowhere/at/all"),
    ],
)
def test_names_that_nobody_has(lists: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        loading.load(Config(plugins=lists), "chat.toml")
    assert str(refused.value) == text


def test_the_plugin_that_is_missed_may_be_the_one_that_does_not_import(folder: Folder) -> None:
    file = folder.put("t_broken", "import no_such_module")
    with pytest.raises(ConfigError, match=rf"there is no plugin poke; {file}: does not import: ModuleNotFoundError"):
        loading.load(folder.config(enable=["poke"]))
