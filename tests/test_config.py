"""The configuration: defaults, files, environment, secrets, errors of one line."""

from __future__ import annotations

import tomllib
from operator import attrgetter
from pathlib import Path

import msgspec
import pytest

from chat.config import NOT_IN_FORCE, Config
from chat.config_file import load, render
from chat.errors import ConfigError

ROOT = Path(__file__).parents[1]


def written(folder: Path, text: str) -> str:
    file = folder / "chat.toml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_the_commented_file_shows_the_defaults() -> None:
    loaded = load(str(ROOT / "etc" / "chat.toml"), {})
    assert loaded.ignored == ()
    shown = msgspec.structs.replace(loaded.config, storage=Config().storage, plugins={})
    assert shown == Config()
    assert loaded.config.storage_url == Config().storage_url


def test_every_given_key_is_known_or_an_error(tmp_path: Path) -> None:
    for text, part in (
        ("[listen]\npublik = []", "listen.publik: unknown key, did you mean public?"),
        ("[listen]\npublic = 5", "listen.public: expected array, got int"),
        ("chanels = 5", "chanels: unknown key, did you mean channels?"),
        (
            '[[channels]]\nname = "x"\ndefault = true\n[[channels.rooms]]\nnam = "y"',
            "nam: unknown key, did you mean name?",
        ),
        ("[[channels]]\ndefault = true", "channels[0]: object missing required field name"),
        ('[[channels]]\nname = "x"', "channels: exactly one channel needs default = true"),
        ('[[channels]]\nname = "x"\ndefault = true\n[[channels]]\nname = "X"', "the name x is declared twice"),
        ('[[backend.keys]]\nname = "a"', "a has neither key nor key_file"),
        (
            '[[backend.keys]]\nname = "a"\nkey = "k"\nscopes = ["fly"]',
            "backend.keys: there is no scope fly, known are *, read",
        ),
        (
            '[[backend.keys]]\nname = ""\nkey = "k"',
            "a name has 1 to 64 printable characters, got ''",
        ),
        ('[[backend.keys]]\nname = "a\\nb"\nkey = "k"', "printable characters, got 'a\\nb'"),
        ('[[backend.keys]]\nname = "a"\nkey = "two words"', "the key a has blanks"),
        ('[[backend.keys]]\nname = "a"\nkey = "schlüssel"', "characters that are not ASCII"),
        (2 * '[[backend.keys]]\nname = "a"\nkey = "k"\n', "backend.keys: the name a is there twice"),
        (
            '[[backend.keys]]\nname = "a"\nkey = "k"\n[[backend.keys]]\nname = "b"\nkey = "k"',
            "backend.keys: a and b are the same",
        ),
        ('[content]\nblacklist = ["fine", " "]', "content.blacklist: ' ': a word has 1 to 100 characters"),
        (f"[content]\nblacklist = {[str(one) for one in range(10_001)]}", "content.blacklist: expected at most 10000"),
        ("a = 1\na = 2", "Cannot overwrite a value"),
        ("[limits]\nping_timeout_s = -1", "limits.ping_timeout_s: expected a positive number"),
    ):
        with pytest.raises(ConfigError) as refused:
            load(written(tmp_path, text), {})
        assert part in str(refused.value)
        assert str(refused.value).startswith(f"{tmp_path}/chat.toml: ")
        assert "\n" not in str(refused.value)
        assert "two words" not in str(refused.value)
        assert "schlüssel" not in str(refused.value)


def test_the_environment_wins(tmp_path: Path) -> None:
    file = written(tmp_path, "[limits]\nburst = 5")
    environment = {
        "CHAT__LIMITS__BURST": "50",
        "CHAT__STORAGE__URL": "sqlite:////srv/chat.db",
        "CHAT__LISTEN__PUBLIC": '["tcp:1"]',
        "CHAT__ENVIRONMENT": "live",
        "OTHER": "x",
    }
    config = load(file, environment).config
    assert config.limits.burst == 50
    assert config.storage_url == "sqlite:////srv/chat.db"
    assert config.listen.public == ("tcp:1",)
    assert config.environment == "live"
    with pytest.raises(ConfigError, match="environment CHAT__LIMITS__BURST__X"):
        load(file, {"CHAT__LIMITS__BURST__X": "1"})


def test_secrets_from_files(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush\n", encoding="utf-8")
    config = load(written(tmp_path, '[[backend.keys]]\nname = "a"\nkey_file = "secret"'), {}).config
    assert config.backend.keys[0].key == "hush"
    with pytest.raises(ConfigError, match="keep one of the two"):
        load(written(tmp_path, '[[backend.keys]]\nname = "a"\nkey_file = "secret"\nkey = "x"'), {})
    with pytest.raises(ConfigError, match="backend.keys.key_file: No such file"):
        load(written(tmp_path, '[[backend.keys]]\nname = "a"\nkey_file = "none"'), {})


def test_what_is_printed_is_toml_without_secrets(tmp_path: Path) -> None:
    config = load(written(tmp_path, '[[auth.users]]\nid = "u"\ntoken = "hush"'), {}).config
    printed = tomllib.loads(render(config))
    assert printed["auth"]["users"][0]["token"] == "********"
    assert printed["storage"]["url"] == "sqlite:///var/chat.db"
    assert msgspec.convert(printed, Config).limits == config.limits


def test_what_has_no_effect_is_named_when_it_is_set(tmp_path: Path) -> None:
    text = """
    [limits]
    frame_bytes = 70000
    [messages]
    max_characters = 20000
    [content]
    spam = true
    [cluster]
    redis = "redis://127.0.0.1"
    [matrix]
    homeserver = "x"
    """
    ignored = load(written(tmp_path, text), {}).ignored
    assert ignored == ("cluster.redis", "content.spam", "matrix")


def test_every_key_without_effect_exists() -> None:
    for name in NOT_IN_FORCE:
        assert load(None, {}).ignored == ()
        assert attrgetter(name)(Config()) is not None, name
