"""Timers: done when due, once, again after a failure, never when cancelled or stopped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.logger import capturedLogs

from chat import timers as timers_module
from chat.ichat import IStore
from chat.timers import LOOK_EVERY_S, Timers
from chat.times import utc_now
from chat.world import Timer

KIND = "kind"


class Notes:
    """Stands for the store's timers."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Timer] = {}

    def set_timer(self, timer: Timer) -> Deferred[None]:
        self.kept[timer.kind, timer.subject] = timer
        return succeed(None)

    def cancel_timer(self, kind: str, subject: str) -> Deferred[None]:
        self.kept.pop((kind, subject), None)
        return succeed(None)


class Wall:
    """A clock whose wall time goes with it, unless it is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = Clock()
        self.start = utc_now()
        self.jump = timedelta()
        monkeypatch.setattr(timers_module, "utc_now", lambda: self.now)

    @property
    def now(self) -> Any:
        return self.start + self.jump + timedelta(seconds=self.clock.seconds())


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    return Wall(monkeypatch)


class Diary:
    """Timers whose acts are written down; those of a subject in `failing` fail once."""

    def __init__(self, wall: Wall, *failing: str) -> None:
        self.notes = Notes()
        self.done: list[str] = []
        self.failing = list(failing)
        self.timers = Timers(cast("IStore", self.notes), wall.clock)
        self.timers.add_kind(KIND, self.act)
        self.wall = wall

    async def act(self, subject: str) -> None:
        if subject in self.failing:
            self.failing.remove(subject)
            raise OSError("not now")
        self.done.append(subject)

    def set(self, subject: str, seconds: float) -> None:
        self.timers.set(Timer(KIND, subject, self.wall.now + timedelta(seconds=seconds)))

    def pass_by(self, seconds: Sequence[float]) -> list[str]:
        self.wall.clock.pump(seconds)
        done, self.done = self.done, []
        return done


def test_each_is_done_once_when_it_is_due(wall: Wall) -> None:
    diary = Diary(wall)
    diary.timers.start()
    for subject, seconds in (("late", 100), ("soon", 5), ("now", 0), ("soon too", 5)):
        diary.set(subject, seconds)
    assert diary.pass_by([0]) == ["now"]
    assert diary.pass_by([4]) == []
    assert diary.pass_by([1.1]) == ["soon", "soon too"]
    assert diary.pass_by([30, 30, 30, 10]) == ["late"]
    assert diary.pass_by([100] * 3) == []


def test_moved_and_cancelled(wall: Wall) -> None:
    diary = Diary(wall)
    diary.timers.start()
    for subject in ("moved", "cancelled"):
        diary.set(subject, 5)
    diary.set("moved", 20)
    diary.timers.cancel(KIND, "cancelled")
    assert list(diary.notes.kept) == [(KIND, "moved")]
    assert diary.pass_by([6]) == []
    assert not diary.timers.is_set(KIND, "cancelled")
    assert diary.pass_by([15]) == ["moved"]


def test_what_is_late_at_the_start_is_done_then(wall: Wall) -> None:
    diary = Diary(wall)
    diary.timers.load([Timer(KIND, "late", wall.now - timedelta(days=1)), Timer("unknown", "x", wall.now)])
    assert diary.pass_by([10]) == []
    diary.timers.start()
    assert diary.pass_by([0]) == ["late"]


def test_after_the_stop_nothing_is_done(wall: Wall) -> None:
    diary = Diary(wall)
    diary.timers.start()
    diary.set("one", 1)
    diary.timers.stop()
    assert diary.pass_by([10, 100]) == []
    assert list(diary.notes.kept) == [(KIND, "one")]
    assert wall.clock.getDelayedCalls() == []


def test_an_act_that_fails_is_tried_again(wall: Wall) -> None:
    diary = Diary(wall, "broken")
    diary.timers.start()
    diary.set("broken", 1)
    diary.set("whole", 1)
    with capturedLogs() as events:
        assert diary.pass_by([1.1]) == ["whole"]
    assert any("log_failure" in event for event in events)
    assert diary.timers.is_set(KIND, "broken")
    assert diary.pass_by([10.1]) == ["broken"]


def test_a_wall_clock_that_is_set_is_noticed(wall: Wall) -> None:
    diary = Diary(wall)
    diary.timers.start()
    diary.set("tomorrow", 86_400)
    assert diary.pass_by([LOOK_EVERY_S]) == []
    wall.jump = timedelta(days=1)
    assert diary.pass_by([LOOK_EVERY_S]) == ["tomorrow"]
