"""An open store on a SQLite file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred

from tests.conformance.opened import Opened
from tests.conformance.stores import SqliteCase


@pytest.fixture
def case(tmp_path: Path) -> Iterator[SqliteCase]:
    """An empty place."""
    one = SqliteCase(tmp_path)
    yield one
    one.dispose()


@pytest.fixture
def opened(case: SqliteCase) -> Iterator[Opened]:
    """An open store; closed afterwards."""
    one = Opened(case)
    pytest_twisted.blockon(Deferred.fromCoroutine(one.open()))
    yield one
    pytest_twisted.blockon(Deferred.fromCoroutine(one.close()))
