"""Figures for Prometheus: counters fed by telemetry, gauges read when somebody scrapes."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from chatter.actors.child import ChildEnded
from chatter.stores.port import DatabaseLost

if TYPE_CHECKING:
    from chatter.application import Application
    from chatter.gateway import GatewayStatistics


class Metrics:
    """The figures of one application, in a registry of their own."""

    def __init__(self, application: "Application") -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Gauges(application))
        self._crashes = Counter("chatter_crashes", "Crashed children", ["supervisor"], registry=self._registry)
        self._losses = Counter("chatter_database_losses", "Times the database was lost", registry=self._registry)
        application.telemetry.subscribe(ChildEnded, self._child_ended)
        application.telemetry.subscribe(DatabaseLost, lambda _: self._losses.inc())

    def text(self) -> bytes:
        """Prometheus' text exposition format."""
        return generate_latest(self._registry)

    def _child_ended(self, event: ChildEnded) -> None:
        if event.exit.abnormal:
            self._crashes.labels(event.supervisor).inc()


class _Gauges(Collector):
    def __init__(self, application: "Application") -> None:
        self._application = application

    def collect(self) -> Iterable[Metric]:
        application = self._application
        yield GaugeMetricFamily("chatter_sessions", "Sockets with a session", value=len(application.sessions))
        yield GaugeMetricFamily("chatter_rooms", "Rooms that run", value=len(application.rooms))
        yield from _of_the_gateway(application.gateway.statistics())
        waiting = GaugeMetricFamily("chatter_mailbox_waiting", "Messages waiting", labels=["actor"])
        for node in application.tree().walk():
            if node.mailbox is not None and ":" not in node.name and node.kind == "actor" and len(node.name) < 20:
                waiting.add_metric([node.name], node.mailbox.waiting)
        yield waiting


def _of_the_gateway(statistics: "GatewayStatistics") -> Iterable[Metric]:
    connections = GaugeMetricFamily("chatter_connections", "Connections that are open", labels=["kind"])
    for kind in ("websockets", "longpolls", "http", "handshakes"):
        connections.add_metric([kind], getattr(statistics, kind))
    yield connections
    yield CounterMetricFamily("chatter_handshakes", "WebSocket handshakes completed", value=statistics.accepted)
    yield CounterMetricFamily("chatter_refusals", "Requests turned down at the door", value=statistics.refused)
    yield GaugeMetricFamily("chatter_io_uring", "Whether broadcasts go out by io_uring", value=statistics.ring)
