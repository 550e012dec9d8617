"""What the documents say is done here, as a reader would do it."""

from __future__ import annotations

import json
import os
import re
import runpy
import signal
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import reactor

from chat.config import Config
from chat.errors import ErrorCode
from tests.clients import Client
from tests.documents import ROOT, blocks
from tests.functional.conftest import SETUP_TIMEOUT_S
from tests.running import KEY, ROOM_ID, RunningServer, free_ports, twistd


class MadeServer:
    """`make run` in a clone, on ports of its own."""

    def __init__(self, checkout: Path) -> None:
        self.checkout = checkout
        self.public, self.backend = free_ports(2)
        environment = {
            "CHAT__LISTEN__PUBLIC": f'["tcp:{self.public}:interface=127.0.0.1"]',
            "CHAT__LISTEN__BACKEND": f'["tcp:{self.backend}:interface=127.0.0.1"]',
        }
        self.log = (checkout / "log").open("wb")
        self.process = subprocess.Popen(
            ["make", "run", f"PYTHON={sys.executable}"],
            cwd=checkout,
            env=os.environ | environment,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )

    def wait(self) -> None:
        """Wait until the server is ready, the set-up included."""
        deadline = time.monotonic() + SETUP_TIMEOUT_S
        while not self.is_ready():
            assert self.process.poll() is None, (self.checkout / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def is_ready(self) -> bool:
        """Whether it serves."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.backend}/readyz", timeout=30) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        """Stop what was started."""
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(60)
        self.log.close()


@pytest.fixture(scope="module")
def made(checkout: Path) -> Iterator[MadeServer]:
    server = MadeServer(checkout)
    try:
        server.wait()
        yield server
    finally:
        server.stop()


def test_make_run_serves_the_page_and_says_where_things_are(made: MadeServer) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{made.public}/", timeout=30) as response:
        assert b"<html" in response.read()
    log = (made.checkout / "log").read_text(encoding="utf-8")
    assert f"http://127.0.0.1:{made.public}/" in log
    assert str(made.checkout / "var" / "backend.key") in log
    assert (made.checkout / "var" / "chat.db").exists()


def test_the_first_conversation(made: MadeServer) -> None:
    (conversation,) = [block for block in blocks("README.md", "") if "gn_" not in block and '["login"' in block]
    room = "ROOM"
    with Client(f"ws://127.0.0.1:{made.public}/ws") as client:
        for line in conversation.splitlines():
            event, body, reply_id = json.loads(line.replace("ROOM", room))
            client.socket.send(json.dumps([event, body, reply_id]))
            answer = client.reply(reply_id)
            assert answer["status_code"] == 200, line
            if event == "join":
                room = answer["data"]["target"]["id"]
        assert len(answer["data"]["object"]["attachments"]) == 1
        (call,) = [block for block in blocks("README.md", "sh") if block.startswith("curl")]
        done = subprocess.run(
            ["sh", "-c", call.replace("8081", str(made.backend))],
            cwd=made.checkout,
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(done.stdout) == {"status_code": 200, "data": {"status": "OK"}}
        assert client.wait_for("gn_broadcast")["content"] == "aGkgYWxs"


def test_the_commands_of_operators(checkout: Path) -> None:
    (commands,) = [block for block in blocks("README.md", "sh") if block.startswith("twistd")]
    for command in commands.splitlines():
        program, *arguments = command.split()
        assert program == "twistd"
        if "-n" not in arguments:
            done = twistd(*arguments[1:], folder=checkout)
            assert (done.returncode, done.stderr) == (0, ""), command


def test_links_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), ROOT / "bench" / "README.md"]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


async def test_the_plugin_of_the_page_works(tmp_path: Path) -> None:
    plugin, trial = blocks("docs/adding-a-verb.md", "python")
    (section,) = blocks("docs/adding-a-verb.md", "toml")
    (command,) = blocks("docs/adding-a-verb.md", "sh")
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "poke.py").write_text(plugin, encoding="utf-8")
    section = section.replace("/srv/chat/plugins", str(folder))
    (tmp_path / "chat.toml").write_text(section, encoding="utf-8")
    listed = twistd(*command.split()[2:], folder=tmp_path)
    assert ["poke", "chat", str(folder / "poke.py"), "yes", "-"] in [
        line.split() for line in listed.stdout.splitlines()
    ]
    config = Config(data_dir=str(tmp_path / "data"), plugins=tomllib.loads(section)["plugins"])
    (tmp_path / "trial.py").write_text(trial, encoding="utf-8")
    try:
        names: dict[str, Any] = runpy.run_path(str(tmp_path / "trial.py"))
        await names["test_poke"](config, reactor)
    finally:
        sys.modules.pop("chat.plugins.poke", None)


def test_the_generated_pages_are_up_to_date() -> None:
    generate = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    for name, page in generate["PAGES"].items():
        assert (ROOT / "docs" / name).read_text(encoding="utf-8") == page(), name
    assert {"verbs.md", "errors.md", "metrics.md", "moderation.md", "rest.md"} <= generate["PAGES"].keys()


def test_no_command_leaves_its_codes_to_another() -> None:
    """They would be missing in the page of the codes, as those of `take_role` were."""
    generate = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    with pytest.raises(ValueError, match="to be named"):
        generate["codes_in"]("Raises what `GiveRoleVerb`\n    raises.")
    answering = generate["answers"]()
    for code in (ErrorCode.NOT_ALLOWED, ErrorCode.NO_SUCH_USER, ErrorCode.NO_SUCH_CHANNEL):
        assert {"take_role (backend)", "ban (backend)"} <= answering[code]


def test_the_calls_of_the_backend_api(run_server: Callable[..., RunningServer]) -> None:
    """With the key that the first start makes."""
    without = f'[[backend.keys]]\nname = "tests"\nkey = "{KEY}"\n'
    server = run_server(change=lambda text: text.replace(without, ""))
    said: list[Any] = []
    with Client(server.url) as alice:
        alice.enter("alice", ROOM_ID)
        for block in blocks("docs/rest.md", "sh"):
            commands = block.replace("8081", str(server.settings.backend)).replace("var/", "data/")
            done = subprocess.run(
                ["sh", "-ec", commands.replace("curl ", "curl -sS -w '\\n' ")],
                cwd=server.settings.folder,
                capture_output=True,
                text=True,
                check=True,
            )
            said += [json.loads(line) for line in done.stdout.splitlines()]
        assert alice.wait_for("gn_broadcast")["content"] == "aGkgYWxs"
        assert alice.wait_for("gn_mute")["object"]["content"] == "c3BhbQ=="
        alice.wait_for("gn_unmute")
    assert [answer["status_code"] for answer in said] == [200] * 5
    assert list(said[2]["data"]) == ["alice", "bob"]
    assert list(said[3]["data"]) == ["alice"]
