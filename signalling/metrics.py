"""Counters of signalling, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Metrics:
    """One registry per application, so that several can live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = self._counter(
            "requests", "Requests of clients by method and outcome (ok or the reason)", "method", "outcome"
        )
        self.malformed = self._counter("malformed_messages", "Messages of clients that were no requests", "reason")
        self.sockets_refused = self._counter("sockets_refused", "WebSockets refused because of too many of one address")
        self.sockets_dropped = self._counter("sockets_dropped", "WebSockets that the server cut off", "reason")
        self.resumes = self._counter("resumes", "Connections that were resumed")
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
