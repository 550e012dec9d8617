"""Writes docs/verbs.md from the code: `python docs/generate.py`. A test fails when the file is out of date."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.task import Clock

from chat.config import Config
from chat.errors import ErrorCode
from chat.plugin import Requires
from chat.server import Server
from chat.wire.slots import slot_table

HEAD = """# Verbs

Generated from the code by `docs/generate.py`. A slot without a code for `missing` may be left out, one without a
code for `too long` is bounded by the frame alone.

"""


def verbs_page() -> str:
    """Every verb that clients can call, with its words, slots and codes; then the codes."""
    verbs = Server(Config(), Clock()).pipeline.verbs
    page = HEAD
    for verb in sorted((verb for verb in verbs if verb.event), key=lambda verb: verb.event or ""):
        words = " or ".join(f"`{word}`" for word in verb.verbs) or "none"
        login = "" if verb.requires is Requires.LOGGED_IN else " No login needed."
        page += f"## {verb.event}\n\n{summary(type(verb).__doc__)} Body verb: {words}.{login}\n\n"
        rows = slot_table(verb.request)
        if rows:
            page += "| slot | kind | missing | malformed | too long |\n|---|---|---|---|---|\n"
            page += "".join(f"| `{path}` | {' | '.join(cells)} |\n" for path, *cells in rows) + "\n"
    page += "## Codes\n\n| code | name | HTTP | text |\n|---|---|---|---|\n"
    return page + "".join(f"| {code.wire} | {code.name} | {code.http} | {code.text} |\n" for code in ErrorCode)


def summary(docstring: str | None) -> str:
    """The first paragraph of a docstring on one line."""
    return " ".join((docstring or "").split("\n\n")[0].split())


if __name__ == "__main__":
    (Path(__file__).parent / "verbs.md").write_text(verbs_page(), encoding="utf-8")
