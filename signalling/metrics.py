"""Counters of signalling, of the media nodes and of the recorders, for Prometheus."""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from sfu.link_messages import DELAY_BOUNDS
from signalling.nodes import Node
from signalling.recording.recorders import Recorder

_DELAY_LABELS = (*map(str, DELAY_BOUNDS), "+Inf")
_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Metrics:
    """One registry per application, so that several can live in one process."""

    def __init__(self, nodes: Callable[[], Iterable[Node]]) -> None:
        """`nodes` gives the linked media nodes."""
        self.registry = CollectorRegistry()
        self.registry.register(NodeCollector(nodes))
        self.requests = self._counter(
            "requests", "Requests of clients by method and outcome (ok or the reason)", "method", "outcome"
        )
        self.malformed = self._counter("malformed_messages", "Messages of clients that were no requests", "reason")
        self.sockets_refused = self._counter("sockets_refused", "WebSockets refused because of too many of one address")
        self.sockets_dropped = self._counter("sockets_dropped", "WebSockets that the server cut off", "reason")
        self.resumes = self._counter("resumes", "Connections that were resumed")
        self.webhooks = self._counter("webhook_attempts", "Attempts to deliver webhooks", "outcome")
        self.segments = self._counter("recording_segments", "Segments of recordings by what became of them", "outcome")
        self.sockets = Gauge("roomcast_signalling_sockets", "WebSockets of clients", registry=self.registry)
        self.sessions = Gauge("roomcast_signalling_sessions", "Running sessions", registry=self.registry)
        self.participants = Gauge(
            "roomcast_signalling_participants", "Participants in sessions", registry=self.registry
        )
        self.media_nodes = Gauge("roomcast_signalling_media_nodes", "Linked media nodes", registry=self.registry)
        self.request_seconds = Histogram(
            "roomcast_signalling_request_seconds",
            "Time from a request to its answer, by method",
            ["method"],
            buckets=_SECONDS,
            registry=self.registry,
        )

    def text(self) -> bytes:
        """The text format of Prometheus."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"roomcast_signalling_{name}", text, labels, registry=self.registry)


class NodeCollector(Collector):
    """What the media nodes last reported of themselves: what they sent, received and dropped, by reason."""

    def __init__(self, nodes: Callable[[], Iterable[Node]]) -> None:
        self._nodes = nodes

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily]:
        events = CounterMetricFamily(
            "roomcast_node_events", "What media nodes counted, by node and name", labels=["node", "event"]
        )
        transports = GaugeMetricFamily("roomcast_node_transports", "Transports on a node", labels=["node"])
        taps = GaugeMetricFamily("roomcast_node_taps", "Recorders that a node feeds", labels=["node"])
        cpu = GaugeMetricFamily("roomcast_node_cpu", "Share of one core that a node uses", labels=["node"])
        delay = GaugeMetricFamily(
            "roomcast_node_loop_delay_seconds",
            "The longest that packets waited for a node's loop in the last minute",
            labels=["node"],
        )
        turn = GaugeMetricFamily(
            "roomcast_node_longest_turn_seconds",
            "The most processor time that a node's own work kept packets waiting in the last minute",
            labels=["node"],
        )
        compiled = GaugeMetricFamily(
            "roomcast_node_compiled", "Whether a node forwards by the compiled packet path", labels=["node"]
        )
        delays = HistogramMetricFamily(
            "roomcast_media_loop_delay_seconds",
            "How long each turn of a node's loop kept packets waiting",
            labels=["node"],
        )
        for node in self._nodes():
            report = node.report
            if report is None:
                continue
            for name, total in report.counters.items():
                events.add_metric([node.node_id, name], total)
            transports.add_metric([node.node_id], report.transports)
            taps.add_metric([node.node_id], report.taps)
            cpu.add_metric([node.node_id], report.cpu)
            delay.add_metric([node.node_id], report.loop_delay)
            turn.add_metric([node.node_id], report.longest_turn)
            compiled.add_metric([node.node_id], report.compiled)
            if report.loop_delays is not None:
                counts = zip(_DELAY_LABELS, report.loop_delays.buckets, strict=True)
                delays.add_metric([node.node_id], list(counts), report.loop_delays.seconds)
        yield from (events, transports, taps, cpu, delay, delays, turn, compiled)


class RecorderCollector(Collector):
    """What the recorders last reported of themselves."""

    def __init__(self, recorders: Callable[[], Iterable[Recorder]]) -> None:
        """`recorders` gives the linked ones."""
        self._recorders = recorders

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        linked = list(self._recorders())
        recorders = GaugeMetricFamily("roomcast_signalling_recorders", "Linked recorders", value=len(linked))
        events = CounterMetricFamily(
            "roomcast_recorder_events", "What recorders counted, by recorder and name", labels=["recorder", "event"]
        )
        segments = _of_recorders("segments", "Segments that a recorder records")
        composites = _of_recorders("composites_waiting", "Composites that a recorder has still to make")
        cpu = _of_recorders("cpu", "Cores that a recorder uses")
        free = _of_recorders("free_bytes", "Free disk space of a recorder")
        for recorder in linked:
            report = recorder.load
            if report is None:
                continue
            for name, total in report.counters.items():
                events.add_metric([recorder.recorder_id, name], total)
            segments.add_metric([recorder.recorder_id], report.segments)
            composites.add_metric([recorder.recorder_id], report.composites_waiting)
            cpu.add_metric([recorder.recorder_id], report.cpu)
            free.add_metric([recorder.recorder_id], report.free_bytes)
        yield from (recorders, events, segments, composites, cpu, free)


def _of_recorders(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"roomcast_recorder_{name}", text, labels=["recorder"])
