"""Where one participant's packets leave: an SRTP session and the path that ICE selected."""

from collections.abc import Callable
from dataclasses import dataclass, field
from socket import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sfu.forwarding.plan import Plan
    from sfu.forwarding.wire_format import Canonical


@dataclass(slots=True, eq=False)
class Egress:
    """Exactly one of `udp` and `write_frame` is set while there is a selected path, and neither before.

    `session` is libsrtp's outbound session (a cffi pointer), None before the handshake is done. `work` belongs to
    the packet path: what the flush under way has to write for this participant.
    """

    session: Any = None
    udp: socket | None = None
    address: Any = None
    write_frame: Callable[[bytes], None] | None = None
    work: list[tuple["Plan", list["Canonical"]]] = field(default_factory=list)
