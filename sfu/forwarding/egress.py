"""Where one participant's packets leave: an SRTP session and the path that ICE selected."""

import socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sfu.congestion.send_history import SendHistory
from sfu.native.egress import NativeEgress
from sfu.srtp import SrtpSender
from sfu.transport.path import Address

if TYPE_CHECKING:
    from sfu.forwarding.plan import Plan
    from sfu.forwarding.wire_format import Canonical

WriteFrame = Callable[[bytes], object]
"""Sends one packet as a frame of a stream; what it returns does not matter here. It must neither raise nor come back
to the packet path, nor close an egress: it is called amid a flush."""


class Egress:
    """Exactly one of `udp` and `write_frame` is set while there is a selected path, and neither before.

    `srtp` is None before the handshake is done, and after `close`; it is kept here as a whole because its session,
    which the packet path calls libsrtp with, is freed with it. `history` is there once packets carry transport-wide
    sequence numbers. `work` belongs to the packet path: what waits to be written for this participant.
    `native` is the same for the compiled packet path, None without one.
    """

    __slots__ = ("address", "history", "native", "srtp", "udp", "work", "write_frame")

    def __init__(self) -> None:
        self.srtp: SrtpSender | None = None
        self.udp: socket.socket | None = None
        self.address: Address | None = None
        self.write_frame: WriteFrame | None = None
        self.history: SendHistory | None = None
        self.work: list[tuple[Plan, Sequence[Canonical]]] = []
        self.native = NativeEgress.make()

    def protect_with(self, srtp: SrtpSender) -> None:
        """Packets can be encrypted from now on."""
        self.srtp = srtp
        if self.native is not None:
            self.native.protect_with(srtp)

    def send_to(self, udp: socket.socket, address: Address) -> None:
        """Packets go out as datagrams from now on."""
        self.udp, self.address, self.write_frame = udp, address, None
        if self.native is not None:
            self.native.send_to(udp, address)

    def write_to(self, write_frame: WriteFrame) -> None:
        """Packets are written to a stream from now on."""
        self.udp, self.address, self.write_frame = None, None, write_frame
        if self.native is not None:
            self.native.write_to(write_frame)

    def number_packets(self) -> None:
        """Some packets carry transport-wide sequence numbers from now on: remember what is sent under them."""
        if self.history is None:
            self.history = SendHistory()
            if self.native is not None:
                self.native.remember_in(self.history)

    def close(self) -> None:
        """Send no more until there is another path and session."""
        self.srtp = self.udp = self.address = self.write_frame = None
        if self.native is not None:
            self.native.close()
