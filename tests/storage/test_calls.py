"""Statements as methods: they take what the interface says, by the same names, as no type checker sees."""

from __future__ import annotations

from inspect import Parameter, signature

import pytest
from zope.interface.interface import Method

from chat.ichat import IStore
from chat.storage.sql import SqlStore

METHODS = dict(IStore.namesAndDescriptions())


@pytest.mark.parametrize("name", METHODS)
def test_a_method_takes_what_the_interface_says(name: str) -> None:
    method = METHODS[name]
    assert isinstance(method, Method)
    _, *taken = signature(getattr(SqlStore, name)).parameters.values()
    positional = [one for one in taken if one.kind is not Parameter.KEYWORD_ONLY]
    assert tuple(one.name for one in positional) == method.positional
    assert {one.name: one.default for one in positional if one.default is not Parameter.empty} == method.optional
