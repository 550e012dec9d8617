"""What a server shows of itself to whoever watches it: the catalogue of its metrics.

The parts of a server count; here it is said what that is called. Plugins add what they count themselves, by way of
`Services.metrics`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from chat.bus import Bus
from chat.ichat import IStore
from chat.lag import Lag
from chat.metrics import Instrument, Kind, Measured, Metrics, Reading
from chat.plugin import Services
from chat.web.backend import Backend
from chat.wire.front import Front

_COUNTER, _GAUGE, _HISTOGRAM = Kind.COUNTER, Kind.GAUGE, Kind.HISTOGRAM


def watch_clients(metrics: Metrics, front: Front) -> None:
    """Connections and their commands, and what goes over the wire."""
    meters, delivery = front.meters, front.delivery
    for instrument in (
        Instrument("chat_connections", "Connections of clients.", _GAUGE, lambda: _connections(front), "carrier"),
        Instrument("chat_logged_in", "Connections that are logged in.", _GAUGE, _alone(lambda: _logged_in(front))),
        Instrument(
            "chat_closings_total",
            "Sessions that ended, by the close code of the connection: 4008 for a slow reader that was cut, 4029 for"
            " a flood, none where there was no word.",
            _COUNTER,
            meters.closings.read,
            "code",
        ),
        Instrument(
            "chat_command_seconds",
            "From the begin of a client's command to its reply, the commit included.",
            _HISTOGRAM,
            meters.latency.read,
            "verb",
        ),
        Instrument("chat_refusals_total", "What clients were refused.", _COUNTER, meters.refusals.read, "code"),
        Instrument("chat_events_total", "Events for somebody.", _COUNTER, delivery.events.read, "event"),
        Instrument("chat_deliveries_total", "Events handed to sessions.", _COUNTER, _alone(lambda: delivery.delivered)),
        Instrument("chat_bytes_total", "Bytes from and to clients.", _COUNTER, lambda: _traffic(front), "direction"),
    ):
        metrics.show(instrument)


def watch_calls(metrics: Metrics, backend: Backend) -> None:
    """What backends ask."""
    for instrument in (
        Instrument("chat_call_seconds", "Calls of backends.", _HISTOGRAM, backend.times.read, "call"),
        Instrument("chat_calls_total", "Answers to backends.", _COUNTER, backend.statuses.read, "status"),
    ):
        metrics.show(instrument)


def watch_state(metrics: Metrics, services: Services) -> None:
    """Who and what is there."""
    rooms, presence = services.rooms, services.presence
    for instrument in (
        Instrument("chat_users_online", "Users who are online.", _GAUGE, _alone(lambda: presence.online_count)),
        Instrument("chat_rooms", "Rooms.", _GAUGE, lambda: Counter(room.kind.value for room in rooms.all), "kind"),
    ):
        metrics.show(instrument)


def watch_works(metrics: Metrics, store: IStore, bus: Bus, lag: Lag) -> None:
    """What everything else waits for."""

    def commits() -> Mapping[str, Measured]:
        return {"": store.commits()}

    def lags() -> Mapping[str, Measured]:
        return {"": lag.times.measured()}

    for instrument in (
        Instrument("chat_store_waiting", "Writes that wait for their commit.", _GAUGE, _alone(store.waiting)),
        Instrument("chat_store_commit_seconds", "How long transactions took.", _HISTOGRAM, commits),
        Instrument("chat_observer_failures_total", "Observations that failed.", _COUNTER, bus.failures, "observer"),
        Instrument(
            "chat_observer_dropped_total",
            "Events that an observer was too slow for.",
            _COUNTER,
            bus.dropped,
            "observer",
        ),
        Instrument(
            "chat_reactor_lag_seconds",
            "How late the reactor came to what was due, looked at every 0.25 s; of a stall each look counts.",
            _HISTOGRAM,
            lags,
        ),
    ):
        metrics.show(instrument)


def _connections(front: Front) -> Mapping[str, int]:
    return Counter(connection.link.carrier for connection in front.connections)


def _logged_in(front: Front) -> int:
    return sum(connection.session.user is not None for connection in front.connections)


def _traffic(front: Front) -> Mapping[str, int]:
    total = front.meters.traffic(front.connections)
    return {"in": total.bytes_in, "out": total.bytes_out}


def _alone(read: Callable[[], float]) -> Reading:
    """The reading of an instrument without a label."""
    return lambda: {"": read()}
