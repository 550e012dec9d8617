"""REST: GET /reports."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct
from zope.interface import implementer

from chat.ichat import IEndpoint
from chat.moderation import Report
from chat.plugin import Context, Contribution, NoOptions, Plugin, Scope, Services
from chat.texts import base64_of
from chat.times import rfc3339


class Page(Struct, frozen=True, kw_only=True):
    """How many reports, and above which one: `before` is the `next` of the page before."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 50
    before: str | None = None


@implementer(IEndpoint)
class GetReports:
    """Lists reports of messages, the newest first, page by page: `next` is None on the last one."""

    method = "GET"
    path = "reports"
    scope = Scope.READ
    body = Page

    def __init__(self, services: Services) -> None:
        self._services = services

    async def call(self, caller: Context, body: Page) -> dict[str, Any]:
        """See `IEndpoint`."""
        found: tuple[Report, ...] = await self._services.store.list_reports(body.limit + 1, body.before)
        page = found[: body.limit]
        return {"items": [_entry(one) for one in page], "next": page[-1].id if len(found) > body.limit else None}


def _entry(report: Report) -> dict[str, str]:
    return {
        "id": report.id,
        "message_id": report.message_id,
        "body": base64_of(report.body),
        "user_id": report.author_id,
        "user_name": base64_of(report.author_name),
        "room_id": report.room_id,
        "room_name": base64_of(report.room_name),
        "reporter_id": report.reporter_id,
        "reporter_name": base64_of(report.reporter_name),
        "reason": base64_of(report.reason),
        "timestamp": rfc3339(report.created),
    }


def build(options: NoOptions, services: Services) -> Contribution:
    """The parts of this plugin."""
    return Contribution(endpoints=(GetReports(services),))


plugin = Plugin("rest-reports", build)
