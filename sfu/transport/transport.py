"""One peer connection: its ICE agent, DTLS, SRTP contexts and selected path."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Any, Literal, Protocol

from sfu.dtls import Certificate, DtlsServer
from sfu.ice.agent import Check, IceLiteAgent, username
from sfu.ice.stun import BindingRequest
from sfu.link_messages import Fingerprint, Ice
from sfu.native.rtcp import NativeReporter
from sfu.native.stream import NativeSource
from sfu.srtp import Count, SrtpError, SrtpKeys, SrtpReceiver, SrtpSender
from sfu.transport.path import Path, host_and_port
from sfu.transport.tcp import TcpConnection

HANDSHAKE_TIMEOUT = 15.0
"""Seconds that DTLS may take from the first authenticated check."""

MAX_EARLY_PACKETS = 64
"""SRTP packets kept until the handshake is done: the peer's keys are ready half a round trip before ours."""

ABANDONED_AFTER = 10.0
"""Seconds without a check after which another peer may take over an address, as a NAT may reuse it."""

ClosedState = Literal["failed", "lost"]


class Network(Protocol):
    """What a transport needs of the mux that carries it."""

    def now(self) -> float:
        """The clock, in seconds."""

    def send(self, path: Path, data: bytes) -> None:
        """Send one datagram."""

    def socket_of(self, path: Path) -> socket.socket | None:
        """The UDP socket of a path; None for TCP."""

    def listen(self, transport: "Transport", name: str) -> None:
        """Route checks with this USERNAME to the transport. Raises ValueError if it is another transport's."""

    def path_changed(self, transport: "Transport") -> None:
        """The transport sends elsewhere from now on."""

    def connected(self, transport: "Transport", early: Sequence[bytes]) -> None:
        """The handshake is done; `early` are the SRTP packets that came before."""

    def left(self, transport: "Transport", closing: "asyncio.Task[None] | None") -> None:
        """The transport is closed; `closing` may still be sending the last DTLS record."""

    def ended(self, transport: "Transport", state: ClosedState, reason: str) -> None:
        """The transport has closed itself."""


class Transport:
    """One peer connection on the shared port. `Mux.add` brings it to life.

    `transport_id`  its name on the link.
    `connected`     DTLS is done and the transport is not closed.
    `srtp`          protects what is sent; None before `connected`.
    `receiver`      decrypts what comes; None before `connected`.
    `remote`        the selected path: a UDP address as `socket.recvfrom` gives it, or a TCP connection whose
                    `write_frame` drops what its peer does not read. None until the first; never None again after
                    that (a TCP connection that broke stays until the peer nominates another path).
    `socket`        the UDP socket for `remote`; None when that is a TCP connection or None.
    `source`        what it publishes, and
    `reporter`      what it says of what it gets, as the compiled packet path knows them; None without one. They are set
                    by the packet handler before the transport is connected.
    `context`       belongs to the packet handler; the transport does not touch it.
    """

    def __init__(
        self,
        network: Network,
        transport_id: str,
        ice: Ice,
        fingerprints: Sequence[Fingerprint],
        certificate: Certificate,
        count: Count,
    ) -> None:
        self.transport_id = transport_id
        self.connected = False
        self.closed = False
        self.srtp: SrtpSender | None = None
        self.receiver: SrtpReceiver | None = None
        self.remote: Path | None = None
        self.socket: socket.socket | None = None
        self.source: NativeSource | None = None
        self.reporter: NativeReporter | None = None
        self.context: Any = None
        self._network = network
        self._count = count
        self._agent: IceLiteAgent[Path] = IceLiteAgent(ice, network.now())
        self._handshake_deadline = float("inf")
        self._early: list[bytes] = []
        self._dtls = DtlsServer(
            certificate,
            fingerprints,
            send=self.send,
            connected=self._handshake_done,
            failed=lambda reason: self._end("failed", reason),
            ended=lambda: self._end("lost", "dtls-closed"),
        )

    # For whoever forwards packets

    @property
    def path_kind(self) -> Literal["udp", "tcp", "none"]:
        """What kind of path is selected."""
        if self.remote is None:
            return "none"
        return "tcp" if isinstance(self.remote, TcpConnection) else "udp"

    def update_ice(self, ice: Ice) -> None:
        """Start an ICE restart (RFC 8445 section 9) if `ice` differs from the current credentials.

        The DTLS session, the SRTP contexts and the selected path stay until a check with the new credentials
        nominates a path. Raises ValueError, and changes nothing, if the credentials belong to another transport.
        """
        if self.closed:
            return
        self._network.listen(self, username(ice))
        self._agent.restart(ice, self._network.now())

    def send_rtcp(self, data: bytes) -> None:
        """Protect and send a compound RTCP packet on the selected path; dropped and counted if that fails."""
        if self.srtp is None:
            self._count("rtcp-before-connected")
            return
        try:
            protected = self.srtp.protect_rtcp(data)
        except SrtpError:
            self._count("srtp-protect-failed")
            return
        self.send(protected)

    def send(self, data: bytes) -> None:
        """Send a datagram that is already protected on the selected path; dropped and counted if that fails."""
        if self.remote is None:
            self._count("send-without-path")
            return
        self._network.send(self.remote, data)

    def close(self) -> None:
        """Tell the peer (DTLS close_notify) and leave the mux. Idempotent; the handler is not called."""
        if self.closed:
            return
        self.closed = True
        self.connected = False
        self._early.clear()
        self._network.left(self, self._dtls.close())

    # For the mux

    @property
    def usernames(self) -> tuple[str, ...]:
        """The STUN usernames that the transport answers to."""
        return self._agent.usernames

    @property
    def paths(self) -> tuple[Path, ...]:
        """The paths on which the peer has authenticated itself."""
        return self._agent.paths

    def check_received(self, request: BindingRequest, path: Path, now: float) -> Check[Path]:
        """Judge a connectivity check and follow the peer if it nominates another path."""
        check = self._agent.check(request, path, *host_and_port(path), now)
        if check.verified and self._handshake_deadline == float("inf"):
            self._handshake_deadline = now + HANDSHAKE_TIMEOUT
        if check.selected:
            self._follow(path)
        return check

    def dtls_received(self, data: bytes, path: Path) -> None:
        """Take in a DTLS datagram from a path on which the peer has authenticated itself."""
        if self._agent.used(path):
            self._follow(path)
        if not self._dtls.received(data):
            self._count("dtls-queue-full")

    def hold(self, data: bytes) -> None:
        """Keep an SRTP packet until the handshake is done."""
        if len(self._early) >= MAX_EARLY_PACKETS:
            self._count("srtp-early-dropped")
            return
        self._early.append(data)

    def has_abandoned(self, path: Path, now: float) -> bool:
        """Whether the peer has not been heard on this path for so long that another may take it over."""
        return self._agent.seconds_since_check(path, now) >= ABANDONED_AFTER

    def give_up_path(self, path: Path) -> None:
        """Forget a path: another transport took it over, or its connection broke."""
        self._agent.give_up(path)

    def check_timers(self, now: float) -> list[Path]:
        """End the transport if its time is up; otherwise give up idle paths and return them."""
        if self._agent.consent_expired(now):
            if self.connected:
                self._end("lost", "consent-expired")
            else:
                self._end("failed", "consent-expired" if self.remote else "ice-timeout")
            return []
        if not self.connected and now >= self._handshake_deadline:
            self._end("failed", "dtls-timeout")
            return []
        return self._agent.give_up_idle_paths(now)

    def _follow(self, path: Path) -> None:
        self.remote = path
        self.socket = self._network.socket_of(path)
        self._network.path_changed(self)

    def _handshake_done(self, keys: SrtpKeys) -> None:
        self.srtp = SrtpSender(keys)
        self.receiver = SrtpReceiver(keys, self._count)
        self.connected = True
        early, self._early = self._early, []
        self._network.connected(self, early)

    def _end(self, state: ClosedState, reason: str) -> None:
        self.close()
        self._network.ended(self, state, reason)
