"""Imports point one way: fronts and plugins, then the pipeline, then the domain, then the model."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import chat

ROOT = Path(chat.__file__).parent
MODEL = {
    "activities", "agenda", "audiences", "buckets", "contracts", "coroutines", "durations", "errors", "events", "ichat",
    "istore", "lag", "lines", "memos", "metrics", "model", "plugin", "requests", "slots", "texts", "times", "world",
}  # fmt: skip
DOMAIN = {
    "acl", "acl_grammar", "archive", "bans", "changes", "conversations", "crossing", "deletions", "gaps", "heartbeats",
    "histories", "kicks", "lookalikes", "messages", "moderation", "names", "new_rooms", "occupancy", "occupants",
    "permits", "places", "presence", "receipts", "relays", "rest", "retention", "revisions", "rights", "roles", "rooms",
    "rosters", "sanctions", "sessions", "spelling", "subscriptions", "tallies", "timelines", "timers", "unheard",
    "users", "whispers", "words",
}  # fmt: skip
PIPELINE = {"bus", "pipeline"}
EDGE = {"plugins", "storage", "web", "wire"}
ROOT_OF_ALL = {
    "choosing", "config", "config_file", "config_rules", "ctl", "declarations", "draining", "listening", "loading",
    "log_format", "log_output", "reloading", "server", "service", "signals", "sites", "testing", "watching",
}  # fmt: skip
RANKS = dict.fromkeys(MODEL, 0) | dict.fromkeys(DOMAIN, 1) | dict.fromkeys(PIPELINE, 2) | dict.fromkeys(EDGE, 3)


def layer_of(module: str) -> str:
    return module.split(".")[1] if module.count(".") else ""


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in ROOT.rglob("*.py"):
        name = ".".join(("chat", *path.relative_to(ROOT).with_suffix("").parts))
        yield name.removesuffix(".__init__"), ast.parse(path.read_text(encoding="utf-8"))


def imports_of(tree: ast.Module) -> Iterator[str]:
    """The modules of this package that are imported when the module runs, not those for type checkers alone."""
    hidden = {id(node) for one in ast.walk(tree) if is_type_checking(one) for node in ast.walk(one)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and id(node) not in hidden and node.module:
            yield from (f"{node.module}.{name.name}" if node.module == "chat" else node.module for name in node.names)
        elif isinstance(node, ast.Import) and id(node) not in hidden:
            yield from (name.name for name in node.names)


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def test_every_module_has_a_place() -> None:
    names = {layer_of(name) for name, _ in modules()} - {""}
    assert names == set(RANKS) | ROOT_OF_ALL


def test_no_arrow_points_up() -> None:
    for name, tree in modules():
        layer = layer_of(name)
        for imported in imports_of(tree):
            target = layer_of(imported)
            if imported.startswith("chat.") and layer in RANKS and target != "config":
                assert target in RANKS, f"{name} imports {imported}"
                assert RANKS[target] <= RANKS[layer], f"{name} imports {imported}"


def test_plugins_do_not_import_each_other() -> None:
    for name, tree in modules():
        if name.startswith("chat.plugins."):
            assert not [one for one in imports_of(tree) if one.startswith("chat.plugins")], name


def test_the_reactor_is_imported_in_one_place() -> None:
    users = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == "twisted.internet"
        and "reactor" in {one.name for one in node.names}
    }
    assert users == {"chat.service"}
