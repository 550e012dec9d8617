"""The sample distribution, as its users install it: normally and with -e, into an environment of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients import Client
from tests.documents import blocks
from tests.functional.conftest import Environment
from tests.running import ROOM_ID, RunningServer, Settings

ENABLED = '[plugins]\nenable = ["dice"]\n[plugins.dice]\npause_s = 3600'
DISABLED = '[plugins]\nenable = ["dice"]\ndisable = ["dice"]'
ROLL = {"verb": "roll", "target": {"id": ROOM_ID}, "object": {"dice": 2}}


@pytest.fixture(scope="module")
def sample(checkout: Path) -> Path:
    """Where the sample is."""
    return checkout / "docs" / "examples" / "chat-dice"


@pytest.fixture(scope="module", params=["normal", "editable"])
def installed(request: Any, environment: Environment, sample: Path) -> Iterator[Environment]:
    """The environment with the sample."""
    way = ["--editable"] if request.param == "editable" else []
    environment.run("pip", "install", "--quiet", *way, str(sample))
    where = environment.run("python", "-c", "import chat_dice; print(chat_dice.__file__)", folder=environment.folder)
    assert Path(where).is_relative_to(sample if way else environment.folder)
    yield environment
    environment.run("pip", "uninstall", "--quiet", "--yes", "chat-dice")


@pytest.fixture
def serve(installed: Environment, tmp_path: Path) -> Iterator[Any]:
    """Starts the server of the environment with more configuration."""
    servers: list[RunningServer] = []

    def start(extra: str) -> RunningServer:
        settings = Settings.fresh(tmp_path / f"server{len(servers)}", extra)
        servers.append(RunningServer(settings, program=[installed.program("twistd")]))
        servers[-1].start()
        return servers[-1]

    yield start
    for server in servers:
        server.stop()
        assert "Traceback" not in server.log


@pytest.mark.parametrize(("extra", "enabled"), [("", "no"), (ENABLED, "yes"), (DISABLED, "no")])
def test_it_is_listed(installed: Environment, tmp_path: Path, extra: str, enabled: str) -> None:
    settings = Settings.fresh(tmp_path, extra)
    listed = installed.run("twistd", "chat", "--config", str(settings.file), "--list-plugins", folder=tmp_path)
    rows = [line.split() for line in listed.splitlines()]
    assert ["dice", "chat", "chat-dice:", "chat_dice.plugin:plugin", enabled, "-"] in rows


def test_the_page_for_operators(installed: Environment, tmp_path: Path) -> None:
    section, whispers = blocks("docs/plugins.md", "toml")
    (commands,) = blocks("docs/plugins.md", "sh")
    (tmp_path / "chat.toml").write_text(section, encoding="utf-8")
    printed = [installed.run(*command.split(), folder=tmp_path) for command in commands.splitlines()]
    states = {row[0]: row[3:] for row in map(str.split, printed[0].splitlines())}
    assert states["dice"][-2:] == ["yes", "-"]
    assert states["history"] == ["no", "-"]
    assert printed[1] == "chat.toml: ok\n"
    (tmp_path / "whispers.toml").write_text(whispers, encoding="utf-8")
    checked = installed.run("twistd", "chat", "--config", "whispers.toml", "--check", folder=tmp_path)
    assert checked == "whispers.toml: ok\n"


def test_its_own_tests_pass(installed: Environment, sample: Path, tmp_path: Path) -> None:
    printed = installed.run("python", "-m", "twisted.trial", str(sample / "tests" / "test_dice.py"), folder=tmp_path)
    assert "PASSED (successes=4)" in printed


def test_it_takes_part(serve: Any) -> None:
    server = serve(ENABLED)
    with Client(server.url) as bob:
        bob.enter("bob", ROOM_ID)
        with Client(server.url) as alice:
            alice.enter("alice", ROOM_ID)
            rolled = alice.call("roll", ROLL)
            assert rolled["status_code"] == 200
            assert 2 <= rolled["data"]["object"]["total"] <= 12
            assert bob.wait_for("gn_rolled") == rolled["data"] == alice.wait_for("gn_rolled")
            # The observer has told the guard of the roll.
            refused = alice.call("roll", ROLL)
            assert refused["status_code"] == 900
            assert 3590 < refused["data"]["retry_after_s"] <= 3600
            assert bob.call("roll", ROLL)["status_code"] == 200
        # The observer sees the server's own events too.
        bob.wait_for("gn_user_disconnected")
        with Client(server.url) as alice:
            alice.enter("alice", ROOM_ID)
            assert alice.call("roll", ROLL)["status_code"] == 200


@pytest.mark.parametrize("extra", ["", DISABLED])
def test_it_takes_no_part_unless_enabled(serve: Any, extra: str) -> None:
    with Client(serve(extra).url) as alice:
        alice.enter("alice", ROOM_ID)
        assert alice.call("roll", ROLL) == {"status_code": 607, "message": "no such event"}
