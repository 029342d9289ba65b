"""ICE-TCP: peers that no UDP datagram reaches."""

import asyncio

import pytest
from aiortc.rtcdtlstransport import RTCCertificate

from sfu.transport import tcp
from sfu.transport.strangers import GRACE, MAX_STRANGERS_PER_HOST
from sfu.transport.tcp import WRITE_LIMIT
from tests.support.media_peer import (
    binding_request,
    connected_peer,
    eventually,
    make_ice,
    open_node,
    rtp,
    tcp_link,
    udp_link,
)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_peer_connects_over_tcp_and_media_flows_both_ways(host):
    async with open_node(host) as node, connected_peer(node, make_link=tcp_link) as (peer, transport):
        assert transport.path_kind == "tcp"
        assert transport.socket is None
        await peer._send_rtp(rtp(1))
        await node.recorder.until(lambda: node.recorder.rtp_packets == [rtp(1)])
        await peer.round_trip(transport)


async def test_answer_tells_the_peer_its_address():
    async with open_node() as node:
        node.add(RTCCertificate.generateCertificate())
        link = await tcp_link(node)
        response = await link.check(make_ice())
        assert response.attributes["XOR-MAPPED-ADDRESS"] == link.address
        link.close()


async def test_frames_may_be_cut_anywhere():
    async with open_node() as node, connected_peer(node, make_link=tcp_link) as (peer, _):
        stream = b"".join(len(p).to_bytes(2, "big") + p for p in (peer.protect(rtp(n)) for n in range(3)))
        for byte in stream:
            peer.link.send_raw(bytes([byte]))
            await asyncio.sleep(0)
        await node.recorder.until(lambda: len(node.recorder.rtp_packets) == 3)


async def test_stream_that_is_no_framed_datagrams_is_closed():
    async with open_node() as node:
        link = await tcp_link(node)
        link.send_raw(b"GET / HTTP/1.1\r\n\r\n")
        await asyncio.wait_for(link.lost.wait(), 10)
        assert node.counts["tcp-bad-frame"] == 1


async def test_connection_that_never_authenticates_is_closed():
    async with open_node() as node:
        node.add(RTCCertificate.generateCertificate())
        link, other = await tcp_link(node), await tcp_link(node)
        link.send(bytes(binding_request(make_ice(), password="x" * 22)))
        await node.counted("stun-bad-integrity")
        await other.check(make_ice())
        node.mux.check_timers(node.now + GRACE)
        await asyncio.wait_for(link.lost.wait(), 10)
        assert node.counts["tcp-never-authenticated"] == 1
        await other.check(make_ice())
        other.close()


async def test_one_host_cannot_hold_connections_without_end():
    async with open_node() as node:
        links = [await tcp_link(node) for _ in range(MAX_STRANGERS_PER_HOST + 1)]
        await asyncio.wait_for(links[-1].lost.wait(), 10)
        assert not links[0].lost.is_set()
        assert node.counts["tcp-too-many"] == 1
        for link in links:
            link.close()


async def test_peer_that_does_not_read_loses_packets_and_costs_bounded_memory():
    async with open_node() as node, connected_peer(node, make_link=tcp_link) as (peer, transport):
        peer.link.stop_reading()
        # More than the kernel's buffers of both ends and ours can hold.
        for _ in range(20_000):
            transport.send(bytes(1000))
        assert node.counts["tcp-peer-slow"]
        assert transport.remote._stream.get_write_buffer_size() < WRITE_LIMIT + 2000
        assert transport.connected


async def test_peer_that_does_not_read_cannot_keep_a_closed_connection(monkeypatch):
    monkeypatch.setattr(tcp, "LINGER", 0.05)
    async with open_node() as node, connected_peer(node, make_link=tcp_link) as (peer, transport):
        peer.link.stop_reading()
        for _ in range(20_000):
            transport.send(bytes(1000))
        connection = transport.remote
        transport.close()
        await eventually(lambda: connection._stream is None)


async def test_broken_connection_is_replaced_by_a_nominated_one():
    async with open_node() as node, connected_peer(node, make_link=tcp_link) as (peer, transport):
        peer.link.close()
        await eventually(lambda: not transport.paths)
        transport.send_rtcp(b"\x80\xc9\x00\x01\x00\x00\x00\x01")
        assert node.counts["tcp-closed"] == 1
        peer.move(await tcp_link(node))
        await peer.link.check(make_ice())
        await peer.round_trip(transport)


async def test_peer_moves_from_udp_to_tcp():
    async with open_node() as node, connected_peer(node, make_link=udp_link) as (peer, transport):
        peer.move(await tcp_link(node))
        await peer.link.check(make_ice())
        assert transport.path_kind == "tcp"
        await peer.round_trip(transport)


async def test_close_notify_still_leaves_on_tcp_before_the_connection_closes():
    async with open_node() as node, connected_peer(node, make_link=tcp_link) as (peer, transport):
        transport.close()
        await asyncio.wait_for(peer.link.lost.wait(), 10)
        assert peer.state == "closed"
