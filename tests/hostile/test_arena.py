"""Some hostile frames against a server in this process, as anybody, as a user and as an operator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import reactor
from twisted.internet.threads import deferToThread

from tests.hostile.arena import Arena
from tests.hostile.oracle import quiet_log
from tests.hostile.storm import batter, strike

Attack = Callable[[Arena, Any, int, int], None]


@asynccontextmanager
async def attacked(folder: Path) -> AsyncIterator[Arena]:
    arena = Arena(str(folder), reactor)
    await arena.open()
    try:
        with quiet_log():
            yield arena
    finally:
        await arena.close()


@pytest.mark.parametrize(("attack", "frames"), [(strike, 800), (batter, 300)])
async def test_a_server_takes_anything_and_keeps_nothing(tmp_path: Path, attack: Attack, frames: int) -> None:
    async with attacked(tmp_path) as arena:
        await deferToThread(attack, arena, reactor, 1, frames // 4)
        before = await arena.census()
        await deferToThread(attack, arena, reactor, 2, frames)
        (await arena.census()).check_grown(before)
        assert arena.tally.closes
