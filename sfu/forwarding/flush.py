"""What the packet path needs of whatever writes packets: there is one in Python and a compiled one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sfu.forwarding.egress import Egress
from sfu.forwarding.outlet import Outlet
from sfu.forwarding.plan import Plan
from sfu.forwarding.wire_format import Canonical

EVERYTHING = 0xFFFFFFFF
"""Effort that is never used up. Effort is about a microsecond on the machine on which it was measured."""


@dataclass(slots=True)
class Totals:
    """Packets and octets (of payloads with their header extensions) that were enqueued, once for each participant, and
    what could not be sent: packets that libsrtp refused, and messages that the kernel did not take."""

    packets: int = 0
    octets: int = 0
    protect_failures: int = 0
    send_failures: int = 0


class Flush(Protocol):
    """Writes, encrypts and sends packets. `microseconds` is the time, for what carries transport-wide numbers."""

    def enqueue(self, outlet: Outlet, packet: Canonical, microseconds: int) -> None:
        """Keep a packet for all plans that its outlet has at the next `hand_over` or `flush`."""

    def hand_over(self) -> None:
        """What was enqueued goes to all plans that their outlets have now, behind what waits for the same
        participants."""

    def flush(self, microseconds: int, effort: int) -> int:
        """Hand over, and send, all that waits for one participant together, until that has taken `effort`.

        Returns for how many microseconds something has been waiting for somebody, at least 1; 0 if nothing is.
        """

    def finish(self, egress: Egress, microseconds: int) -> None:
        """Send all that waits for one participant. Whoever closes an egress has to call this afterwards."""

    def send(self, plan: Plan, packets: Sequence[Canonical], microseconds: int) -> None:
        """Send packets to one plan's participant now."""

    def send_complete(self, egress: Egress, data: bytes, transport_at: int, microseconds: int) -> None:
        """Send one packet that needs no more than a transport-wide number at `transport_at`, 0 for none."""

    def take_totals(self) -> Totals:
        """What came together since the last call."""
