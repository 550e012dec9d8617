"""The fixtures of the suite: every test runs once for each store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred

from .opened import Opened
from .stores import CASES, StoreCase


@pytest.fixture(params=sorted(CASES))
def case_name(request: pytest.FixtureRequest) -> str:
    """The kind of store that this run is about."""
    name: str = request.param
    return name


@pytest.fixture
def case(case_name: str, tmp_path: Path) -> Iterator[StoreCase]:
    """An empty place."""
    one = CASES[case_name](tmp_path)
    yield one
    one.dispose()


@pytest.fixture
def opened(case: StoreCase) -> Iterator[Opened]:
    """An open store; closed afterwards."""
    one = Opened(case)
    pytest_twisted.blockon(Deferred.fromCoroutine(one.open()))
    yield one
    pytest_twisted.blockon(Deferred.fromCoroutine(one.close()))
