"""A real node on real ports, publishers with real DTLS, and a real recorder's connection."""

import asyncio
import itertools
import time
from collections.abc import Callable

import pytest
import uvloop

from recorder.tap import Tap, TapItem
from sfu.link_messages import DeleteRouter, DeleteTap, PauseTracks, PutRouter
from sfu.rtcp.packets import SenderReport
from sfu.rtp.packet import RtpPacket, parse_rtp
from sfu.tap_messages import PacketsDropped, TapClosed, TrackBegan, TrackPaused, TrackResumed
from tests.support.forwarding import VideoSource, camera, slots
from tests.support.media_peer import Peer, eventually, tcp_link
from tests.support.relay import Impairment, udp_relay
from tests.support.tapped_node import NTP_EPOCH, Camera, joined, publishing, read_until, tapped_node
from tests.support.taps import assert_continuous, of, of_track, put_tap

LAYERS = ("q", "h")


def layers() -> dict[str, VideoSource]:
    return {
        "q": VideoSource(1, rid="q", height=180, sequence=65_500),
        "h": VideoSource(2, rid="h", height=360, sequence=4000, timestamp=99, picture_id=5, tl0=200),
    }


def one_layer(payload_size: int = 200) -> dict[str, VideoSource]:
    return {"": VideoSource(1, payload_size=payload_size)}


def in_order(packets: list[RtpPacket]) -> list[RtpPacket]:
    """By sequence number, as a jitter buffer gives them, without what came twice."""
    first = packets[0].sequence_number
    numbered = {((packet.sequence_number - first + 0x4000) & 0xFFFF): packet for packet in packets}
    return [numbered[number] for number in sorted(numbered)]


async def shown(tap: Tap, source: int) -> list[TapItem]:
    """What comes until a picture of this source is shown."""
    items: list[TapItem] = []
    async with asyncio.timeout(60):
        async for item in tap:
            items.append(item)
            if isinstance(item, RtpPacket) and item.payload[-1] == source:
                return items
    raise AssertionError("the tap ended")


async def test_changes_of_layer_leave_one_continuous_stream() -> None:
    async with tapped_node() as node, joined(node, "p", tracks=(camera("p", rids=LAYERS),)) as peer:
        tap = await node.dial()
        async with publishing(Camera(peer, layers(), {"q"})) as publisher:
            items = await shown(tap, 1)
            publisher.sending = {"q", "h"}
            items += await shown(tap, 2)
            publisher.sending = {"q"}
            items += await shown(tap, 1)
            publisher.sending = {"q", "h"}
            items += await shown(tap, 2)
        packets = of_track("p-cam", items)
        assert_continuous(packets)
        assert [source for source, _ in itertools.groupby(packet.payload[-1] for packet in packets)] == [1, 2, 1, 2]
        reports = of(SenderReport, items)
        assert reports
        assert {report.ssrc for report in reports} == {packets[0].ssrc}
        assert abs(reports[-1].ntp_time / 2**32 - NTP_EPOCH - time.time()) < 60
        assert abs(tap.opened_at - NTP_EPOCH - time.time()) < 60
        tap.close()


async def test_what_is_lost_on_the_way_to_the_node_is_recovered_before_the_recorder_has_it() -> None:
    async with (
        tapped_node() as node,
        udp_relay((node.host, node.mux.port), Impairment(), seed=7) as relay,
        joined(node, "p", tracks=(camera("p"),), port=relay.address[1]) as peer,
    ):
        tap = await node.dial()
        relay.to_server.impairment = Impairment(loss=0.1, reordering=0.1, duplication=0.05)
        async with publishing(Camera(peer, one_layer(), {""})):
            items = await read_until(tap, packets=300)
            relay.to_server.impairment = Impairment()
            items += await read_until(tap, packets=100)
        assert relay.up.lost > 10
        packets = of_track("p-cam", items)
        assert any(after.sequence_number < before.sequence_number for before, after in itertools.pairwise(packets)), (
            "late ones came late"
        )
        assert_continuous(in_order(packets))
        tap.close()


async def test_mute_and_unmute_are_told() -> None:
    async with tapped_node() as node, joined(node, "p", tracks=(camera("p"),)) as peer:
        tap = await node.dial()
        async with publishing(Camera(peer, one_layer(), {""})):
            items = await read_until(tap, packets=10)
            node.obey(PauseTracks(request_id=3, transport_id="p", paused={"p-cam": True}))
            while not of(TrackPaused, items):
                items.append(await anext(tap))
            await asyncio.sleep(0.2)
            node.obey(PauseTracks(request_id=4, transport_id="p", paused={"p-cam": False}))
            items += await read_until(tap, packets=10)
        (paused,), (resumed,) = of(TrackPaused, items), of(TrackResumed, items)
        assert resumed.at - paused.at >= 0.15
        between = items[items.index(paused) : items.index(resumed)]
        assert of(RtpPacket, between) == []
        assert_continuous(of_track("p-cam", items))
        tap.close()


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_recorder_that_stops_reading_loses_packets_and_the_room_none(
    loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    """On the loop of the real process, too: flow control over TLS is the loop's work."""
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(stop_reading_for_a_while())


async def stop_reading_for_a_while() -> None:
    async with (
        tapped_node(buffer_limit=64 * 1024) as node,
        joined(node, "s", slots=slots(video=1), make_link=tcp_link) as subscriber,
        joined(node, "p", tracks=(camera("p"),)) as peer,
    ):
        tap = await node.dial()
        source = one_layer(payload_size=1000)
        source[""].packets_per_frame = 10
        async with publishing(Camera(peer, source, {""})):
            items = await read_until(tap, packets=10)
            # Nobody reads the tap now.
            await eventually(lambda: node.counters.totals().get("tap-packets-dropped", 0) > 500)
            while not isinstance(items[-1], PacketsDropped):
                items.append(await anext(tap))
            items += await read_until(tap, packets=300)
        received = [parse_rtp(data) for data in drained(subscriber)]
        assert len(received) > 800
        assert_continuous(received)
        packets = of_track("p-cam", items)
        missing = sum(
            (after.sequence_number - before.sequence_number - 1) & 0xFFFF
            for before, after in itertools.pairwise(packets)
        )
        assert missing == sum(frame.packets for frame in of(PacketsDropped, items)) > 0
        drop = next(index for index, item in enumerate(items) if isinstance(item, PacketsDropped))
        assert any(is_keyframe(packet) for packet in of(RtpPacket, items[drop:]))
        tap.close()


async def test_a_recorder_that_dials_again_goes_on() -> None:
    async with tapped_node() as node, joined(node, "p", tracks=(camera("p"),)) as peer:
        first = await node.dial()
        async with publishing(Camera(peer, one_layer(), {""})):
            before = await read_until(first, packets=10)
            second = await node.dial()
            after = await read_until(second, packets=10)
        began = of(TrackBegan, before), of(TrackBegan, after)
        assert [[frame.ssrc for frame in frames] for frames in began] == [[1], [1]]
        assert is_keyframe(of(RtpPacket, after)[0])
        assert node.node.taps.connected == 1
        for tap in (first, second):
            tap.close()
        await eventually(lambda: node.node.taps.connected == 0)


async def test_the_end_of_a_session_and_of_a_tap_are_told() -> None:
    async with tapped_node() as node:
        node.obey(PutRouter(request_id=5, router_id="other"))
        other = put_tap(router_id="other", tap_id="second")
        node.obey(other)
        taps = await node.dial(), await node.dial(other)
        node.obey(DeleteRouter(request_id=6, router_id="r"))
        node.obey(DeleteTap(request_id=7, tap_id="second"))
        for tap in taps:
            assert [item async for item in tap] == [TapClosed()]
            tap.close()
        assert node.node.taps.ids == ()


def drained(peer: Peer) -> list[bytes]:
    return [peer.rtp_packets.get_nowait() for _ in range(peer.rtp_packets.qsize())]


def is_keyframe(packet: RtpPacket) -> bool:
    return packet.payload[0] & 0x10 != 0 and packet.payload[6] & 1 == 0
