"""One peer over UDP: checks, handshake, media, silence."""

import asyncio

import pytest
from aiortc.rtcdtlstransport import RTCCertificate
from pylibsrtp._binding import ffi

from sfu.native import is_built
from sfu.srtp import MAX_SSRCS
from sfu.transport.mux import MAX_BEHIND
from sfu.transport.transport import MAX_EARLY_PACKETS
from tests.support.media_peer import (
    Peer,
    binding_request,
    connected_peer,
    make_ice,
    open_node,
    receiver_report,
    rtp,
    udp_link,
)

needs_compiled = pytest.mark.skipif(not is_built(), reason="the compiled part was not built")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=needs_compiled)])
async def test_peer_connects_and_media_flows_both_ways(host, compiled):
    async with open_node(host, compiled) as node, connected_peer(node) as (peer, transport):
        assert transport.connected
        assert transport.path_kind == "udp"
        assert transport.socket is node.mux.socket_of(transport.remote)
        await peer._send_rtp(rtp(1))
        await node.recorder.until(lambda: node.recorder.rtp_packets == [rtp(1)])
        await peer.round_trip(transport)
        assert node.recorder.events == [("path", "a"), ("connected", "a")]
        assert not node.counts


async def test_answer_tells_the_peer_its_address():
    async with open_node() as node:
        node.add(RTCCertificate.generateCertificate())
        link = await udp_link(node)
        response = await link.check(make_ice())
        assert response.attributes["XOR-MAPPED-ADDRESS"] == link.address
        link.close()


async def test_large_packets_pass():
    async with open_node() as node, connected_peer(node) as (peer, _):
        # Over the 1356 bytes that pylibsrtp's own functions accept: MTU 1500 less headers.
        packet = rtp(1, bytes(1420))
        peer._tx_srtp._cdata = ffi.new("char[]", 3000)
        peer._tx_srtp._buffer = ffi.buffer(peer._tx_srtp._cdata)
        peer.link.send(peer.protect(packet))
        await node.recorder.until(lambda: node.recorder.rtp_packets == [packet])


async def test_packets_of_one_wake_up_make_one_batch():
    async with open_node() as node, connected_peer(node) as (peer, _):
        for number in range(20):
            peer.link.send(peer.protect(rtp(number)))
        await node.recorder.until(lambda: len(node.recorder.rtp_packets) == 20)
        assert max(node.recorder.batches) == 20


@pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=needs_compiled)])
async def test_nothing_is_read_while_what_came_before_waits_for_long(compiled):
    async with open_node(compiled=compiled) as node, connected_peer(node) as (peer, _):
        node.recorder.behind = MAX_BEHIND + 1
        peer.link.send(peer.protect(rtp(1)))
        await node.recorder.until(lambda: node.recorder.rtp_packets == [rtp(1)])
        peer.link.send(peer.protect(rtp(2)))
        # By then it has been asked more than once.
        turns = len(node.recorder.batches) + 20
        await node.recorder.until(lambda: len(node.recorder.batches) >= turns)
        assert node.recorder.rtp_packets == [rtp(1)]
        node.recorder.behind = 0
        await node.recorder.until(lambda: node.recorder.rtp_packets == [rtp(1), rtp(2)])


@pytest.mark.parametrize(
    ("options", "counter"),
    [
        ({"password": "not-the-password-of-this-node"}, "stun-bad-integrity"),
        ({"integrity": False}, "stun-no-integrity"),
        ({"username": "nodea:somebody"}, "stun-unknown-username"),
    ],
)
async def test_unauthentic_check_gets_no_answer_and_opens_nothing(options, counter):
    async with open_node() as node:
        transport = node.add(RTCCertificate.generateCertificate())
        link = await udp_link(node)
        link.send(bytes(binding_request(make_ice(), **options)))
        await node.counted(counter)
        link.send(peer_hello())
        await node.counted("dtls-from-stranger")
        assert link.stun.empty()
        assert transport.remote is None
        link.close()


def peer_hello() -> bytes:
    """The header of a DTLS handshake record (RFC 9147 section 4)."""
    return bytes([22, 254, 255]) + bytes(10)


async def test_many_failures_of_a_host_are_no_longer_looked_at_but_its_known_peers_are():
    async with open_node() as node, connected_peer(node) as (peer, _):
        stranger = await udp_link(node)
        for _ in range(150):
            stranger.send(bytes(binding_request(make_ice(), password="x" * 22)))
        await node.counted("stun-rate-limited", 50)
        assert node.counts["stun-bad-integrity"] == 100
        await peer.link.check(make_ice())
        node.now += 1
        await stranger.check(make_ice())
        stranger.close()


async def test_peer_that_believes_to_be_controlled_is_told_of_the_conflict():
    async with open_node() as node:
        transport = node.add(RTCCertificate.generateCertificate())
        link = await udp_link(node)
        response = await link.check(make_ice(), controlled=True)
        assert response.error_code == 487
        assert transport.remote is None
        link.close()


async def test_rogue_dtls_and_media_from_an_unverified_address_are_dropped():
    async with open_node() as node:
        certificate = RTCCertificate.generateCertificate()
        transport = node.add(certificate)
        link, rogue = await udp_link(node), await udp_link(node)
        await link.check(make_ice())
        attacker = Peer(node, rogue)
        attack = asyncio.create_task(attacker.shake_hands())
        await node.counted("dtls-from-stranger")
        rogue.send(rtp(1))
        await node.counted("srtp-from-stranger")
        assert rogue.rest.empty()

        peer = Peer(node, link, certificate)
        await peer.shake_hands()
        await peer.round_trip(transport)
        attack.cancel()
        await peer.stop()
        rogue.close()
        link.close()


async def test_replayed_and_forged_packets_are_dropped():
    async with open_node() as node, connected_peer(node) as (peer, _):
        packet = peer.protect(rtp(1))
        report = peer._tx_srtp.protect_rtcp(receiver_report())
        for data in (packet, packet, report, report):
            peer.link.send(data)
        await node.counted("srtp-replayed", 2)
        peer.link.send(packet[:-1] + bytes([packet[-1] ^ 1]))
        peer.link.send(peer.protect(rtp(2))[:-3] + b"abc")
        await node.counted("srtp-auth-failed")
        assert node.recorder.rtp_packets == [rtp(1)]
        assert node.recorder.rtcp_packets == [receiver_report()]


async def test_peer_cannot_use_ssrcs_without_end():
    async with open_node() as node, connected_peer(node) as (peer, _):
        for ssrc in range(MAX_SSRCS + 1):
            await peer._send_rtp(rtp(1, ssrc=ssrc))
            if ssrc % 32 == 0:
                await asyncio.sleep(0)
        await node.counted("srtp-too-many-ssrcs")
        await peer._send_rtp(rtp(2, ssrc=0))
        await node.recorder.until(lambda: node.recorder.rtp_packets[-1] == rtp(2, ssrc=0))


async def test_media_that_overtakes_the_end_of_the_handshake_is_kept():
    async with open_node() as node:
        certificate = RTCCertificate.generateCertificate()
        transport = node.add(certificate)
        link = await udp_link(node)
        await link.check(make_ice())
        keys = []
        transport._dtls._connected = keys.append
        peer = Peer(node, link, certificate)
        await peer.shake_hands()
        for number in range(MAX_EARLY_PACKETS + 2):
            peer.link.send(peer.protect(rtp(number)))
        await node.counted("srtp-early-dropped", 2)
        assert not node.recorder.rtp_packets
        transport._handshake_done(keys[0])
        assert node.recorder.rtp_packets == [rtp(number) for number in range(MAX_EARLY_PACKETS)]
        assert node.recorder.events == [("path", "a"), ("connected", "a")]
        await peer.stop()
        link.close()


@pytest.mark.parametrize("data", [b"\x80", bytes(11), b"\x50" + bytes(30)])
async def test_datagrams_that_are_nothing_are_counted(data):
    async with open_node() as node, connected_peer(node) as (peer, transport):
        peer.link.send(data)
        await node.recorder.until(lambda: node.counts["datagram-too-short"] + node.counts["datagram-unknown"] == 1)
        await peer.round_trip(transport)


async def test_fault_of_the_handler_costs_one_packet_and_reaches_the_loops_exception_handler():
    async with open_node() as node, connected_peer(node) as (peer, transport):
        faults = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: faults.append(context["exception"]))
        working = node.recorder.rtp

        def broken(transport, data, now):
            node.recorder.rtp = working
            raise OSError("a fault")

        node.recorder.rtp = broken
        for number in range(3):
            peer.link.send(peer.protect(rtp(number)))
        await node.recorder.until(lambda: node.recorder.rtp_packets == [rtp(1), rtp(2)])
        assert [str(fault) for fault in faults] == ["a fault"]
        await peer.round_trip(transport)
