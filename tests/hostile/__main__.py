"""The whole of it: `python -m tests.hostile --frames 100000 --seed 1`. Ends with 1 at the first thing that is wrong.

Of the frames, six tenths go to a server in this process, three tenths over TCP to a server process, and a tenth are
HTTP calls to that one. Both are looked at after each fifth: what is alive in the one, and the memory of the other, must
be the same after the last fifth as after the first.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

from twisted.internet import reactor as installed_reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.logger import globalLogBeginner
from twisted.python.failure import Failure

from tests.hostile.arena import Arena, Census
from tests.hostile.calls import calls
from tests.hostile.oracle import memory_kib, quiet_log
from tests.hostile.payloads import payloads
from tests.hostile.seeds import EXAMPLES
from tests.hostile.siege import Siege, siege
from tests.hostile.storm import batter, call, storm, strike
from tests.hostile.volleys import volleys

reactor: Any = installed_reactor
PARTS = 5
# How much more memory is no growth: what is remembered in bounds fills up during the first half.
TOLERANCE = 1.1


class Campaign:
    """All the frames, in parts. Runs in a thread of its own, beside the reactor."""

    def __init__(self, arena: Arena, attacked: Siege, frames: int, seed: int) -> None:
        self._arena = arena
        self._siege = attacked
        self._frames = frames // PARTS
        self._seed = seed
        self._memory_kib: list[int] = []
        self._census: Census | None = None

    def run(self) -> None:
        """Attack, look, and look again."""
        for part in range(PARTS):
            started = time.monotonic()
            self._attack(self._seed * PARTS + part)
            self._look()
            say(f"part {part + 1}: {time.monotonic() - started:.0f} s; server process {self._memory_kib[-1]} KiB")
        assert self._memory_kib[-1] <= self._memory_kib[0] * TOLERANCE
        say(f"in memory: {self._arena.tally}\nover TCP: {self._siege.tally}\nHTTP: {self._siege.calls}")

    def _attack(self, number: int) -> None:
        strike(self._arena, reactor, number, self._frames * 4 // 10)
        batter(self._arena, reactor, number, self._frames * 2 // 10)
        storm(payloads(EXAMPLES), self._siege.strike, number, self._siege.tally.until(self._frames // 5))
        storm(volleys(), self._siege.batter, number, self._siege.tally.until(self._frames // 10))
        storm(calls(), self._siege.call, number, self._siege.calls.until(self._frames // 10))
        self._siege.check_log()

    def _look(self) -> None:
        census: Census = call(reactor, self._arena.census)
        if self._census is None:
            self._census = census
        census.check_grown(self._census)
        self._memory_kib.append(memory_kib(self._siege.pid))


def say(text: str) -> None:
    """Tell whoever waits for it."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def campaign(frames: int, seed: int) -> None:
    """Raises what was wrong."""
    with tempfile.TemporaryDirectory() as folder:
        arena = Arena(f"{folder}/arena", reactor)
        await arena.open()
        try:
            with quiet_log(), siege(Path(folder) / "siege") as attacked:
                await deferToThread(Campaign(arena, attacked, frames, seed).run)
        finally:
            await arena.close()


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--frames", type=int, default=100_000, help="how many (100000)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same frames (1)")
    given = parser.parse_args()
    globalLogBeginner.beginLoggingTo([], discardBuffer=True, redirectStandardIO=False)
    failures: list[Failure] = []

    def begin() -> None:
        done = Deferred.fromCoroutine(campaign(given.frames, given.seed))
        done.addErrback(failures.append)
        done.addBoth(lambda result: reactor.stop())

    reactor.callWhenRunning(begin)
    reactor.run()
    for failure in failures:
        say("".join(traceback.format_exception(failure.value)))
    return len(failures)


if __name__ == "__main__":
    sys.exit(main())
