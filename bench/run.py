"""Measures the server against the load client `load.c`: builds it, starts a server for every run, prints a table.

Each run gets a fresh server with a configuration and a SQLite file of its own. Server and client are pinned to a core
each where there are two. A figure is the median of the rounds, and the rounds go through all scenarios in turn, so that
a slow minute of the machine does not hit one scenario alone. See README.md for what the figures mean.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Self

import tomli_w
from fill import fill

Result = dict[str, Any]

HERE = Path(__file__).resolve().parent
BUILD = HERE / "build"
KEY = "bench"
CHANNEL = "00000000-0000-4000-8000-000000000000"
LISTED_ROOMS = 3
CLIENTS_PER_SOURCE = 5_000
START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 15.0
RUN_TIMEOUT_S = 900.0

LIST_ROOMS = json.dumps(["list_rooms", {"verb": "list", "object": {"url": CHANNEL}}, 3])


class BenchmarkError(Exception):
    """A run that gives no figure, with the reason."""


def per_cpu_s(what: str) -> Callable[[Result], float]:
    """How much of `what` was done per CPU second of the server."""
    return lambda result: float(result[what] / max(result["cpu_s"], 0.01))


def kb_per_connection(result: Result) -> float:
    """How much the server grew with the connections."""
    return float((result["joined_rss_kb"] - result["rss_kb"]) / result["clients"])


def kb_left(result: Result) -> float:
    """How much of what its connections took the server has kept when they are gone, per connection."""
    _, start, end = result["rss_kb"]
    return float((end - start) / result["clients"])


def p50_ms(result: Result) -> float:
    """The latency of the median delivery."""
    return float(result["p50_us"] / 1000)


@dataclass(frozen=True)
class Scenario:
    """One line of the table. `when`: in a quick run too, in a full one only, or only when it is named.

    `warm`: the server has served others before. `filled`: its database has been a large chat's for long.
    `load` are the arguments of the load client; `soaks`: of `soak.py` instead. `reference` holds the arguments of the
    reference program, None where it has nothing to compare.
    """

    name: str
    goal: str
    unit: str
    figure: Callable[[Result], float]
    clients: int
    load: tuple[str, ...]
    rooms: int = 1
    when: str = "quick"
    warm: bool = False
    filled: bool = False
    soaks: bool = False
    reference: tuple[str, ...] | None = None


def _fanout(members: int, window: int, goal: str, when: str = "quick") -> Scenario:
    return Scenario(
        name=f"fanout-{members}-{window}",
        goal=goal,
        unit="deliveries/CPU-s",
        figure=per_cpu_s("deliveries"),
        clients=members,
        load=("--mode", "fanout", "--window", str(window)),
        when=when,
        reference=() if window == 1 else ("batched",),
    )


def _memory(clients: int, rooms: int, when: str) -> Scenario:
    return Scenario(
        name=f"memory-{clients}",
        goal="F6 ≤ 8",
        unit="KB/connection",
        figure=kb_per_connection,
        clients=clients,
        load=("--mode", "idle"),
        rooms=rooms,
        when=when,
        warm=True,
    )


def _pairs(name: str, goal: str, when: str, *more: str, filled: bool = False) -> Scenario:
    return Scenario(
        name=name,
        goal=goal,
        unit="messages/CPU-s",
        figure=per_cpu_s("completed"),
        clients=50,
        load=("--mode", "fanout", "--senders", "50", "--window", "50", *more),
        rooms=25,
        when=when,
        filled=filled,
    )


SCENARIOS = (
    _fanout(100, 1, "F3 ≥ 0.65 of C"),
    _fanout(1000, 1, "F3 ≥ 0.75 of C"),
    _fanout(100, 50, "F1 ≥ 1,000,000"),
    _fanout(1000, 50, "F2 ≥ 2,000,000, 0.6 of C"),
    _pairs("pairs", "F4 ≥ 10,000", "quick"),
    _pairs("pairs-ids", "", "full", "--ids"),
    _pairs("pairs-grown", "F9 as pairs-ids", "full", "--ids", filled=True),
    Scenario(
        name="list_rooms",
        goal="F5 ≥ 25,000",
        unit="requests/CPU-s",
        figure=per_cpu_s("completed"),
        clients=50,
        load=("--mode", "verb", "--event", "gn_list_rooms", "--request", LIST_ROOMS),
    ),
    _memory(1_000, 1, "quick"),
    _memory(10_000, 100, "full"),
    Scenario(
        name="join-1000",
        goal="F7 ≥ 1,000",
        unit="joins/CPU-s",
        figure=per_cpu_s("completed"),
        clients=1000,
        load=("--mode", "join", "--extra", "200"),
        when="full",
    ),
    Scenario(
        name="latency-100",
        goal="F8 p99 ≤ 5",
        unit="ms (p50)",
        figure=p50_ms,
        clients=100,
        load=("--mode", "rate", "--rate", "100"),
        when="full",
        reference=(),
    ),
    Scenario(
        name="soak-2000",
        goal="nothing lost, ≤ 1",
        unit="KB/connection",
        figure=kb_left,
        clients=2000,
        load=("--seconds", "60", "--rate", "400"),
        rooms=40,
        when="named",
        soaks=True,
    ),
    _fanout(10_000, 50, "F9 as 100 and 1000", when="named"),
)


# Programs


def build(source: str) -> Path:
    """The compiled program of a C file of this folder."""
    BUILD.mkdir(exist_ok=True)
    program = BUILD / source.removesuffix(".c")
    subprocess.run(["cc", "-O2", "-Wall", "-o", str(program), str(HERE / source)], check=True)
    return program


@contextmanager
def on_core(number: int) -> Iterator[None]:
    """Start processes on the core with this number, where there are cores to choose from."""
    mine = os.sched_getaffinity(0)
    cores = sorted(mine)
    if len(cores) > 1:
        os.sched_setaffinity(0, {cores[number]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, mine)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def room_id(number: int) -> str:
    """The id of the room with this number."""
    return f"00000000-0000-4000-9000-{number:012d}"


@dataclass(frozen=True)
class Place:
    """Where a server lives: a folder of its own and its ports."""

    folder: Path
    port: int
    backend: int

    @classmethod
    @contextmanager
    def fresh(cls) -> Iterator[Self]:
        """An empty folder, which goes away again, and free ports."""
        with tempfile.TemporaryDirectory(prefix="run-", dir=BUILD) as name:
            yield cls(Path(name), free_port(), free_port())


def configuration(place: Place, rooms: int, *probes: str) -> dict[str, Any]:
    """The server's configuration: the defaults, but for rooms, for limits that load would run into, and for plugins."""
    return {
        "data_dir": str(place.folder),
        "listen": {
            "public": [f"tcp:{place.port}:interface=127.0.0.1:backlog=1000"],
            "backend": [f"tcp:{place.backend}:interface=127.0.0.1"],
        },
        "backend": {"keys": [{"name": "bench", "key": KEY}]},
        "plugins": {"path": [str(HERE / "plugins")], "enable": ["probe", *probes]},
        "limits": {
            "commands_per_s": 1_000_000,
            "burst": 1_000_000,
            "connections_per_address": 1_000_000,
            "outbound_bytes": 64 * 2**20,
        },
        "rest": {"calls_per_s": 1_000_000, "burst": 1_000_000},
        "channels": [
            {
                "id": CHANNEL,
                "name": "Load",
                "default": True,
                "rooms": [
                    {"id": room_id(number), "name": f"Room {number}"} for number in range(max(rooms, LISTED_ROOMS))
                ],
            }
        ],
    }


def server_command(place: Place, rooms: int, *probes: str) -> list[str]:
    """The command line of a chat server, with more plugins of `plugins/` if they are named."""
    config = place.folder / "chat.toml"
    config.write_text(tomli_w.dumps(configuration(place, rooms, *probes)))
    twistd = Path(sys.executable).parent / "twistd"
    return [str(twistd), "-n", "--pidfile=", "chat", "--config", str(config)]


@contextmanager
def running(command: list[str], place: Place) -> Iterator[int]:
    """The process id of a server in its place; it is stopped in the end."""
    log = place.folder / "server.log"
    with log.open("wb") as output, on_core(0):
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=place.folder)
    try:
        _await_listening(server, place.port, log)
        yield server.pid
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _await_listening(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while server.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise BenchmarkError("the server did not start:\n" + log.read_text(errors="replace")[-2000:])


# Runs


def measure(load: Path, scenario: Scenario, port: int, pid: int, seconds: float) -> Result:
    """Run the load client once. Raises BenchmarkError unless everything that was sent came back."""
    sources = 1 + scenario.clients // CLIENTS_PER_SOURCE
    words = ["--port", str(port), "--pid", str(pid), "--clients", str(scenario.clients), "--sources", str(sources)]
    words += ["--seconds", str(seconds), "--limit", str(RUN_TIMEOUT_S), *scenario.load]
    return _result_of([str(load), *words], scenario)


def soak(scenario: Scenario, place: Place, pid: int) -> Result:
    """Run `soak.py` once. Raises BenchmarkError when anything was lost."""
    words = ["--port", str(place.port), "--backend", str(place.backend), "--key", KEY, "--pid", str(pid)]
    words += ["--clients", str(scenario.clients), *scenario.load]
    return {"p50_us": 0} | _result_of([sys.executable, str(HERE / "soak.py"), *words], scenario)


def _result_of(command: list[str], scenario: Scenario) -> Result:
    """What a client prints in the end; it gets the rooms of the scenario."""
    for number in range(scenario.rooms):
        command += ["--room", room_id(number)]
    with on_core(1):
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=RUN_TIMEOUT_S + 30,
            check=False,
        )
    if done.returncode:
        raise BenchmarkError(f"{scenario.name}: {done.stdout.strip()} {done.stderr.strip()}")
    result: Result = json.loads(done.stdout)
    return result


WARM_UP = Scenario("warm-up", "", "", p50_ms, clients=20, load=("--mode", "fanout", "--window", "20"))


def run_server(load: Path, scenario: Scenario, seconds: float) -> Result:
    """One run against a fresh chat server."""
    with Place.fresh() as place:
        command = server_command(place, scenario.rooms)
        if scenario.filled:
            fill(place.folder / "chat.db", CHANNEL, [room_id(number) for number in range(scenario.rooms)])
        with running(command, place) as pid:
            return run_client(load, scenario, place, pid, seconds)


def run_client(load: Path, scenario: Scenario, place: Place, pid: int, seconds: float) -> Result:
    """What the client of a scenario finds at a server that runs."""
    if scenario.soaks:
        return soak(scenario, place, pid)
    if scenario.warm:
        measure(load, WARM_UP, place.port, pid, 1)
    return measure(load, scenario, place.port, pid, seconds)


def run_reference(load: Path, reference: Path, scenario: Scenario, seconds: float) -> Result:
    """One run against a fresh reference program."""
    assert scenario.reference is not None
    with Place.fresh() as place, running([str(reference), str(place.port), *scenario.reference], place) as pid:
        return measure(load, scenario, place.port, pid, seconds)


# Reports

HEADINGS = ("scenario", "figure", "unit", "p50 ms", "p99 ms", "core use", "of C", "goal")


def row(scenario: Scenario, results: list[Result], references: list[Result]) -> tuple[str, ...]:
    """The cells of one scenario: medians of its runs."""

    def middle(figure: Callable[[Result], float], runs: list[Result] = results) -> float:
        return median(map(figure, runs))

    def latency(name: str) -> str:
        return f"{middle(lambda one: one[name]) / 1000:.2f}" if results[0]["p50_us"] else ""

    figure = middle(scenario.figure)
    use = middle(lambda one: one["cpu_s"] / one["elapsed_s"]) if results[0]["elapsed_s"] else 0
    return (
        scenario.name,
        f"{figure:,.0f}" if figure >= 100 else f"{figure:.2f}",
        scenario.unit,
        latency("p50_us"),
        latency("p99_us"),
        f"{use:.0%}" if use else "",
        f"{figure / middle(scenario.figure, references):.2f}" if references else "",
        scenario.goal,
    )


def table(rows: list[tuple[str, ...]]) -> str:
    """Rows in columns."""
    widths = [max(len(line[column]) for line in rows) for column in range(len(HEADINGS))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in rows
    )


# The command line


def arguments() -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short round of the main scenarios")
    parser.add_argument("--reference", action="store_true", help="measure the C reference beside the server")
    parser.add_argument("--rounds", type=int, help="runs per figure (1 if quick, else 3)")
    parser.add_argument("--seconds", type=float, help="length of a run (2 if quick, else 5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="append each run's result as a line of JSON")
    names = [scenario.name for scenario in SCENARIOS]
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=", ".join(names))
    asked = parser.parse_args()
    unknown = set(asked.scenarios) - set(names)
    if unknown:
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    return asked


def chosen(asked: argparse.Namespace) -> list[Scenario]:
    """The scenarios of this call."""
    if asked.scenarios:
        return [scenario for scenario in SCENARIOS if scenario.name in asked.scenarios]
    wanted = ("quick",) if asked.quick else ("quick", "full")
    return [scenario for scenario in SCENARIOS if scenario.when in wanted]


def raise_file_limit() -> None:
    """Let servers and clients open as many sockets as the system allows."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main() -> None:
    """Run what is asked for, and print."""
    asked = arguments()
    scenarios = chosen(asked)
    rounds = asked.rounds or (1 if asked.quick else 3)
    seconds = asked.seconds or (2 if asked.quick else 5)
    raise_file_limit()
    load = build("load.c")
    reference = build("reference.c") if asked.reference else None
    results: defaultdict[tuple[str, str], list[Result]] = defaultdict(list)

    def keep(subject: str, scenario: Scenario, result: Result) -> None:
        results[subject, scenario.name].append(result)
        if asked.json:
            with asked.json.open("a") as file:
                file.write(json.dumps({"scenario": scenario.name, "subject": subject} | result) + "\n")

    for number in range(rounds):
        for scenario in scenarios:
            sys.stderr.write(f"round {number + 1} of {rounds}: {scenario.name}\n")
            keep("server", scenario, run_server(load, scenario, seconds))
            if reference is not None and scenario.reference is not None:
                keep("reference", scenario, run_reference(load, reference, scenario, seconds))
    rows = [
        row(scenario, results["server", scenario.name], results["reference", scenario.name]) for scenario in scenarios
    ]
    sys.stdout.write(table([HEADINGS, *rows]))


if __name__ == "__main__":
    try:
        main()
    except BenchmarkError as error:
        sys.exit(str(error))
