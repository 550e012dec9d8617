"""The dashboard that comes with the server asks for what the server shows, and for all of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from twisted.internet.task import Clock

from chat.config import Config
from chat.metrics import Kind
from chat.server import Server

FILE = Path(__file__).parents[1] / "etc" / "grafana" / "chat.json"
PARTS = {Kind.HISTOGRAM: ("_bucket", "_count", "_sum"), Kind.COUNTER: ("",), Kind.GAUGE: ("",)}


def test_every_metric_is_on_the_dashboard_and_no_other() -> None:
    panels = json.loads(FILE.read_text(encoding="utf-8"))["panels"]
    asked = {
        name
        for panel in panels
        for target in panel.get("targets", ())
        for name in re.findall(r"\bchat_[a-z_]+\b", target["expr"])
    }
    catalogue = Server(Config(), Clock()).services.metrics.catalogue
    shown = {one.name: {one.name + part for part in PARTS[one.kind]} for one in catalogue}
    assert asked <= set().union(*shown.values())
    assert {name for name, parts in shown.items() if not parts & asked} == set()


def test_panels_group_by_labels_that_there_are() -> None:
    catalogue = {one.name: one.label for one in Server(Config(), Clock()).services.metrics.catalogue}
    for panel in json.loads(FILE.read_text(encoding="utf-8"))["panels"]:
        for target in panel.get("targets", ()):
            (named,) = set(re.findall(r"\b((?:chat|process)_[a-z_]+?)(?:_bucket|_count|_sum)?\b", target["expr"]))
            by = re.findall(r"by \(([a-z, ]+)\)", target["expr"])
            labels = {label for group in by for label in group.split(", ")} - {"le"}
            assert labels <= {catalogue.get(named)}, target
