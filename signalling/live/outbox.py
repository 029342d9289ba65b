"""The events of one participant: numbered, sent, and remembered for a resume."""

from collections import deque
from typing import Protocol

from signalling.live.encoding import EncodedEvent


class Sink(Protocol):
    """Where messages to a client go: its connection."""

    def send(self, text: str, *, hurried: bool = True) -> None:
        """Take a message; never blocks and never fails. One that is not `hurried` may go out a moment later."""

    def close(self, code: int, reason: str) -> None:
        """Close when everything sent before is out."""


class Outbox:
    """Numbers count up from the one after `last_seq`. The last events are remembered, sent or not: at most `max_events`
    of at most `max_size` characters in all. What is remembered has to fit into the queue of a connection, or no resume
    would ever succeed.
    """

    def __init__(self, max_events: int, max_size: int, last_seq: int = 0) -> None:
        self.last_seq = last_seq
        self.sink: Sink | None = None
        self._max_events = max_events
        self._max_size = max_size
        self._remembered: deque[EncodedEvent] = deque()
        self._size = 0

    def put(self, event: EncodedEvent, *, hurried: bool = True) -> None:
        self.last_seq += 1
        self._remembered.append(event)
        self._size += event.size
        while len(self._remembered) > self._max_events or self._size > self._max_size:
            self._size -= self._remembered.popleft().size
        if self.sink is not None:
            self.sink.send(event.text(self.last_seq), hurried=hurried)

    def forgotten_after(self, seq: int) -> int:
        """How many of the events after number `seq` are no longer remembered."""
        first_remembered = self.last_seq - len(self._remembered) + 1
        return max(first_remembered - (seq + 1), 0)

    def attach(self, sink: Sink, after: int) -> None:
        """Send every remembered event after number `after`, and from now on each new one."""
        self.sink = sink
        first_remembered = self.last_seq - len(self._remembered) + 1
        for seq, event in enumerate(self._remembered, first_remembered):
            if seq > after:
                sink.send(event.text(seq))

    def detach(self, sink: Sink) -> bool:
        """Stop sending there; False when it was another sink by now."""
        if self.sink is not sink:
            return False
        self.sink = None
        return True
