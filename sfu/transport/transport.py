"""One peer connection: its ICE agent, DTLS, SRTP contexts and selected path."""

import socket
from collections.abc import Sequence
from typing import Any

from sfu.dtls import Certificate
from sfu.link_messages import Fingerprint, Ice
from sfu.srtp import Count, SrtpSender
from sfu.transport.path import Address
from sfu.transport.tcp import TcpConnection


class Transport:
    """One peer connection on the shared port. Give it to `Mux.add` to bring it to life.

    `transport_id`  its name on the link.
    `connected`     DTLS is done and the transport is not closed.
    `srtp`          protects what is sent; None before `connected`.
    `remote`        the selected path: a UDP address as `socket.recvfrom` gives it, or a TCP connection whose
                    `write_frame` drops what its peer does not read. None until the first; never None again after
                    `connected` (a TCP connection that broke stays until the peer nominates another path).
    `socket`        the UDP socket for `remote`; None when that is a TCP connection or None.
    `context`       belongs to the packet handler; the transport does not touch it.
    """

    transport_id: str
    connected: bool
    srtp: SrtpSender | None
    remote: Address | TcpConnection | None
    socket: socket.socket | None
    context: Any

    def __init__(
        self, transport_id: str, ice: Ice, fingerprints: Sequence[Fingerprint], certificate: Certificate, count: Count
    ) -> None:
        raise NotImplementedError

    def update_ice(self, ice: Ice) -> None:
        """Start an ICE restart (RFC 8445 section 9) if `ice` differs from the current credentials.

        The DTLS session, the SRTP contexts and the selected path stay until a check with the new credentials
        nominates a path. Raises ValueError if the credentials belong to another transport.
        """
        raise NotImplementedError

    def send_rtcp(self, data: bytes) -> None:
        """Protect and send a compound RTCP packet on the selected path; dropped and counted if not connected."""
        raise NotImplementedError

    def send(self, data: bytes) -> None:
        """Send a datagram that is already protected on the selected path; dropped and counted if that fails."""
        raise NotImplementedError

    def close(self) -> None:
        """Tell the peer (DTLS close_notify) and leave the mux. Idempotent; the handler is not called."""
        raise NotImplementedError

    @property
    def path_kind(self) -> str:
        """ "udp", "tcp" or "none": what kind of path is selected."""
        raise NotImplementedError
