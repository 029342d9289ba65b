"""What the packet path does to a layer's packets for one slot."""

from dataclasses import dataclass

from sfu.forwarding.egress import Egress
from sfu.forwarding.wire_format import WireFormat


@dataclass(slots=True, eq=False)
class Plan:
    """Offsets that carry one layer's numbers into one slot's; all arithmetic wraps at the field's width.

    A plan holds from one switch of the slot to the next and never changes meanwhile, but for the two counters of
    what was sent under it (RFC 3550 section 6.4.1: the sender's packet and octet counts).
    """

    egress: Egress
    wire_format: WireFormat
    ssrc: int
    sequence_offset: int = 0
    timestamp_offset: int = 0
    picture_id_offset: int = 0
    tl0_offset: int = 0
    packets_sent: int = 0
    octets_sent: int = 0
