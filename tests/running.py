"""Real servers as processes of their own, on free ports, and a plain HTTP client for them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 60
CALL_TIMEOUT_S = 60
WAIT_S = 60
KEY = "test-key"
ROOM_ID = "52e8d246-3201-4269-baf9-0a21a4b68d34"
CHANNEL_ID = "a0b1f967-2b00-4613-a3bb-3444a0d1bb3f"
# For tests that are not about limits.
AMPLE = 1_000_000

PLUGINS = f"""[plugins]
path = ["{Path(__file__).parent / "data" / "plugins"}"]
enable = ["staged"]
"""
"""Switches on what breaks and what waits: see tests/data/plugins/staged.py."""

CONFIGURATION = """
data_dir = "{folder}"
{top}
[listen]
public = ["tcp:{public}:interface=127.0.0.1"]
backend = ["tcp:{backend}:interface=127.0.0.1"]
[[backend.keys]]
name = "tests"
key = "{key}"
[[channels]]
id = "{channel}"
name = "Lobby"
default = true
[[channels.rooms]]
id = "{room}"
name = "General"
{limits}
{extra}
"""
LIMITS = f"""
[limits]
commands_per_s = {AMPLE}
burst = {AMPLE}
connections_per_address = {AMPLE}
"""


@dataclass(frozen=True)
class Settings:
    """Where a server listens, and its configuration file."""

    folder: Path
    public: int
    backend: int
    file: Path

    @classmethod
    def fresh(cls, folder: Path, extra: str = "", top: str = "", change: Callable[[str], str] = str) -> Self:
        """A configuration on free ports with its data in `folder`, and with what `change` makes of it.

        Unless `extra` has limits of its own, there are none on commands and connections.
        """
        folder.mkdir(parents=True, exist_ok=True)
        public, backend = free_ports(2)
        text = CONFIGURATION.format(
            folder=folder / "data",
            public=public,
            backend=backend,
            key=KEY,
            channel=CHANNEL_ID,
            room=ROOM_ID,
            limits="" if "[limits]" in extra else LIMITS,
            extra=extra,
            top=top,
        )
        file = folder / "chat.toml"
        file.write_text(change(text), encoding="utf-8")
        return cls(folder, public, backend, file)


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def wait_until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds; fail when it does not for very long."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def twistd(*arguments: str, folder: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `twistd chat` with these arguments to its end."""
    return subprocess.run(
        [str(Path(sys.executable).parent / "twistd"), "-n", "--pidfile=", "chat", *arguments],
        capture_output=True,
        text=True,
        timeout=START_TIMEOUT_S,
        cwd=folder,
        env=os.environ | environment,
        check=False,
    )


# twistd of this environment, with coverage.
TWISTD = (sys.executable, str(Path(__file__).parent / "serve.py"))


class RunningServer:
    """A server process. `log` is what it printed; `options` are for twistd."""

    def __init__(self, settings: Settings, *options: str, program: Sequence[str] = TWISTD) -> None:
        self.settings = settings
        self.options = options
        self._program = program
        self.log_file = settings.folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The WebSocket address."""
        return f"ws://127.0.0.1:{self.settings.public}/ws"

    @property
    def page(self) -> str:
        """The address of the page."""
        return f"http://127.0.0.1:{self.settings.public}/"

    @property
    def log(self) -> str:
        """Everything printed so far, by all runs."""
        return self.log_file.read_text(encoding="utf-8")

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start, and wait until the server is ready."""
        chat = ("chat", "--config", str(self.settings.file))
        command = [*self._program, "-n", "--pidfile=", *self.options, *chat]
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.settings.folder)
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self.is_ready():
            assert self._process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.02)

    def is_ready(self) -> bool:
        """Whether /readyz says so."""
        try:
            return self.http("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def wait_for_log(self, text: str) -> None:
        """Return when the log has it."""
        wait_until(lambda: text in self.log)

    def kill(self) -> None:
        """End the process with no chance to clean up."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def terminate(self) -> int:
        """Ask the process to stop; its exit code."""
        self.signal(signal.SIGTERM)
        return self.exit_code()

    def exit_code(self) -> int:
        """Wait for the end of the process."""
        assert self._process is not None
        return self._process.wait(STOP_TIMEOUT_S)

    def signal(self, number: int) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def stop(self) -> None:
        """Stop if still running."""
        if self._process is not None and self._process.poll() is None:
            try:
                self.terminate()
            except subprocess.TimeoutExpired:
                self.kill()

    def http(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Call the backend endpoint. `body` is sent as JSON, bytes as they are. Status and decoded body."""
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.settings.backend}{path}", data=content, method=method, headers=headers or {}
        )
        if key is not None:
            request.add_header("Authorization", f"Bearer {key}")
        try:
            with urllib.request.urlopen(request, timeout=CALL_TIMEOUT_S) as response:
                return response.status, json.loads(response.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def rest(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Call the backend endpoint with the key."""
        return self.http(method, path, body, key=KEY)
