"""A database that was made once for all examples, and a place to run them from."""

from __future__ import annotations

from typing import Any

import pytest

from .stage import Template, make_template, run


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: Any) -> bool | None:
    """Call property tests outside of the reactor, so that each of their examples can wait for it."""
    if not hasattr(pyfuncitem.obj, "hypothesis"):
        return None
    pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames})
    return True


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return run(make_template(tmp_path_factory.mktemp("template")))
