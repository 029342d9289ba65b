"""A media node's port under test, and peers for it made of aioice's STUN messages and aiortc's DTLS transport."""

import asyncio
import os
import struct
from collections import Counter
from contextlib import asynccontextmanager

from aioice import stun
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport

from sfu.dtls import Certificate
from sfu.forwarding.compiled_flush import CompiledFlush
from sfu.link_messages import Fingerprint, Ice
from sfu.native import is_built
from sfu.native.intake import NativeIntake
from sfu.rtp.framing import FrameReader, frame
from sfu.transport.mux import Mux
from sfu.transport.transport import Transport

PATIENCE = 60.0
"""Seconds a test waits for what must happen; only a failing test waits that long."""


async def eventually(condition) -> None:
    """Wait for what nothing tells of. Bounded here, as pytest-timeout does not get through to uvloop."""

    async def wait() -> None:
        while not condition():
            await asyncio.sleep(0.001)

    await asyncio.wait_for(wait(), PATIENCE)


def make_ice(name: str = "a") -> Ice:
    return Ice(local_ufrag=f"node{name}", local_pwd=f"password-of-the-node-{name}", remote_ufrag=f"peer{name}")


def binding_request(
    ice: Ice,
    *,
    password: str | None = None,
    use_candidate: bool = True,
    controlled: bool = False,
    integrity: bool = True,
    username: str | None = None,
) -> stun.Message:
    """A connectivity check as a full ICE agent sends it."""
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.attributes["USERNAME"] = username or f"{ice.local_ufrag}:{ice.remote_ufrag}"
    request.attributes["PRIORITY"] = 1845501695
    request.attributes["ICE-CONTROLLED" if controlled else "ICE-CONTROLLING"] = 5
    if use_candidate:
        request.attributes["USE-CANDIDATE"] = None
    if integrity:
        request.add_message_integrity((password or ice.local_pwd).encode())
    return request


def rtp(sequence_number: int, payload: bytes = b"hello", ssrc: int = 0x1234, payload_type: int = 96) -> bytes:
    return struct.pack("!BBHII", 0x80, payload_type, sequence_number, 3000, ssrc) + payload


def receiver_report(ssrc: int = 0x1234) -> bytes:
    return struct.pack("!BBHI", 0x80, 201, 1, ssrc)


class Recorder:
    """A packet handler that remembers what it was told."""

    def __init__(self) -> None:
        self.rtp_packets: list[bytes] = []
        self.rtcp_packets: list[bytes] = []
        self.events: list[tuple] = []
        self.batches: list[int] = []
        self.behind = 0
        """What `batch_done` returns: microseconds that something has been waiting to be sent."""
        self._happened = asyncio.Event()
        self._in_batch = 0

    def rtp(self, transport, data, now):
        self.rtp_packets.append(data)
        self._in_batch += 1

    def rtcp(self, transport, data, now):
        self.rtcp_packets.append(data)

    def batch_done(self):
        self.batches.append(self._in_batch)
        self._in_batch = 0
        self._happened.set()
        return self.behind

    def connected(self, transport):
        self._note("connected", transport.transport_id)

    def path_changed(self, transport):
        self._note("path", transport.transport_id)

    def closed(self, transport, state, reason):
        self._note("closed", transport.transport_id, state, reason)

    def _note(self, *event):
        self.events.append(event)
        self._happened.set()

    async def until(self, condition) -> None:
        """Wait until the condition holds, looking again whenever something happened."""

        async def wait() -> None:
            while not condition():
                self._happened.clear()
                await self._happened.wait()

        await asyncio.wait_for(wait(), PATIENCE)


class Node:
    """A mux with what a test wants to see of it. `now` is its clock."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.now = 1000.0
        self.counts: Counter[str] = Counter()
        self.recorder = Recorder()
        self.certificate = Certificate.generate()
        self.mux: Mux

    def count(self, name: str) -> None:
        self.counts[name] += 1
        self.recorder._happened.set()

    def add(self, peer_certificate: RTCCertificate, name: str = "a") -> Transport:
        sha256 = peer_certificate.getFingerprints()[0]
        transport = Transport(
            self.mux,
            name,
            make_ice(name),
            [Fingerprint(algorithm=sha256.algorithm, value=sha256.value)],
            self.certificate,
            self.count,
        )
        self.mux.add(transport)
        return transport

    async def counted(self, name: str, times: int = 1) -> None:
        await self.recorder.until(lambda: self.counts[name] >= times)


@asynccontextmanager
async def open_node(host: str = "127.0.0.1", compiled: bool = is_built()):
    """`compiled` is how UDP is read."""
    node = Node(host)
    node.mux = await Mux.open(node.recorder, node.count, hosts=[host], clock=lambda: node.now)
    if compiled:
        node.mux.read_by(NativeIntake(CompiledFlush(True).path))
    try:
        yield node
    finally:
        await node.mux.close()


class Link:
    """A peer's way to the node. Incoming STUN is kept apart from the rest."""

    def __init__(self) -> None:
        self.stun: asyncio.Queue[stun.Message] = asyncio.Queue()
        self.rest: asyncio.Queue[bytes] = asyncio.Queue()
        self.lost = asyncio.Event()

    def received(self, data: bytes) -> None:
        if data[0] < 4:
            self.stun.put_nowait(stun.parse_message(data))
        else:
            self.rest.put_nowait(data)

    def send(self, data: bytes) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    async def check(self, ice: Ice, **options) -> stun.Message:
        """Send a check and return the authenticated answer to it."""
        request = binding_request(ice, **options)
        self.send(bytes(request))
        response = await asyncio.wait_for(self.stun.get(), PATIENCE)
        assert response.transaction_id == request.transaction_id
        assert response.check_message_integrity(ice.local_pwd.encode())
        assert "FINGERPRINT" in response.attributes
        return response


class UdpLink(Link, asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self._transport = transport

    def datagram_received(self, data, addr):
        self.received(data)

    @property
    def address(self) -> tuple:
        return self._transport.get_extra_info("sockname")

    def send(self, data):
        self._transport.sendto(data)

    def close(self):
        self._transport.close()


class TcpLink(Link, asyncio.Protocol):
    def connection_made(self, transport):
        self._transport = transport
        self._frames = FrameReader()

    def data_received(self, data):
        for each in self._frames.feed(data):
            self.received(each)

    def connection_lost(self, exc):
        self.lost.set()

    @property
    def address(self) -> tuple:
        return self._transport.get_extra_info("sockname")

    def send(self, data):
        self._transport.write(frame(data))

    def send_raw(self, data):
        self._transport.write(data)

    def stop_reading(self):
        self._transport.pause_reading()

    def close(self):
        self._transport.abort()


async def udp_link(node: Node) -> UdpLink:
    loop = asyncio.get_running_loop()
    _, link = await loop.create_datagram_endpoint(UdpLink, remote_addr=(node.host, node.mux.port))
    return link


async def tcp_link(node: Node) -> TcpLink:
    _, link = await asyncio.get_running_loop().create_connection(TcpLink, node.host, node.mux.port)
    return link


class Peer(RTCDtlsTransport):
    """A DTLS client on a link that may be exchanged, as that of a browser which changes its network.

    Decrypted packets of the node are in `rtp_packets` and `rtcp_packets`.
    """

    role = "controlling"

    def __init__(self, node: Node, link: Link, certificate: RTCCertificate | None = None) -> None:
        self.certificate = certificate or RTCCertificate.generateCertificate()
        super().__init__(self, [self.certificate])
        self.node = node
        self.link = link
        self.rtp_packets: asyncio.Queue[bytes] = asyncio.Queue()
        self.rtcp_packets: asyncio.Queue[bytes] = asyncio.Queue()
        self._set_role("client")

    async def _recv(self) -> bytes:
        return await self.link.rest.get()

    async def _send(self, data: bytes) -> None:
        self.link.send(data)

    async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:
        self.rtp_packets.put_nowait(data)

    async def _handle_rtcp_data(self, data: bytes) -> None:
        self.rtcp_packets.put_nowait(data)

    async def shake_hands(self) -> None:
        fingerprint = self.node.certificate.fingerprint
        parameters = RTCDtlsParameters([RTCDtlsFingerprint(fingerprint.algorithm, fingerprint.value)])
        await asyncio.wait_for(self.start(parameters), PATIENCE)

    def move(self, link: Link) -> None:
        """Go on with the same DTLS session on another link."""
        link.rest = self.link.rest
        self.link.close()
        self.link = link

    def protect(self, packet: bytes) -> bytes:
        return self._tx_srtp.protect(packet)

    async def round_trip(self, transport: Transport) -> None:
        """Prove that media flows both ways on the link."""
        packet = receiver_report(int.from_bytes(os.urandom(4), "big"))
        await self._send_rtp(packet)
        await self.node.recorder.until(lambda: packet in self.node.recorder.rtcp_packets)
        while not self.rtcp_packets.empty():
            self.rtcp_packets.get_nowait()
        transport.send_rtcp(packet)
        assert await asyncio.wait_for(self.rtcp_packets.get(), PATIENCE) == packet


@asynccontextmanager
async def connected_peer(node: Node, name: str = "a", make_link=udp_link):
    """A peer that went through ICE and DTLS, and its transport."""
    certificate = RTCCertificate.generateCertificate()
    transport = node.add(certificate, name)
    link = await make_link(node)
    peer = Peer(node, link, certificate)
    try:
        await link.check(make_ice(name))
        await peer.shake_hands()
        await node.recorder.until(lambda: ("connected", name) in node.recorder.events)
        yield peer, transport
    finally:
        await peer.stop()
        link.close()
