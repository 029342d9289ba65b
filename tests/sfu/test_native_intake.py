"""The shared port, read in C: who sends gets through, whatever else arrives in the same batch."""

import asyncio
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.dtls import Certificate
from sfu.forwarding.peer import Peer
from sfu.forwarding.slot import REPEAT_AFTER
from sfu.link_messages import Fingerprint, Ice, PutRouter, PutTransport, Slot, Track
from sfu.metrics import Counters
from sfu.native import is_built
from sfu.native.sockaddr import from_sockaddr, to_sockaddr
from sfu.node import MediaNode
from sfu.rtcp.packets import Nack, Pli
from sfu.rtp.packet import parse_rtp
from sfu.srtp import SrtpReceiver, SrtpSender
from sfu.transport.mux import Mux
from tests.support.forwarding import KEYS, VideoSource, camera, slots

needs_compiled = pytest.mark.skipif(not is_built(), reason="the compiled part was not built")


@given(host=st.ip_addresses(v=4).map(str), port=st.integers(0, 65535))
def test_an_ipv4_address_survives(host: str, port: int) -> None:
    assert from_sockaddr(to_sockaddr((host, port))) == (host, port)


@given(host=st.ip_addresses(v=6, network="2001:db8::/32").map(str), port=st.integers(0, 65535), flow=st.integers(0, 9))
def test_an_ipv6_address_survives(host: str, port: int, flow: int) -> None:
    assert from_sockaddr(to_sockaddr((host, port, flow, 0))) == (host, port, flow, 0)


@pytest.fixture
def ends() -> Iterator[list[socket.socket]]:
    """The sockets of three participants."""
    made = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3)]
    for end in made:
        end.bind(("127.0.0.1", 0))
        end.setblocking(False)
    yield made
    for end in made:
        end.close()


class Room:
    """A node with a publisher and two who watch, whose handshakes are taken as done."""

    def __init__(self) -> None:
        self.counters = Counters()
        self.node = MediaNode(Certificate.generate(), self.counters, lambda message: None)

    async def open(self, ends: list[socket.socket]) -> None:
        self.mux = await Mux.open(self.node, self.counters.count, hosts=("127.0.0.1",))
        self.node.bind(self.mux)
        self.node.obey(PutRouter(request_id=0, router_id="r"))
        for number, end in enumerate(ends):
            name = f"t{number}"
            self.node.obey(put(name, (camera(name),) if number == 0 else (), () if number == 0 else slots(video=1)))
            transport, _ = self.node._transports[name]
            address = end.getsockname()
            transport._agent._last_check[address] = self.mux.now()
            self.mux._owners[address] = transport
            transport._follow(address)
            transport._handshake_done(KEYS)

    def count(self, name: str) -> int:
        self.node.tick()
        return self.counters.totals().get(name, 0)

    async def reaches(self, name: str, number: int) -> None:
        async with asyncio.timeout(60):
            while self.count(name) < number:
                await asyncio.sleep(0.01)


def put(name: str, tracks: tuple[Track, ...], own: tuple[Slot, ...]) -> PutTransport:
    return PutTransport(
        request_id=0,
        router_id="r",
        transport_id=name,
        endpoint_id=name,
        ice=Ice(local_ufrag=f"local-{name}", local_pwd="x" * 24, remote_ufrag="remote"),
        fingerprints=(Fingerprint(algorithm="sha-256", value=":".join(["AB"] * 32)),),
        tracks=tracks,
        slots=own,
    )


async def read(end: socket.socket, packets: int) -> list[int]:
    """The sequence numbers of so many RTP packets."""
    receiver = SrtpReceiver(KEYS, lambda name: None)
    found: list[int] = []
    async with asyncio.timeout(60):
        while len(found) < packets:
            data = await asyncio.get_running_loop().sock_recv(end, 4096)
            if not 191 < data[1] < 224:
                plain = receiver.unprotect_rtp(data)
                assert plain is not None
                found.append(parse_rtp(plain).sequence_number)
    return found


@needs_compiled
async def test_packets_go_through_whatever_comes_between_them(ends: list[socket.socket]) -> None:
    room = Room()
    await room.open(ends)
    to = ("127.0.0.1", room.mux.port)
    source, sender = VideoSource(1, packets_per_frame=4), SrtpSender(KEYS)
    try:
        for number in range(10):
            room.node.tick()
            protected = [sender.protect_rtp(packet) for packet in source.frame(key=number == 0)]
            for packet in protected:
                for datagram in (b"", b"\x80", bytes(30), packet, b"\x16" + bytes(40)):
                    ends[0].sendto(datagram, to)
            forged = protected[-1][:-1] + bytes([protected[-1][-1] ^ 1])
            for datagram in (forged, protected[0]):
                ends[0].sendto(datagram, to)
            # What somebody sends who is none of them, and a watcher who publishes nothing.
            ends[1].sendto(protected[1], to)
            for end in ends[1:]:
                sequence_numbers = await read(end, 4)
                first = sequence_numbers[0]
                assert [(one - first) & 0xFFFF for one in sequence_numbers] == [0, 1, 2, 3]
        # And ten that the watcher may not send.
        await room.reaches("packets-received", 40 + 10)
        await room.reaches("srtp-replayed", 10)
        await room.reaches("unknown-ssrc", 10)
        assert room.count("packets-forwarded") == 80
    finally:
        await room.mux.close()


@needs_compiled
async def test_a_path_that_is_gone_is_nobodys(ends: list[socket.socket]) -> None:
    room = Room()
    await room.open(ends)
    to = ("127.0.0.1", room.mux.port)
    source, sender = VideoSource(1), SrtpSender(KEYS)
    try:
        for number in range(3):
            for packet in source.frame(key=number == 0):
                ends[0].sendto(sender.protect_rtp(packet), to)
            await read(ends[1], 2)
        room.node._delete_transport("t0")
        for packet in source.frame():
            ends[0].sendto(sender.protect_rtp(packet), to)
        await room.reaches("srtp-from-stranger", 2)
        assert room.count("packets-received") == 6
    finally:
        await room.mux.close()


@needs_compiled
async def test_rtcp_of_the_usual_kind_is_answered_without_python(
    ends: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room()
    await room.open(ends)
    seen: list[bytes] = []
    take = Peer.rtcp
    monkeypatch.setattr(Peer, "rtcp", lambda peer, data, *when: (seen.append(data), take(peer, data, *when)))
    to, watcher = ("127.0.0.1", room.mux.port), ends[1]
    source, sender, asks = VideoSource(1), SrtpSender(KEYS), SrtpSender(KEYS)
    try:
        for number in range(4):
            for packet in source.frame(key=number == 0):
                ends[0].sendto(sender.protect_rtp(packet), to)
            sequence_numbers = await read(watcher, 2)
        (slot,) = room.node._transports["t1"][0].context.slots.values()
        nack = Nack(7, slot.parameters.ssrc, tuple(sequence_numbers)).to_bytes()
        protected = [asks.protect_rtcp(nack) for _ in range(4)]
        # The first of an SSRC is Python's, and so is all that is no feedback.
        watcher.sendto(protected[0], to)
        await read(watcher, 2)
        assert seen == [nack]
        # After a while it is sent once more.
        await asyncio.sleep(2 * REPEAT_AFTER / 1000)
        watcher.sendto(protected[1], to)
        await read(watcher, 2)
        forged = protected[2][:-5] + bytes([protected[2][-5] ^ 1]) + protected[2][-4:]
        for datagram in (protected[1], forged, asks.protect_rtcp(Pli(7, slot.parameters.ssrc).to_bytes())):
            watcher.sendto(datagram, to)
        # Another SSRC.
        watcher.sendto(asks.protect_rtcp(Nack(8, 1, (1,)).to_bytes()), to)
        await room.reaches("srtp-replayed", 1)
        await room.reaches("srtp-auth-failed", 1)
        await room.reaches("rtcp-received", 4)
        assert [data[:2] for data in seen] == [b"\x81\xcd", b"\x81\xce", b"\x81\xcd"]
        assert room.count("packets-nacked") == 4
        assert room.count("packets-resent") == 4
    finally:
        await room.mux.close()
