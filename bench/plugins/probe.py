"""REST: GET /probe, how many users are online and how many objects the server holds. For measurements alone."""

from __future__ import annotations

import gc
from collections import Counter
from typing import Any

from msgspec import Struct
from zope.interface import implementer

from chat.ichat import IEndpoint
from chat.plugin import Context, Contribution, NoOptions, Plugin, Scope, Services


class Nothing(Struct, frozen=True):
    """The call says nothing."""


@implementer(IEndpoint)
class GetProbe:
    """Collects garbage first. Objects that were there when the server started are not counted: they are frozen."""

    method = "GET"
    path = "probe"
    scope = Scope.ADMIN
    body = Nothing

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: Nothing) -> dict[str, Any]:
        """See `IEndpoint`."""
        gc.collect()
        kinds = Counter(f"{type(one).__module__}.{type(one).__qualname__}" for one in gc.get_objects())
        users = sum(1 for _ in self._services.presence.users())
        return {"users": users, "objects": kinds.total(), "kinds": dict(kinds.most_common(100))}


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(endpoints=(GetProbe(services),))


plugin = Plugin("probe", build)
