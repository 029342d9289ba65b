"""One UDP port and the same TCP port for all transports of the process (RFC 7983, RFC 4571)."""

import asyncio
import socket
import time
from collections.abc import Callable, Sequence

from sfu.ice.limiter import FailureLimiter
from sfu.ice.stun import StunError, is_indication, parse_request
from sfu.native.intake import Datagram, NativeIntake
from sfu.srtp import MAX_DATAGRAM, Count
from sfu.transport.handler import PacketHandler
from sfu.transport.path import Path, host_and_port
from sfu.transport.ports import ALL_HOSTS, BoundPort, bind_port
from sfu.transport.strangers import Strangers
from sfu.transport.tcp import TcpConnection
from sfu.transport.transport import ClosedState, Transport

BATCH = 64
"""Datagrams read in one wake-up, before others get their turn."""

READING_TIME = 0.001
"""Seconds after which reading makes way for sending: some datagrams, as those of a handshake, take long."""

MAX_BEHIND = 50_000
"""Microseconds: when something has waited for longer to be sent nothing is read, as that would only make more."""

ROUND = 50
TICK = 0.01
"""Seconds between two looks at the timers, each time of another one of ROUND parts of the transports: when the network
of many breaks they all end, which takes long."""

SHORTEST_DATAGRAM = 12
"""Bytes of the shortest thing that is any use, an RTP header."""


class Mux:
    """Reads the shared port and hands every datagram to its transport.

    A path (a UDP address or a TCP connection) belongs to a transport from the first authenticated check that came
    on it; everything but STUN from any other path is dropped.

    `mux = await Mux.open(handler, count)`; `mux.port` is then the number of the UDP and the TCP port.
    """

    def __init__(
        self,
        bound: BoundPort,
        handler: PacketHandler,
        count: Count,
        clock: Callable[[], float],
        took: Callable[[float], None],
    ) -> None:
        self.port = bound.number
        self.now = clock
        self._handler = handler
        self._count = count
        self._bound = bound
        # An address of IPv4 has two items, one of IPv6 four.
        self._udp = {2 if version == 4 else 4: sock for version, sock in bound.udp.items()}
        self._owners: dict[Path, Transport] = {}
        self._usernames: dict[str, Transport] = {}
        self._transports: dict[Transport, set[str]] = {}
        self._intake: NativeIntake | None = None
        self._limiter = FailureLimiter()
        self._strangers = Strangers()
        self._servers: list[asyncio.Server] = []
        self._closing: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._took = took
        self._part = 0
        self._behind = 0
        self._turn: asyncio.Handle | None = None
        """The next one, while there is something to send."""
        self._rest: asyncio.Handle | None = None
        """What takes the rest of a batch that was read, while there is one."""

    @classmethod
    async def open(
        cls,
        handler: PacketHandler,
        count: Count,
        *,
        hosts: Sequence[str] = ALL_HOSTS,
        port: int = 0,
        clock: Callable[[], float] = time.monotonic,
        took: Callable[[float], None] = lambda seconds: None,
    ) -> "Mux":
        """Bind UDP and TCP on `hosts` (IP addresses, at most one per family), all with one port number.

        A machine with several addresses has to name the one it is reached by, as answers to a peer leave from the
        address that the kernel prefers. Without IPv6 on the machine "::" is left out. Port 0 takes a free number.
        `took` is told how long each turn of reading and sending took, in seconds.
        Raises OSError and ValueError.
        """
        mux = cls(bind_port(hosts, port), handler, count, clock, took)
        loop = asyncio.get_running_loop()
        for sock in mux._udp.values():
            loop.add_reader(sock, mux._read, sock)
        for listener in mux._bound.tcp:
            mux._servers.append(await loop.create_server(lambda: TcpConnection(mux, count), sock=listener))
        mux._tick()
        return mux

    def read_by(self, intake: NativeIntake) -> None:
        """Read UDP by compiled code from now on, before any transport is added."""
        self._intake = intake
        loop = asyncio.get_running_loop()
        for sock in self._udp.values():
            loop.add_reader(sock, self._read_batch, intake, sock)

    def add(self, transport: Transport) -> None:
        """Let a transport's peer in. Raises ValueError if its ICE credentials belong to another transport."""
        for name in transport.usernames:
            self.listen(transport, name)

    def remove(self, transport: Transport) -> None:
        """The same as `transport.close()`."""
        transport.close()

    def check_timers(self, now: float) -> None:
        """Close what has timed out. The mux does so each half second by itself; tests call it with a time."""
        self._check_transports(list(self._transports), now)
        self._check_strangers(now)

    def _check_transports(self, transports: Sequence[Transport], now: float) -> None:
        for transport in transports:
            for path in transport.check_timers(now):
                self._disown(path)

    def _check_strangers(self, now: float) -> None:
        for connection in self._strangers.overdue(now):
            self._count("tcp-never-authenticated")
            connection.close()

    async def close(self) -> None:
        """Close all transports, connections and sockets."""
        for planned in (self._timer, self._turn, self._rest):
            if planned is not None:
                planned.cancel()
        for transport in list(self._transports):
            transport.close()
        if self._closing:
            await asyncio.wait(self._closing)
        for connection in self._strangers:
            connection.close()
        loop = asyncio.get_running_loop()
        for sock in self._udp.values():
            loop.remove_reader(sock)
            sock.close()
        for server in self._servers:
            server.close()

    # What transports need (sfu.transport.transport.Network)

    def send(self, path: Path, data: bytes) -> None:
        """Send one datagram; counted if the kernel or the connection does not take it."""
        if isinstance(path, TcpConnection):
            path.write_frame(data)
            return
        try:
            self._udp[len(path)].sendto(data, path)
        except BlockingIOError:
            self._count("send-buffer-full")
        except OSError:
            # Such as an unreachable network: what the peer's checks will tell, too.
            self._count("send-failed")

    def socket_of(self, path: Path) -> socket.socket | None:
        """The UDP socket of a path; None for TCP."""
        return None if isinstance(path, TcpConnection) else self._udp[len(path)]

    def listen(self, transport: Transport, name: str) -> None:
        """Route checks with this USERNAME to the transport. Raises ValueError if it is another transport's."""
        if self._usernames.get(name, transport) is not transport:
            raise ValueError(f"the ICE credentials of {transport.transport_id} belong to another transport")
        names = {name, *transport.usernames}
        for old in self._transports.get(transport, set()) - names:
            del self._usernames[old]
        for new in names:
            self._usernames[new] = transport
        self._transports[transport] = names

    def path_changed(self, transport: Transport) -> None:
        """The transport sends elsewhere from now on."""
        self._handler.path_changed(transport)

    def connected(self, transport: Transport, early: Sequence[bytes]) -> None:
        """Announce the transport, then deliver what had come too early."""
        for path in transport.paths:
            if self._owners.get(path) is transport:
                self._route(path, transport)
        self._handler.connected(transport)
        now = self.now()
        for data in early:
            self._media(transport, data, now)
        self.go_on()

    def left(self, transport: Transport, closing: asyncio.Task[None] | None) -> None:
        """Forget a closed transport. Its TCP connections stay until the last DTLS record is out."""
        for name in self._transports.pop(transport, set()):
            del self._usernames[name]
        paths = [path for path in transport.paths if self._owners.get(path) is transport]
        for path in paths:
            self._forget(path)
        connections = [path for path in paths if isinstance(path, TcpConnection)]
        if closing is None:
            _close_all(connections)
            return
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        closing.add_done_callback(lambda _: _close_all(connections))

    def ended(self, transport: Transport, state: ClosedState, reason: str) -> None:
        """The transport has closed itself."""
        self._handler.closed(transport, state, reason)

    # What TCP connections need (sfu.transport.tcp.TcpOwner)

    def tcp_opened(self, connection: TcpConnection) -> bool:
        """Whether there is room for this connection, which has to authenticate itself soon."""
        if self._strangers.admit(connection, self.now()):
            return True
        self._count("tcp-too-many")
        return False

    def tcp_received(self, connection: TcpConnection, frames: Sequence[bytes]) -> None:
        """Datagrams that came together on a TCP connection."""
        now = self.now()
        try:
            for frame in frames:
                self._dispatch(frame, connection, now)
        finally:
            self.go_on()

    def tcp_closed(self, connection: TcpConnection) -> None:
        """The connection is gone."""
        self._strangers.discard(connection)
        owner = self._forget(connection)
        if owner is not None:
            owner.give_up_path(connection)

    # Reading

    def go_on(self) -> None:
        """Send what waits, now and in turns to come, for as long as anything does.

        While there is a turn to come, what waits is left to it: packets are to be read after each part that is sent.
        """
        if self._turn is None:
            self._send()

    def _send(self) -> None:
        self._behind = self._handler.batch_done()
        if self._behind:
            self._turn = asyncio.get_running_loop().call_soon(self._next_turn)

    def _next_turn(self) -> None:
        self._turn = None
        began = self.now()
        self._send()
        self._took(self.now() - began)

    def _read(self, sock: socket.socket) -> None:
        if self._behind > MAX_BEHIND:
            # There is a turn to come in which some of that is sent.
            return
        now = self.now()
        try:
            for _ in range(BATCH):
                try:
                    data, address = sock.recvfrom(MAX_DATAGRAM)
                except BlockingIOError:
                    break
                except OSError:
                    self._count("receive-failed")
                    break
                self._dispatch(data, address, now)
                if self.now() - now > READING_TIME:
                    break
        finally:
            self.go_on()
            self._took(self.now() - now)

    def _read_batch(self, intake: NativeIntake, sock: socket.socket) -> None:
        """The same as `_read`, where packets of open streams never come to Python."""
        if self._behind > MAX_BEHIND or self._rest is not None:
            return
        try:
            intake.read(sock)
        except OSError:
            self._count("receive-failed")
        self._take_batch(intake)

    def _take_rest(self, intake: NativeIntake) -> None:
        self._rest = None
        self._take_batch(intake)

    def _take_batch(self, intake: NativeIntake) -> None:
        now = self.now()
        try:
            while (datagram := intake.next(now)) is not None:
                self._take(datagram, now)
                if self.now() - now > READING_TIME:
                    break
        finally:
            self.go_on()
            if intake.has_more:
                # Time was up, or a fault ended this batch: the others in it are not to suffer.
                self._rest = asyncio.get_running_loop().call_soon(self._take_rest, intake)
            self._took(self.now() - now)

    def _take(self, datagram: Datagram, now: float) -> None:
        owner = None if datagram.kind == "encrypted" else self._owners.get(datagram.address)
        if owner is None or owner.receiver is None:
            self._dispatch(datagram.data, datagram.address, now)
        elif datagram.kind == "rtp":
            self._handler.rtp(owner, datagram.data, now)
        elif datagram.kind == "rtcp":
            self._handler.rtcp(owner, datagram.data, now)
        else:
            owner.receiver.refused(datagram.status)

    def _dispatch(self, data: bytes, path: Path, now: float) -> None:
        """Tell STUN, DTLS and SRTP apart by the first byte (RFC 7983 section 7)."""
        owner = self._owners.get(path)
        if len(data) < SHORTEST_DATAGRAM:
            self._count("datagram-too-short")
            return
        first = data[0]
        if 127 < first < 192:
            if owner is None:
                self._count("srtp-from-stranger")
            else:
                self._media(owner, data, now)
        elif first < 4:
            self._stun(data, path, owner, now)
        elif 19 < first < 64:
            if owner is None:
                self._count("dtls-from-stranger")
            else:
                owner.dtls_received(data, path)
        else:
            self._count("datagram-unknown")

    def _media(self, transport: Transport, data: bytes, now: float) -> None:
        receiver = transport.receiver
        if receiver is None:
            transport.hold(data)
        elif 191 < data[1] < 224:
            # RTCP packet types; RTP payload types keep clear of them (RFC 5761 section 4).
            plain = receiver.unprotect_rtcp(data)
            if plain is not None:
                if transport.reporter is not None:
                    transport.reporter.let_in(int.from_bytes(plain[4:8], "big"))
                self._handler.rtcp(transport, plain, now)
        else:
            plain = receiver.unprotect_rtp(data)
            if plain is not None:
                self._handler.rtp(transport, plain, now)

    def _stun(self, data: bytes, path: Path, owner: Transport | None, now: float) -> None:
        if is_indication(data):
            return
        host, _ = host_and_port(path)
        if owner is None and not self._limiter.allows(host, now):
            self._count("stun-rate-limited")
            return
        try:
            self._answer_check(data, path, owner, now)
        except StunError as error:
            self._limiter.failed(host, now)
            self._count(str(error))

    def _answer_check(self, data: bytes, path: Path, owner: Transport | None, now: float) -> None:
        """Answer a connectivity check if its sender proves to be a peer of ours. Raises StunError."""
        request = parse_request(data)
        transport = self._usernames.get(request.username)
        if transport is None:
            raise StunError("stun-unknown-username")
        if owner is not None and owner is not transport and not owner.has_abandoned(path, now):
            # Whoever can forge source addresses must not cut off another peer with credentials of their own.
            raise StunError("stun-path-taken")
        check = transport.check_received(request, path, now)
        if check.refused is not None:
            raise StunError(check.refused)
        if check.verified and owner is not transport:
            if owner is not None:
                owner.give_up_path(path)
            self._owners[path] = transport
            self._route(path, transport)
            self._strangers.discard(path)
        if check.evicted is not None:
            self._disown(check.evicted)
        if check.response is not None:
            self.send(path, check.response)

    def _disown(self, path: Path) -> None:
        """A path leads nowhere any more."""
        self._forget(path)
        if isinstance(path, TcpConnection):
            path.close()

    def _route(self, path: Path, transport: Transport) -> None:
        """Have packets from a path read by compiled code, as soon as they can be decrypted."""
        if self._intake is None or isinstance(path, TcpConnection):
            return
        source, reporter, receiver = transport.source, transport.reporter, transport.receiver
        if source is not None and reporter is not None and receiver is not None:
            self._intake.route(path, source, reporter, receiver)
        else:
            self._intake.unroute(path)

    def _forget(self, path: Path) -> Transport | None:
        """A path is nobody's any more; whose it was."""
        if self._intake is not None and not isinstance(path, TcpConnection):
            self._intake.unroute(path)
        return self._owners.pop(path, None)

    def _tick(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(TICK, self._tick)
        self._part = (self._part + 1) % ROUND
        self._check_transports(list(self._transports)[self._part :: ROUND], self.now())
        if not self._part:
            self._check_strangers(self.now())


def _close_all(connections: Sequence[TcpConnection]) -> None:
    for connection in connections:
        connection.close()
