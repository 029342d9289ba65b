"""A server that forwards one publisher's packets to everybody else, faithfully or with a fault that a test chose.

The network side is the media node's own mux; nothing else of roomcast is in it. What it gets wrong, the load client of
the benchmark has to notice.
"""

import os
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from bench.adapters.server import Member, Seat, Stall
from bench.client.description import Remote, Section
from bench.client.engine import Engine
from sfu.dtls import Certificate
from sfu.link_messages import Fingerprint, Ice
from sfu.transport.mux import Mux
from sfu.transport.transport import Transport

Fault = Callable[[bytearray, int], bytearray | None]
"""Changes the n-th packet of the video for all receivers; None loses it."""

VIDEO, AUDIO = 96, 111


def faithful(packet: bytearray, number: int) -> bytearray | None:
    return packet


class FaultyServer:
    """See bench.adapters.server.Server; it is not started by itself, but by `running_faulty_server`."""

    key = name = "faulty"
    version = "0"

    def __init__(self, fault: Fault) -> None:
        self.pid = os.getpid()
        self.fault = fault
        self.stalls: list[Stall] = []
        self.mux: Mux
        self._certificate = Certificate.generate()
        self._receivers: list[tuple[Transport, int]] = []
        self._forwarded = 0
        self._joined = 0

    async def start(self) -> None:
        self.mux = await Mux.open(self, lambda name: None, hosts=["127.0.0.1"])

    async def stop(self) -> None:
        await self.mux.close()

    async def create_room(self, people: int, talkers: int) -> str:
        return "room"

    async def access(self, room: str) -> dict[str, Any]:
        return {}

    async def stall(self) -> Stall | None:
        return self.stalls.pop() if self.stalls else None

    async def complete(self, engine: Engine, room: str) -> None:
        pass

    async def join(self, engine: Engine, room: str, seat: Seat) -> Member:
        endpoint = engine.open(
            video="video" if seat.publishes_video else "", audio="audio" if seat.publishes_audio else ""
        )
        self._joined += 1
        number = self._joined
        local = endpoint.transport.local
        ice = Ice(local_ufrag=f"fake{number}", local_pwd=f"password-of-{number:020}", remote_ufrag=local.ufrag)
        client = Fingerprint(algorithm="sha-256", value=local.fingerprint)
        transport = Transport(self.mux, str(number), ice, [client], self._certificate, lambda name: None)
        self.mux.add(transport)
        sections = [Section("video", 9), Section("audio", 9)]
        if seat.receives:
            sections[0].ssrcs, sections[1].ssrcs = [10 * number], [10 * number + 1]
            self._receivers.append((transport, 10 * number))
        mine = self._certificate.fingerprint
        address = ("127.0.0.1", self.mux.port)
        remote = Remote(ice.local_ufrag, ice.local_pwd, [(mine.algorithm, mine.value)], [address], sections)
        await engine.connect(endpoint, remote)
        return Member([endpoint], lambda: engine.close(endpoint))

    def rtp(self, transport: Transport, data: bytes, now: float) -> None:
        packet: bytearray | None = bytearray(data)
        video = data[1] & 0x7F == VIDEO
        if video:
            self._forwarded += 1
            packet = self.fault(bytearray(data), self._forwarded)
        if packet is None:
            return
        for receiver, ssrc in self._receivers:
            if receiver.srtp is not None:
                struct.pack_into("!I", packet, 8, ssrc if video else ssrc + 1)
                receiver.send(receiver.srtp.protect_rtp(bytes(packet)))

    def rtcp(self, transport: Transport, data: bytes, now: float) -> None:
        pass

    def batch_done(self) -> int:
        return 0

    def connected(self, transport: Transport) -> None:
        pass

    def path_changed(self, transport: Transport) -> None:
        pass

    def closed(self, transport: Transport, state: str, reason: str) -> None:
        pass


@asynccontextmanager
async def running_faulty_server(fault: Fault) -> AsyncIterator[FaultyServer]:
    server = FaultyServer(fault)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
