"""What tests of the whole share: a copy of the repository, as a newcomer has it, and browsers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.functional.desks import ModeratorsDesk
from tests.functional.relays import Relay
from tests.functional.windows import Window
from tests.running import KEY, RunningServer

ROOT = Path(__file__).parents[2]
SETUP_TIMEOUT_S = 600
WAIT_MS = 30_000
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Environment:
    """A virtual environment that has nothing of the one that runs the tests."""

    def __init__(self, folder: Path) -> None:
        run(sys.executable, "-m", "venv", str(folder))
        self.folder = folder

    def program(self, name: str) -> str:
        """The path of one of its programs."""
        return str(self.folder / "bin" / name)

    def run(self, name: str, *arguments: str, folder: Path | None = None) -> str:
        """Run one of its programs, which has to succeed. What it printed."""
        return run(self.program(name), *arguments, folder=folder)

    def fail(self, name: str, *arguments: str, folder: Path | None = None) -> str:
        """Run one of its programs, which has to fail with exit code 1. What it printed as errors."""
        done = finished(self.program(name), *arguments, folder=folder)
        assert done.returncode == 1, done
        return done.stderr


def run(*command: str, folder: Path | None = None) -> str:
    """Run a command, which has to succeed. What it printed."""
    done = finished(*command, folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def finished(*command: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command without what the variables of this environment say to Python and coverage."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "PYTHON"))}
    return subprocess.run(
        command, cwd=folder, env=clean, capture_output=True, text=True, timeout=SETUP_TIMEOUT_S, check=False
    )


@pytest.fixture(scope="session")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server's wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(checkout))
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture(scope="session")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """A fresh environment with the server and nothing else. Who adds something takes it away."""
    environment = Environment(tmp_path_factory.mktemp("environment") / "venv")
    environment.run("pip", "install", "--quiet", str(wheel))
    return environment


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is tracked, as a clone has it, in its present state."""
    folder = tmp_path_factory.mktemp("clone") / "chat"
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in tracked.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"no browser is installed: none of {', '.join(BROWSERS)}")
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_window(browser: Browser) -> Iterator[Callable[..., Window]]:
    """Opens windows that share nothing, and sees that nothing went wrong in them.

    `open_window(server, prepare)` calls `prepare(page)` before the page is loaded.
    """
    windows: list[Window] = []

    def open_one(server: RunningServer, prepare: Callable[[Page], object] | None = None) -> Window:
        context = browser.new_context()
        context.set_default_timeout(WAIT_MS)
        windows.append(Window(context.new_page()))
        if prepare is not None:
            prepare(windows[-1].page)
        windows[-1].page.goto(server.page)
        return windows[-1]

    yield open_one
    for window in windows:
        window.page.context.close()
    assert [problem for window in windows for problem in window.problems] == []


@pytest.fixture
def enter(open_window: Callable[..., Window]) -> Callable[..., Window]:
    """Opens a window in which somebody logs in and goes into the room: `enter(server, name, prepare)`."""

    def enter_room(server: RunningServer, name: str, prepare: Callable[[Page], object] | None = None) -> Window:
        window = open_window(server, prepare)
        window.log_in(name.lower(), name)
        window.join("General")
        return window

    return enter_room


@pytest.fixture
def enter_by_relay(open_window: Callable[..., Window]) -> Callable[[RunningServer, str], tuple[Window, Relay]]:
    """Like `enter`, with a relay in between."""

    def enter_room(server: RunningServer, name: str) -> tuple[Window, Relay]:
        relays: list[Relay] = []
        window = open_window(server, lambda page: relays.append(Relay(page)))
        window.log_in(name.lower(), name)
        window.join("General")
        return window, relays[0]

    return enter_room


@pytest.fixture
def server(run_server: Callable[..., RunningServer]) -> RunningServer:
    return run_server()


@pytest.fixture
def open_desk(browser: Browser) -> Iterator[Callable[..., ModeratorsDesk]]:
    """Opens the page for moderators, and sees that nothing went wrong in it: `open_desk(server, key)` signs in, with
    None as the key not.
    """
    desks: list[ModeratorsDesk] = []

    def open_one(server: RunningServer, key: str | None = KEY) -> ModeratorsDesk:
        context = browser.new_context()
        context.set_default_timeout(WAIT_MS)
        desks.append(ModeratorsDesk(context.new_page(), server))
        if key is not None:
            desks[-1].sign_in(key)
            expect(desks[-1].status).to_have_text("Up to date")
        return desks[-1]

    yield open_one
    for desk in desks:
        desk.page.context.close()
    assert [problem for desk in desks for problem in desk.problems] == []
