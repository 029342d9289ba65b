"""What the packet path does to a layer's packets for one slot."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sfu.forwarding.egress import Egress
from sfu.forwarding.wire_format import WireFormat

if TYPE_CHECKING:
    from sfu.forwarding.outlet import Outlet


@dataclass(slots=True, eq=False)
class Plan:
    """Offsets that carry one layer's numbers into one slot's; all arithmetic wraps at the field's width.

    A plan holds from one switch of the slot to the next and never changes meanwhile, but for what was sent under it.
    All plans of an outlet get the same packets, so those are counted once, there: `packets_before` and
    `octets_before` are what it had counted before this plan, `packets_late` and `octets_late` what was sent past it.
    `native` belongs to the compiled packet path, and `place` to the outlet.
    """

    egress: Egress
    wire_format: WireFormat
    ssrc: int
    sequence_offset: int = 0
    timestamp_offset: int = 0
    picture_id_offset: int = 0
    tl0_offset: int = 0
    outlet: "Outlet | None" = None
    packets_before: int = 0
    octets_before: int = 0
    packets_late: int = 0
    octets_late: int = 0
    native: Any = field(default=None, repr=False)
    place: int = 0

    @property
    def sent(self) -> tuple[int, int]:
        """Packets, and octets of payloads and their extensions: the sender's counts (RFC 3550 section 6.4.1)."""
        if self.outlet is None:
            return self.packets_late, self.octets_late
        return (
            self.outlet.packets - self.packets_before + self.packets_late,
            self.outlet.octets - self.octets_before + self.octets_late,
        )

    def joined(self, outlet: "Outlet") -> None:
        """Gets this outlet's packets from now on."""
        self.outlet = outlet
        self.packets_before, self.octets_before = outlet.packets, outlet.octets

    def left(self) -> None:
        """Gets no more packets; what was sent stays counted."""
        packets, octets = self.sent
        self.outlet, self.packets_before, self.octets_before = None, 0, 0
        self.packets_late, self.octets_late = packets, octets
