"""The media node: carries out the commands of the link, and drives transports and routers by the clock."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import structlog

from sfu.dtls import Certificate
from sfu.forwarding.egress import Egress
from sfu.forwarding.packet_path import PacketPath
from sfu.forwarding.peer import Peer
from sfu.forwarding.router import Router
from sfu.link_messages import (
    ChangeTap,
    Command,
    DeleteRouter,
    DeleteTap,
    DeleteTransport,
    LimitSlots,
    NodeMessage,
    PauseTracks,
    PutRouter,
    PutTap,
    PutTransport,
    Reply,
    TransportState,
)
from sfu.metrics import Counters
from sfu.native.intake import NativeIntake
from sfu.tap.taps import Taps
from sfu.transport.mux import Mux
from sfu.transport.tcp import TcpConnection
from sfu.transport.transport import ClosedState, Transport
from sfu.turns import Turns

TICK = 0.01
"""Seconds between two calls of `tick`: NACKs and keyframe requests are sent at this rate."""
FEEDBACK_TICKS = 10
DECISION_TICKS = 30
CLOSE_BATCH = 20
"""Transports of an ended session that are closed at once, some 2 ms."""
REPORT_TICKS = 100
"""Ticks between two of the same: spread over them by whose turn it is."""
NTP_EPOCH = 2_208_988_800
"""Seconds from 1900 to 1970."""

log = structlog.get_logger()


class CommandError(ValueError):
    """A command that cannot be carried out; `code` is one of `Reply.error`."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class MediaNode:
    """Implements `PacketHandler`. Call `bind` before the first command."""

    def __init__(
        self,
        certificate: Certificate,
        counters: Counters,
        tell: Callable[[NodeMessage], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.certificate = certificate
        self.counters = counters
        self._tell = tell
        self._clock = clock
        # Wall clock and monotonic clock are compared once: sender reports must not jump with the machine's date.
        self._ntp_offset = time.time() + NTP_EPOCH - clock()
        self._path = PacketPath(counters.count, clock=clock)
        self.taps = Taps(self._path, counters.count, clock=clock, ntp_offset=self._ntp_offset)
        self._routers: dict[str, Router] = {}
        self._transports: dict[str, tuple[Transport, Router]] = {}
        self._waiting: set[Router] = set()
        """Routers with something to do before their next decision."""
        self._decisions: Turns[Router] = Turns(DECISION_TICKS)
        self._reports: Turns[tuple[Transport, Peer]] = Turns(REPORT_TICKS)
        self._closing: deque[str] = deque()
        """Transports of routers that are gone."""
        self._ticks = 0
        self._packets_received = self._octets_received = self._rtcp_received = 0
        self._mux: Mux | None = None
        self._intake = NativeIntake.make(self._path.native)

    def bind(self, mux: Mux) -> None:
        self._mux = mux
        if self._intake is not None:
            mux.read_by(self._intake)

    @property
    def is_compiled(self) -> bool:
        """Whether the compiled packet path is at work; the one in Python costs two to three times as much."""
        return self._path.is_compiled

    @property
    def transport_ids(self) -> tuple[str, ...]:
        return tuple(self._transports)

    def forget_empty_routers(self) -> None:
        """Drop routers without transports: their sessions may have ended while the link was down.

        Call this before a new link's hello; signalling puts the routers that it still needs.
        """
        for router_id in [router_id for router_id, router in self._routers.items() if not router.peers]:
            self._delete_router(router_id)

    def state(self) -> Iterable[NodeMessage]:
        """What is told of all sessions when the link comes back. Sessions may come and go between two messages."""
        for router in tuple(self._routers.values()):
            yield from router.state()

    # Commands

    def obey(self, command: Command) -> Reply:
        """Carry out a command of signalling. A fault of ours is logged, and the command refused."""
        try:
            self._obey(command)
        except CommandError as error:
            return Reply.model_validate({"request_id": command.request_id, "error": error.code, "detail": str(error)})
        except Exception as error:
            self.counters.count("fault")
            log.exception("a fault in the media node", command=command.type)
            return Reply(request_id=command.request_id, error="invalid", detail=f"{type(error).__name__}: {error}")
        return Reply(request_id=command.request_id)

    def _obey(self, command: Command) -> None:
        match command:
            case PutRouter():
                self._put_router(command)
            case DeleteRouter():
                self._delete_router(command.router_id)
            case PutTransport():
                self._put_transport(command)
            case DeleteTransport():
                self._delete_transport(command.transport_id)
            case PauseTracks():
                self._pause_tracks(command)
            case LimitSlots():
                self._limit_slots(command)
            case PutTap():
                self._put_tap(command)
            case ChangeTap():
                self._change_tap(command)
            case DeleteTap():
                self.taps.delete(command.tap_id)

    def _put_router(self, command: PutRouter) -> None:
        router = self._routers.get(command.router_id)
        if router is None:
            router = Router(command, self._path, count=self.counters.count, tell=self._tell, waiting=self._waiting)
            self._routers[command.router_id] = router
            self._decisions.add(command.router_id, router)
        else:
            router.put(command)

    def _delete_router(self, router_id: str) -> None:
        router = self._routers.pop(router_id, None)
        if router is None:
            return
        self.taps.router_ended(router)
        self._closing.extend(router.peers)
        self._close_some()
        self._decisions.remove(router_id)
        self._waiting.discard(router)

    def _close_some(self) -> None:
        """Close the next of the transports whose routers are gone."""
        for _ in range(min(CLOSE_BATCH, len(self._closing))):
            self._delete_transport(self._closing.popleft())

    def _put_transport(self, command: PutTransport) -> None:
        router = self._router(command.router_id)
        if command.transport_id in self._closing:
            self._closing.remove(command.transport_id)
            self._delete_transport(command.transport_id)
        known = self._transports.get(command.transport_id)
        if known is None:
            transport = self._open_transport(command)
        else:
            transport, of_router = known
            if of_router is not router:
                raise CommandError("invalid", f"transport {command.transport_id} belongs to another router")
            try:
                transport.update_ice(command.ice)
            except ValueError as error:
                raise CommandError("invalid", str(error)) from error
        try:
            peer = transport.context = router.put_transport(command, self._clock())
            transport.source, transport.reporter = peer.ingress.native, peer.reporter
        except Exception:
            if known is None:
                transport.close()
            raise
        if known is None:
            self._transports[command.transport_id] = (transport, router)
            self._reports.add(command.transport_id, (transport, peer))

    def _open_transport(self, command: PutTransport) -> Transport:
        if self._mux is None:
            raise CommandError("overloaded", "the media port is not open yet")
        transport = Transport(
            self._mux, command.transport_id, command.ice, command.fingerprints, self.certificate, self.counters.count
        )
        try:
            self._mux.add(transport)
        except ValueError as error:
            raise CommandError("invalid", str(error)) from error
        return transport

    def _delete_transport(self, transport_id: str) -> None:
        known = self._transports.get(transport_id)
        if known is not None:
            self._forget(transport_id)
            known[0].close()

    def _pause_tracks(self, command: PauseTracks) -> None:
        self._router_of(command.transport_id).pause_tracks(command.transport_id, command.paused)

    def _limit_slots(self, command: LimitSlots) -> None:
        self._router_of(command.transport_id).limit_slots(command.transport_id, command.max_heights)

    def _put_tap(self, command: PutTap) -> None:
        router = self._router(command.router_id)
        try:
            self.taps.put(command, router)
        except ValueError as error:
            raise CommandError("invalid", str(error)) from error

    def _change_tap(self, command: ChangeTap) -> None:
        try:
            self.taps.change(command)
        except ValueError as error:
            raise CommandError("invalid", str(error)) from error

    def _router(self, router_id: str) -> Router:
        router = self._routers.get(router_id)
        if router is None:
            raise CommandError("unknown-router", f"there is no router {router_id}")
        return router

    def _router_of(self, transport_id: str) -> Router:
        known = self._transports.get(transport_id)
        if known is None:
            raise CommandError("unknown-transport", f"there is no transport {transport_id}")
        return known[1]

    def _forget(self, transport_id: str) -> None:
        _, router = self._transports.pop(transport_id)
        self._reports.remove(transport_id)
        router.remove_transport(transport_id)

    # Packets (PacketHandler)

    def rtp(self, transport: Transport, data: bytes, now: float) -> None:
        self._packets_received += 1
        self._octets_received += len(data)
        peer: Peer = transport.context
        peer.ingress.receive(data, now)

    def rtcp(self, transport: Transport, data: bytes, now: float) -> None:
        self._rtcp_received += 1
        peer: Peer = transport.context
        peer.rtcp(data, now, now + self._ntp_offset)

    def batch_done(self) -> int:
        if self._waiting:
            now = self._clock()
            for router in tuple(self._waiting):
                with self._contained(router_id=router.parameters.router_id):
                    router.attend(now)
                    self._send_requests(router, now)
        try:
            # Without `_contained`, which costs more than this where reports come one by one, thousands a second.
            return self._path.advance()
        except Exception:
            self._fault()
            return 0

    def connected(self, transport: Transport) -> None:
        self.path_changed(transport)
        self._router_of(transport.transport_id).connected(transport.transport_id)
        self._tell(TransportState(transport_id=transport.transport_id, state="connected"))

    def path_changed(self, transport: Transport) -> None:
        egress: Egress = transport.context.egress
        if transport.srtp is not None:
            egress.protect_with(transport.srtp)
        remote = transport.remote
        if isinstance(remote, TcpConnection):
            egress.write_to(remote.write_frame)
        elif remote is not None and transport.socket is not None:
            egress.send_to(transport.socket, remote)

    def closed(self, transport: Transport, state: ClosedState, reason: str) -> None:
        if transport.transport_id in self._transports:
            self._forget(transport.transport_id)
        self._tell(TransportState(transport_id=transport.transport_id, state=state, reason=reason))

    # Clock

    def tick(self) -> None:
        """Do what is due; called each TICK seconds. Work of longer periods is spread over the ticks.

        What has to be sent then waits for `batch_done`.
        """
        now = self._clock()
        self._ticks += 1
        with self._contained():
            self._close_some()
        for router in self._decisions.due(self._ticks):
            with self._contained(router_id=router.parameters.router_id):
                router.decide(now)
        for router in tuple(self._waiting):
            with self._contained(router_id=router.parameters.router_id):
                router.tend(now)
        for router in self._routers.values():
            if router.senders:
                with self._contained(router_id=router.parameters.router_id):
                    self._send_requests(router, now)
        for transport, peer in self._reports.due(self._ticks, each=FEEDBACK_TICKS):
            # Most people of a large room publish nothing.
            if peer.ingress.tracks and peer.connected:
                with self._contained(transport_id=transport.transport_id):
                    self._send_feedback(transport, peer, now)
        for transport, peer in self._reports.due(self._ticks):
            if peer.connected:
                with self._contained(transport_id=transport.transport_id):
                    self._send_reports(transport, peer, now)
        if self._ticks % FEEDBACK_TICKS == 0:
            with self._contained():
                self.taps.tick(now)
        self._path.report()
        self._count_received()

    @contextmanager
    def _contained(self, **where: str) -> Iterator[None]:
        """A fault of ours in one session or transport is logged and counted, and all others go on."""
        try:
            yield
        except Exception:
            self._fault(**where)

    def _fault(self, **where: str) -> None:
        """Log and count the exception that is being handled."""
        self.counters.count("fault")
        log.exception("a fault in the media node", **where)

    def _count_received(self) -> None:
        """Add up here what would cost too much to count for each packet."""
        if self._intake is not None:
            received = self._intake.take_received()
            self._packets_received += received.packets
            self._octets_received += received.octets
            self._rtcp_received += received.reports
        for name, number in (
            ("packets-received", self._packets_received),
            ("octets-received", self._octets_received),
            ("rtcp-received", self._rtcp_received),
        ):
            if number:
                self.counters.count(name, number)
        self._packets_received = self._octets_received = self._rtcp_received = 0

    def _send_requests(self, router: Router, now: float) -> None:
        for transport_id, peer in router.senders.items():
            if peer.connected and (requests := peer.requests(now)):
                self._send_rtcp(self._transports[transport_id][0], requests)

    def _send_feedback(self, transport: Transport, peer: Peer, now: float) -> None:
        peer.ingress.police(now)
        # A room may have hundreds of open microphones without a picture. They are no `senders`, and looked at only here
        # for what is missing: sound has time for that.
        if requests := peer.requests(now):
            self._send_rtcp(transport, requests)
        for feedback in peer.ingress.feedback(now):
            self._send_rtcp(transport, feedback)

    def _send_reports(self, transport: Transport, peer: Peer, now: float) -> None:
        peer.measure(now)
        for report in peer.reports(now, now + self._ntp_offset):
            self._send_rtcp(transport, report)

    def _send_rtcp(self, transport: Transport, data: bytes) -> None:
        transport.send_rtcp(data)
        self.counters.count("rtcp-sent")
