"""Keys of backends: kept, ended, and changed from beside a server."""

from __future__ import annotations

import pytest

from chat.errors import ConfigError

from .opened import Opened, audit, key
from .stores import StoreCase


async def test_keys_are_there_after_opening_again(opened: Opened) -> None:
    for name in ("web", "ops"):
        assert await opened.store.put_key(key(name), audit(name)) is True
    found = await opened.store.list_keys()
    assert [one.name for one in found] == ["ops", "web"]
    assert found[0].digest == b"ops" * 32
    assert found[0].scopes == ("read", "rooms")
    assert (await opened.reopen()).keys == found


async def test_a_name_is_given_once_and_is_free_again(opened: Opened) -> None:
    first, second = key("ops"), key("ops")
    assert await opened.store.put_key(first, audit("first")) is True
    assert await opened.store.put_key(second, audit("second")) is False
    assert await opened.store.list_keys() == (first,)
    assert await opened.store.end_key("ops", audit("end")) is True
    assert await opened.store.end_key("ops", audit("end again")) is False
    assert await opened.store.list_keys() == ()
    assert await opened.store.put_key(second, audit("second")) is True
    assert [row[2] for row in opened.case.audits()] == ["first", "end", "second"]


async def test_keys_are_made_beside_a_server(opened: Opened) -> None:
    beside = opened.case.store()
    beside.attach()
    assert await beside.put_key(key("ops"), audit("beside")) is True
    await opened.store.put_key(key("web"), audit("server"))
    assert [one.name for one in await beside.list_keys()] == ["ops", "web"]
    await beside.close()
    assert await opened.store.end_key("ops", audit("server")) is True
    assert [one.name for one in await opened.store.list_keys()] == ["web"]


async def test_keys_are_made_while_no_server_runs(opened: Opened) -> None:
    await opened.close()
    beside = opened.case.store()
    beside.attach()
    await beside.put_key(key("ops"), audit("beside"))
    await beside.close()
    assert [one.name for one in (await opened.reopen()).keys] == ["ops"]


async def test_another_schema_is_left_alone(opened: Opened) -> None:
    await opened.close()
    opened.case.outdate()
    before = opened.case.content()
    with pytest.raises(ConfigError, match="the database has the schema newer"):
        opened.case.store().attach()
    assert opened.case.content() == before


def test_no_database_is_made(case: StoreCase) -> None:
    with pytest.raises(ConfigError, match="start .* first"):
        case.store().attach()
