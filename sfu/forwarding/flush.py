"""What the packet path needs of whatever writes packets: there is one in Python and a compiled one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sfu.forwarding.egress import Egress
from sfu.forwarding.outlet import Outlet
from sfu.forwarding.plan import Plan
from sfu.forwarding.wire_format import Canonical


@dataclass(slots=True)
class Failures:
    """What could not be sent: packets that libsrtp refused, and messages that the kernel did not take."""

    protect: int = 0
    send: int = 0


class Flush(Protocol):
    """Writes, encrypts and sends packets. `microseconds` is the time, for what carries transport-wide numbers."""

    def flush(self, work: Sequence[tuple[Outlet, Sequence[Canonical]]], microseconds: int) -> None:
        """Send packets to all plans of their outlets, all of one participant's together."""

    def send(self, plan: Plan, packets: Sequence[Canonical], microseconds: int) -> None:
        """Send packets to one plan's participant now."""

    def send_complete(self, egress: Egress, data: bytes, transport_at: int, microseconds: int) -> None:
        """Send one packet that needs no more than a transport-wide number at `transport_at`, 0 for none."""

    def take_failures(self) -> Failures:
        """What failed since the last call."""
