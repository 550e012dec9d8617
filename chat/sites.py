"""What is served over HTTP: a site for everybody, with the WebSocket behind its door, and one for backends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.web.resource import Resource
from twisted.web.server import Site

from chat.config import Config
from chat.plugin import Services
from chat.web.auth import Keys
from chat.web.backend import Backend
from chat.web.channel import BoundedSite, PromptSite
from chat.web.health import Health, is_alive, readiness
from chat.web.json import BoundedRequest
from chat.web.metrics import MetricsPage
from chat.web.pages import admin_pages, static_pages
from chat.wire.doors import PublicSite, WebSocketDoor
from chat.wire.front import Front
from chat.wire.websocket import WebSocketFront

HTTP_TIMEOUT_S = 60


def public_site(front: Front, config: Config, reactor: Any) -> Site:
    """The pages, and the WebSocket."""
    sockets = WebSocketFront(front, reactor, config.web.origins)
    root = static_pages()
    root.putChild(b"ws", WebSocketDoor(sockets))
    site: PublicSite = _site(root, PublicSite, reactor)
    site.addresses = sockets.addresses
    site.timeOut = config.limits.login_timeout_s
    return site


def backend_site(calls: Backend, keys: Keys, services: Services, is_draining: Callable[[], bool], reactor: Any) -> Site:
    """The calls of backends, and how the server is."""
    root = _Root(calls)
    root.putChild(b"healthz", Health(keys, is_alive))
    root.putChild(b"readyz", Health(keys, readiness(services.store, is_draining, reactor)))
    root.putChild(b"metrics", MetricsPage(keys, services.metrics, reactor))
    root.putChild(b"admin", admin_pages())
    site: PromptSite = _site(root, PromptSite, reactor)
    site.counted = calls.count
    return site


def _site(tree: Resource, kind: type[BoundedSite], reactor: Any) -> Any:
    site = kind(
        tree,
        requestFactory=BoundedRequest,
        timeout=HTTP_TIMEOUT_S,
        reactor=reactor,
        # A body is JSON, whatever its type is said to be.
        parsePOSTFormSubmission=False,
    )
    site.noisy = False
    site.displayTracebacks = False
    return site


class _Root(Resource):
    """A tree in which everything that has no place of its own belongs to one resource."""

    def __init__(self, fallback: Resource) -> None:
        super().__init__()
        self._fallback = fallback

    def getChild(self, path: bytes, request: Any) -> Resource:
        """The resource for everything else; it sees the whole path."""
        request.prepath.pop()
        request.postpath.insert(0, path)
        return self._fallback
