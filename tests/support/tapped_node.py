"""A whole media node on real ports, publishers that answer NACKs and PLIs as browsers do, and real recorders."""

import asyncio
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from aiortc.rtcdtlstransport import RTCCertificate

from recorder.tap import Tap, TapItem
from sfu.dtls import Certificate
from sfu.link_messages import Command, Fingerprint, NodeMessage, PutRouter, PutTap, PutTransport, Slot, Track
from sfu.metrics import Counters
from sfu.node import TICK, MediaNode
from sfu.rtcp.packets import Nack, Pli, RtcpError, SenderReport, parse_rtcp
from sfu.rtp.packet import RtpPacket, parse_rtp
from sfu.tap.connection import BUFFER_LIMIT
from sfu.tap.listener import TapListener
from sfu.tap_messages import TapCredentials
from sfu.transport.mux import Mux
from tests.support.forwarding import VP8, VideoSource, rtp
from tests.support.media_peer import PATIENCE, Link, Peer, make_ice, udp_link
from tests.support.taps import put_tap

RTX_SSRC = 0x5000
FRAME_PERIOD = 0.02
NTP_EPOCH = 2_208_988_800


class TappedNode:
    """`dial` makes a recorder of the tap that `put_tap` names."""

    host = "127.0.0.1"

    def __init__(self) -> None:
        self.told: list[NodeMessage] = []
        self.counters = Counters()
        self.certificate = Certificate.generate()
        self.node = MediaNode(self.certificate, self.counters, self.told.append)
        self.mux: Mux
        self.listener: TapListener

    def obey(self, command: Command) -> None:
        reply = self.node.obey(command)
        assert reply.error is None, reply.detail

    async def dial(self, put: PutTap | None = None) -> Tap:
        put = put or put_tap()
        address = self.listener.address
        credentials = TapCredentials(tap_id=put.tap_id, token=put.token)
        return await Tap.dial(address.host, address.port, address.fingerprint, credentials)

    async def tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self.node.tick()
            self.mux.go_on()


@asynccontextmanager
async def tapped_node(buffer_limit: int = BUFFER_LIMIT) -> AsyncIterator[TappedNode]:
    """A node with one router, `r`, and a tap of it."""
    tapped = TappedNode()
    node, count = tapped.node, tapped.counters.count
    tapped.mux = await Mux.open(node, count, hosts=(tapped.host,))
    node.bind(tapped.mux)
    tapped.listener = await TapListener.open(
        tapped.host, 0, admit=node.taps.admit, count=count, clock=time.monotonic, buffer_limit=buffer_limit
    )
    # Accepted connections inherit it; the kernel would take megabytes before a recorder counts as slow.
    tapped.listener._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer_limit)
    ticking = asyncio.create_task(tapped.tick())
    tapped.obey(PutRouter(request_id=1, router_id="r"))
    tapped.obey(put_tap())
    try:
        yield tapped
    finally:
        ticking.cancel()
        await asyncio.gather(ticking, return_exceptions=True)
        node.taps.close()
        await tapped.listener.close()
        await tapped.mux.close()


@dataclass
class Door:
    """Where a peer finds the node: its own port, or that of a relay in front of it."""

    host: str
    mux: "Door.Port"
    certificate: Certificate

    @dataclass
    class Port:
        port: int


@asynccontextmanager
async def joined(
    tapped: TappedNode,
    name: str,
    *,
    tracks: tuple[Track, ...] = (),
    slots: tuple[Slot, ...] = (),
    port: int | None = None,
    make_link: Callable[[Door], Awaitable[Link]] = udp_link,
) -> AsyncIterator[Peer]:
    """A connected participant; `port` is that of a relay."""
    certificate = RTCCertificate.generateCertificate()
    sha256 = certificate.getFingerprints()[0]
    ice = make_ice(name)
    tapped.obey(
        PutTransport(
            request_id=2,
            router_id="r",
            transport_id=name,
            endpoint_id=name,
            ice=ice,
            fingerprints=(Fingerprint(algorithm=sha256.algorithm, value=sha256.value),),
            tracks=tracks,
            slots=slots,
        )
    )
    door = Door(tapped.host, Door.Port(port or tapped.mux.port), tapped.certificate)
    peer = Peer(door, await make_link(door), certificate)
    try:
        await peer.link.check(ice)
        await peer.shake_hands()
        yield peer
    finally:
        await peer.stop()
        peer.link.close()


@dataclass
class Camera:
    """Publishes the layers that are in `sending`, all the time, from a sent packet's store answering NACKs."""

    peer: Peer
    layers: dict[str, VideoSource]
    sending: set[str]
    frames: int = 0
    _sent: dict[tuple[int, int], bytes] = field(default_factory=dict)
    _keyframes: set[int] = field(default_factory=set)
    _rtx_sequence: int = 0

    async def run(self) -> None:
        self._keyframes = {source.ssrc for source in self.layers.values()}
        while True:
            await self._answer()
            for rid, source in self.layers.items():
                if rid in self.sending:
                    await self._send_frame(source)
            self.frames += 1
            await asyncio.sleep(FRAME_PERIOD)

    async def _send_frame(self, source: VideoSource) -> None:
        key = source.ssrc in self._keyframes
        self._keyframes.discard(source.ssrc)
        for packet in source.frame(key=key):
            parsed = parse_rtp(packet)
            self._sent[parsed.ssrc, parsed.sequence_number] = packet
            await self.peer._send_rtp(packet)
        if self.frames % 10 == 0:
            ntp = round((time.time() + NTP_EPOCH) * 2**32)
            report = SenderReport(source.ssrc, ntp, source.timestamp, source.sequence, 0)
            await self.peer._send_rtp(report.to_bytes())

    async def _answer(self) -> None:
        while not self.peer.rtcp_packets.empty():
            try:
                packets = parse_rtcp(self.peer.rtcp_packets.get_nowait())
            except RtcpError:
                continue
            for packet in packets:
                if isinstance(packet, Pli):
                    self._keyframes.add(packet.media_ssrc)
                elif isinstance(packet, Nack):
                    for number in packet.sequence_numbers:
                        await self._repeat(packet.media_ssrc, number)

    async def _repeat(self, ssrc: int, number: int) -> None:
        sent = self._sent.get((ssrc, number))
        if sent is None:
            return
        original = parse_rtp(sent)
        mid, rids = original.extension(3), [(10, value) for id_, value in original.extensions if id_ == 9]
        assert mid is not None
        assert VP8.rtx_payload_type is not None
        self._rtx_sequence += 1
        payload = struct.pack("!H", number) + original.payload
        await self.peer._send_rtp(
            rtp(
                VP8.rtx_payload_type,
                self._rtx_sequence,
                original.timestamp,
                RTX_SSRC + ssrc,
                payload,
                original.marker,
                [(3, mid), *rids],
            )
        )


@asynccontextmanager
async def publishing(camera: Camera) -> AsyncIterator[Camera]:
    task = asyncio.create_task(camera.run())
    try:
        yield camera
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def read_until(tap: Tap, done: "asyncio.Event | None" = None, *, packets: int = 0) -> list[TapItem]:
    """What comes until there are so many packets, or until the event is set."""
    items: list[TapItem] = []
    number = 0
    async with asyncio.timeout(PATIENCE * 2):
        async for item in tap:
            items.append(item)
            number += isinstance(item, RtpPacket)
            if (done is not None and done.is_set()) or (packets and number >= packets):
                break
    return items
