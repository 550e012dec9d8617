"""GET /metrics: what the server counts and measures, in the text format of Prometheus.

The numbers are taken in the reactor's thread, which is quick; the text is made in another one. Who asks meanwhile gets
the same text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from chat.errors import OK
from chat.metrics import Family, Kind, Measured, Metrics
from chat.web.auth import Keys
from chat.web.health import is_admitted
from chat.web.json import failure_body, respond

RENDER_TIMEOUT_S = 10.0
_FAILED = 500


class _Process(CollectorRegistry):
    """What the interpreter and the system say of the process, whatever server it is."""

    def __init__(self) -> None:
        super().__init__()
        ProcessCollector(registry=self)
        PlatformCollector(registry=self)
        GCCollector(registry=self)


class _Taken(Collector):
    """Families as they were when they were taken."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        """In the form of the library."""
        return [_metric(family) for family in self._families]


class MetricsPage(Resource):
    """Answers whoever may ask as for the health of the server."""

    isLeaf = True
    log = Logger()

    def __init__(self, keys: Keys, metrics: Metrics, reactor: Any) -> None:
        super().__init__()
        self._keys = keys
        self._metrics = metrics
        self._reactor = reactor
        self._process = _Process()
        self._waiting: list[Deferred[bytes]] = []

    def render(self, request: Request) -> int:
        """The text, or a failure as JSON."""
        if not is_admitted(request, self._keys):
            return NOT_DONE_YET
        text = self._text()
        request.notifyFinish().addErrback(lambda gone: text.cancel())
        text.addCallback(lambda body: respond(request, OK, body, {"Content-Type": CONTENT_TYPE_PLAIN_0_0_4}))
        text.addErrback(self._fail, request)
        return NOT_DONE_YET

    def _text(self) -> Deferred[bytes]:
        text: Deferred[bytes] = Deferred()
        self._waiting.append(text)
        if len(self._waiting) == 1:
            families, threads = self._metrics.families(), self._reactor.getThreadPool()
            deferToThreadPool(self._reactor, threads, self._made, families).addBoth(self._hand_out)
        return text.addTimeout(RENDER_TIMEOUT_S, self._reactor)

    def _hand_out(self, text: bytes | Failure) -> None:
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.called:
                one.callback(text)

    def _fail(self, failure: Failure, request: Request) -> None:
        if failure.check(CancelledError):
            return
        self.log.failure("the metrics could not be shown", failure)
        respond(request, _FAILED, failure_body("the metrics could not be shown"))

    # In another thread

    def _made(self, families: Sequence[Family]) -> bytes:
        taken = CollectorRegistry()
        taken.register(_Taken(families))
        return generate_latest(taken) + generate_latest(self._process)


def _metric(family: Family) -> Metric:
    labels = [family.label] if family.label else []
    if family.kind is Kind.HISTOGRAM:
        return _histogram(family, labels)
    kind = CounterMetricFamily if family.kind is Kind.COUNTER else GaugeMetricFamily
    metric = kind(family.name, family.text, labels=labels)
    for label, value in family.values.items():
        metric.add_metric([label] if labels else [], cast("float", value))
    return metric


def _histogram(family: Family, labels: Sequence[str]) -> Metric:
    metric = HistogramMetricFamily(family.name, family.text, labels=labels)
    for label, value in family.values.items():
        assert isinstance(value, Measured)
        buckets = [(floatToGoString(bound), number) for bound, number in value.buckets]
        metric.add_metric([label] if labels else [], buckets, value.total)
    return metric
