"""Whole clients of others against the node: aiortc's RTCPeerConnection, aioice's ICE agent; and the node on uvloop."""

import asyncio

import aioice
import pytest
import uvloop
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack
from aiortc.rtcdtlstransport import RTCCertificate

from sfu.link_messages import Fingerprint, Ice
from sfu.transport.transport import Transport
from tests.support.media_peer import (
    PATIENCE,
    Link,
    Peer,
    connected_peer,
    eventually,
    make_ice,
    open_node,
    tcp_link,
    udp_link,
)

PASSWORD = "passwordOfTheNode00000"
"""aioice insists on the characters of RFC 8839 section 5.4."""


@pytest.fixture(params=["127.0.0.1", "::1"])
def host(request, monkeypatch):
    """A loopback address, which aioice would not use by itself."""
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda use_ipv4, use_ipv6: [request.param])
    return request.param


def candidate(node) -> str:
    return f"1 1 udp 2130706431 {node.host} {node.mux.port} typ host"


def attribute(sdp: str, name: str) -> str:
    return next(line.partition(":")[2] for line in sdp.splitlines() if line.startswith(f"a={name}:"))


def sdp_answer(node, offer: str, ice: Ice) -> str:
    """The least that aiortc accepts for an offer of one audio track."""
    fingerprint = node.certificate.fingerprint
    lines = [
        "v=0",
        "o=- 1 1 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        "a=group:BUNDLE 0",
        "m=audio 9 UDP/TLS/RTP/SAVPF 96",
        "c=IN IP4 0.0.0.0",
        "a=recvonly",
        f"a=mid:{attribute(offer, 'mid')}",
        "a=rtcp-mux",
        "a=rtpmap:96 opus/48000/2",
        f"a=ice-ufrag:{ice.local_ufrag}",
        f"a=ice-pwd:{ice.local_pwd}",
        f"a=fingerprint:{fingerprint.algorithm} {fingerprint.value}",
        "a=setup:passive",
        f"a=candidate:{candidate(node)}",
        "a=end-of-candidates",
    ]
    return "\r\n".join(lines) + "\r\n"


async def test_peer_connection_of_aiortc_sends_its_track(host):
    async with open_node(host) as node:
        client = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        client.addTrack(AudioStreamTrack())
        await client.setLocalDescription(await client.createOffer())
        offer = client.localDescription.sdp
        ice = make_ice().model_copy(update={"local_pwd": PASSWORD, "remote_ufrag": attribute(offer, "ice-ufrag")})
        algorithm, value = attribute(offer, "fingerprint").split()
        transport = Transport(
            node.mux, "a", ice, [Fingerprint(algorithm=algorithm, value=value)], node.certificate, node.count
        )
        node.mux.add(transport)
        await client.setRemoteDescription(RTCSessionDescription(sdp_answer(node, offer, ice), "answer"))
        await node.recorder.until(lambda: len(node.recorder.rtp_packets) >= 3)
        assert transport.path_kind == "udp"
        assert node.recorder.rtp_packets[0][1] & 0x7F == 96
        await client.close()
        await node.recorder.until(lambda: transport.closed)
        assert node.recorder.events[-1] == ("closed", "a", "lost", "dtls-closed")


class AioiceLink(Link):
    """An ICE connection of aioice as a link, for DTLS and media only."""

    def __init__(self, connection):
        super().__init__()
        self.connection = connection
        self.tasks = set()
        self.reader = asyncio.ensure_future(self.read())

    async def read(self):
        while True:
            self.received(await self.connection.recv())

    def send(self, data):
        task = asyncio.ensure_future(self.connection.send(data))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


@pytest.mark.parametrize("controlling", [True, False])
async def test_agent_of_aioice_connects_in_either_role(host, controlling):
    """An agent in the wrong role switches when it is told of the conflict."""
    async with open_node(host) as node:
        certificate = RTCCertificate.generateCertificate()
        ice = make_ice().model_copy(update={"local_pwd": PASSWORD})
        transport = node.add(certificate)
        transport.update_ice(ice)
        connection = aioice.Connection(ice_controlling=controlling, local_username=ice.remote_ufrag)
        connection.remote_is_lite = controlling
        connection.remote_username = ice.local_ufrag
        connection.remote_password = ice.local_pwd
        await connection.gather_candidates()
        await connection.add_remote_candidate(aioice.Candidate.from_sdp(candidate(node)))
        await connection.add_remote_candidate(None)
        await asyncio.wait_for(connection.connect(), PATIENCE)
        link = AioiceLink(connection)
        peer = Peer(node, link, certificate)
        await peer.shake_hands()
        await node.recorder.until(lambda: transport.connected)
        await peer.round_trip(transport)
        await peer.stop()
        await asyncio.sleep(0)
        link.reader.cancel()
        await connection.close()


@pytest.mark.parametrize("make_link", [udp_link, tcp_link])
def test_the_node_runs_on_uvloop(make_link):
    async def run():
        async with open_node() as node, connected_peer(node, make_link=make_link) as (peer, transport):
            await peer.round_trip(transport)
            transport.close()
            await eventually(lambda: peer.state == "closed")

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())
