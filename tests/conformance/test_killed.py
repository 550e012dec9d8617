"""What was confirmed is there after a kill, and nothing is there by half."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .opened import Opened
from .stores import StoreCase

ROUNDS = 3
LEAST = 40


def confirmed_before_a_kill(case_name: str, folder: Path) -> list[tuple[int, int, str]]:
    command = [sys.executable, "-m", "tests.conformance.victim", case_name, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as victim:
        assert victim.stdout is not None
        lines = [victim.stdout.readline() for _ in range(LEAST)]
        victim.kill()
        # The last line may be cut off.
        lines += victim.stdout.read().splitlines(keepends=True)
    whole = [line.split() for line in lines if line.endswith("\n")]
    return [(int(seq), int(key), message_id) for seq, key, message_id in whole]


async def test_what_was_confirmed_survives_a_kill(case: StoreCase, case_name: str, tmp_path: Path) -> None:
    confirmed: list[tuple[int, int, str]] = []
    for _ in range(ROUNDS):
        confirmed += confirmed_before_a_kill(case_name, tmp_path)
    assert len(confirmed) >= ROUNDS * LEAST
    opened = Opened(case)
    await opened.open()
    kept: dict[int, tuple[int, int, str]] = {}
    while True:
        span = await opened.store.messages_after(opened.room(), len(kept), 500)
        kept |= {message.seq: (message.seq, message.key, message.id) for message in span.messages}
        if not span.messages:
            break
    assert list(kept) == list(range(1, span.head + 1))
    for one in confirmed:
        assert kept[one[0]] == one
    await opened.close()
