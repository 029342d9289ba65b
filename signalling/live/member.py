"""A participant's surroundings: their connection, their secret for resuming, what was agreed on media."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from signalling.domain.events import DisconnectReason, RoomDisconnected
from signalling.live.encoding import encode_event
from signalling.live.negotiation import Agreement
from signalling.live.outbox import Outbox, Sink

CLOSED_NORMALLY = 1000
CLOSED_REPLACED = 4003


@dataclass(slots=True)
class Member:
    """`negotiating` is held during a negotiation: two at a time would not know of each other.

    `address` and `agent` are for reports.

    While `answer_first` is set, a dismissal waits in `farewell`: the participant asked for it in a request, and has
    to get the answer before the connection is closed.
    """

    outbox: Outbox
    address: str = ""
    agent: str = ""
    client_id: str = field(default_factory=lambda: secrets.token_hex(8))
    resume_token: str = field(default="", repr=False)
    agreement: Agreement | None = None
    negotiating: asyncio.Lock = field(default_factory=asyncio.Lock)
    answer_first: bool = False
    farewell: Callable[[], None] | None = None

    def dismiss(self, reason: DisconnectReason, message: str) -> None:
        """The last event, then the connection is closed."""
        if self.answer_first:
            self.farewell = lambda: self._dismiss(reason, message)
        else:
            self._dismiss(reason, message)

    def _dismiss(self, reason: DisconnectReason, message: str) -> None:
        self.outbox.put(encode_event(RoomDisconnected(reason, message)))
        if self.outbox.sink is not None:
            self.outbox.sink.close(CLOSED_NORMALLY, reason)
            self.outbox.sink = None

    def replace(self, old: Sink) -> None:
        """Tell a connection that another one has taken its place. This is no event of the participant."""
        event = encode_event(RoomDisconnected("replaced", "The session goes on over another connection."))
        old.send(event.text(self.outbox.last_seq + 1))
        old.close(CLOSED_REPLACED, "replaced")
