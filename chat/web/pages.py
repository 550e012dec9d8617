"""The web pages: static files, no outside resource, nothing inline."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from twisted.web.http import stringToDatetime
from twisted.web.pages import notFound
from twisted.web.resource import IResource, Resource
from twisted.web.server import Request
from twisted.web.static import File
from twisted.web.util import redirectTo

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}

# What the page for moderators has of the other one.
_SHARED: Final = ("avatar.js", "base64.js", "dom.js", "favicon.svg", "look.css", "times.js")


class Pages(File):
    """A folder of files, which it does not list."""

    def __init__(self, path: str, *arguments: object, **named: object) -> None:
        super().__init__(path, *arguments, **named)  # type: ignore[arg-type]
        self.contentTypes = {**self.contentTypes, ".js": "text/javascript", ".html": "text/html; charset=utf-8"}

    def render(self, request: Request) -> int | bytes:
        """The file, with the headers that keep a page to itself."""
        _keep_to_itself(request)
        _simplify(request)
        page: int | bytes = super().render(request)
        return page

    def getChild(self, path: bytes, request: Request) -> IResource:
        """The file below, or a page that says that there is none, with the same headers."""
        _keep_to_itself(request)
        child: IResource = notFound() if b"\0" in path else super().getChild(path, request)
        return child

    def directoryListing(self) -> IResource:
        """There is none."""
        return notFound()

    def redirect(self, request: Request) -> bytes:
        """To the folder with its slash, wherever a proxy has put it."""
        page: bytes = redirectTo(request.path.rpartition(b"/")[2] + b"/", request)
        return page


def _keep_to_itself(request: Request) -> None:
    for name, value in _HEADERS.items():
        request.setHeader(name, value)


def _simplify(request: Request) -> None:
    """Ask for the file as a whole, and for a newer one only with a date: Twisted trips over odd ranges and dates."""
    request.requestHeaders.removeHeader(b"range")
    if not _is_date(request.getHeader(b"if-modified-since") or b""):
        request.requestHeaders.removeHeader(b"if-modified-since")


def _is_date(value: bytes) -> bool:
    try:
        stringToDatetime(value.partition(b";")[0])
    except (ValueError, LookupError):
        return False
    return True


def static_pages() -> Resource:
    """The page for everybody."""
    return Pages(str(files("chat.web") / "static"))


def admin_pages() -> Resource:
    """The page for moderators. It has nothing secret: every call that it makes needs a key."""
    folder = files("chat.web")
    pages = Pages(str(folder / "admin"))
    for name in _SHARED:
        pages.putChild(name.encode(), Pages(str(folder / "static" / name)))
    return pages
