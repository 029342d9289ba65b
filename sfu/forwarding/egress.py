"""Where one participant's packets leave: an SRTP session and the path that ICE selected."""

from collections.abc import Callable
from dataclasses import dataclass, field
from socket import socket
from typing import TYPE_CHECKING, Any

from sfu.srtp import SrtpSender

if TYPE_CHECKING:
    from sfu.forwarding.plan import Plan
    from sfu.forwarding.wire_format import Canonical


@dataclass(slots=True, eq=False)
class Egress:
    """Exactly one of `udp` and `write_frame` is set while there is a selected path, and neither before.

    `srtp` is None before the handshake is done; it is kept here as a whole because its session, which the packet
    path calls libsrtp with, is freed with it. `work` belongs to the packet path: what the flush under way has to
    write for this participant.
    """

    srtp: SrtpSender | None = None
    udp: socket | None = None
    address: Any = None
    write_frame: Callable[[bytes], None] | None = None
    work: list[tuple["Plan", list["Canonical"]]] = field(default_factory=list)
