"""The server end of the link, and which node a session gets."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from sfu.link_messages import DeleteTransport, Hello, NodeLoad, PutTransport, Reply
from sfu.metrics import DelayMeter
from signalling.link_requests import PeerGoneError
from signalling.nodes import Node, choose_node
from tests.support.link_node import CANDIDATE, FINGERPRINT, link_node
from tests.support.offers import MEETING, small_offer
from tests.support.signalling import SECRET, Signalling, running_signalling


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Signalling]:
    async with running_signalling(tmp_path) as server:
        yield server


def make_node(node_id: str, zone: str = "XX", load: float = 0.0, linked: bool = True) -> Node:
    hello = Hello(node_id=node_id, zone=zone, candidates=(CANDIDATE,), fingerprint=FINGERPRINT)
    node = Node(hello, asyncio.get_running_loop(), reply_timeout=5.0)
    if linked:
        node.attach(hello, lambda text: None)
    node.reported(NodeLoad(transports=0, cpu=load))
    return node


async def health(server: Signalling) -> tuple[int, int]:
    async with aiohttp.ClientSession() as session, session.get(f"{server.url}/health") as response:
        return response.status, (await response.json())["media_nodes"]


async def until_linked(server: Signalling, number: int) -> None:
    async with asyncio.timeout(60):
        while len(server.sessions.around.nodes.linked()) != number:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", f"Basic {SECRET}", SECRET, "Bearer \u00e9"])
async def test_without_the_secret_nobody_links(server: Signalling, header: str) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as raised:
            await session.ws_connect(f"{server.url}/link", headers={"Authorization": header})
    assert raised.value.status == 401
    assert await health(server) == (503, 0)


async def test_a_node_of_another_version_is_turned_away(server: Signalling) -> None:
    async with link_node(server.url, secret=SECRET, version=99) as node:
        async with asyncio.timeout(60):
            while not node.socket.closed:
                await asyncio.sleep(0.01)
        assert server.sessions.around.nodes.linked() == []


@pytest.mark.parametrize("text", ["", "{}", "nonsense", '{"type":"reply","request_id":1}'])
async def test_whoever_does_not_begin_with_hello_is_turned_away(server: Signalling, text: str) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{server.url}/link", headers={"Authorization": f"Bearer {SECRET}"}) as socket,
    ):
        await socket.send_str(text)
        received = await socket.receive(timeout=60)
        assert received.type is aiohttp.WSMsgType.CLOSE
    assert server.sessions.around.nodes.linked() == []


async def test_health_says_whether_there_is_a_media_node(server: Signalling) -> None:
    assert await health(server) == (503, 0)
    async with link_node(server.url, secret=SECRET), link_node(server.url, secret=SECRET, node_id="n2"):
        await until_linked(server, 2)
        assert await health(server) == (200, 2)
    await until_linked(server, 0)
    assert await health(server) == (503, 0)


async def test_malformed_messages_of_a_node_do_no_harm(server: Signalling) -> None:
    room = await server.room()
    async with link_node(server.url, secret=SECRET) as node, server.client() as ann:
        await until_linked(server, 1)
        await node.socket.send_str("nonsense")
        await node.say(Reply(request_id=12345))
        await node.say(NodeLoad(transports=1, cpu=-5.0))
        await node.stage("no-such-router", "nobody")
        result = await ann.call("join", token=server.token(room), offer=small_offer(MEETING))
        assert result["answer"]


async def test_a_node_that_links_again_replaces_its_old_link(server: Signalling) -> None:
    room = await server.room()
    async with link_node(server.url, secret=SECRET) as old:
        await until_linked(server, 1)
        async with link_node(server.url, secret=SECRET) as new, server.client() as ann:
            async with asyncio.timeout(60):
                while not old.socket.closed:
                    await asyncio.sleep(0.01)
            await ann.call("join", token=server.token(room), offer=small_offer(MEETING))
            assert len(new.all(PutTransport)) == 1 and old.all(PutTransport) == []


async def test_a_session_stays_on_one_node_and_new_ones_go_where_there_is_room(server: Signalling) -> None:
    async with (
        link_node(server.url, secret=SECRET) as one,
        link_node(server.url, secret=SECRET, node_id="n2") as two,
        server.client() as ann,
        server.client() as bob,
        server.client() as eve,
    ):
        await until_linked(server, 2)
        first, second = await server.room(), await server.room()
        await ann.call("join", token=server.token(first), offer=small_offer(MEETING))
        await bob.call("join", token=server.token(first), offer=small_offer(MEETING, connection=1))
        await eve.call("join", token=server.token(second), offer=small_offer(MEETING, connection=2))
        assert sorted((len(one.all(PutTransport)), len(two.all(PutTransport)))) == [1, 2]


async def test_the_least_loaded_node_of_the_zone_is_chosen() -> None:
    nodes = [make_node("a", "US", 0.5), make_node("b", "US", 0.2), make_node("c", "IN", 0.0), make_node("d", "XX", 0.9)]
    chosen = {zone: choose_node(nodes, zone) for zone in ("US", "IN", "SG", "XX")}
    assert {zone: node.node_id for zone, node in chosen.items() if node} == {"US": "b", "IN": "c", "SG": "d", "XX": "c"}
    assert choose_node([make_node("a", "US")], "IN") is None
    assert choose_node([make_node("a", linked=False)], "XX") is None


async def test_a_rush_between_two_reports_spreads_over_the_nodes() -> None:
    nodes = [make_node("a"), make_node("b")]
    for number in range(10):
        node = choose_node(nodes, "XX")
        assert node is not None
        node.placed(f"t{number}")
    assert [len(node.transports) for node in nodes] == [5, 5]


async def test_commands_to_a_node_without_a_link_fail_at_once_and_those_under_way_when_it_breaks() -> None:
    node = make_node("a")
    waiting = node.send(DeleteTransport(request_id=0, transport_id="t"))
    node.detach()
    for reply in (waiting, node.send(DeleteTransport(request_id=0, transport_id="t"))):
        with pytest.raises(PeerGoneError):
            await reply
    assert not node.replied(Reply(request_id=1))


async def test_metrics_are_served_in_the_text_format(server: Signalling) -> None:
    room = await server.room()
    async with server.client() as ann, aiohttp.ClientSession() as session:
        await ann.call("join", token=server.token(room))
        await ann.send_text("nonsense")
        async with session.get(f"{server.url}/metrics") as response:
            text = await response.text()
    assert 'roomcast_signalling_requests_total{method="join",outcome="ok"} 1.0' in text
    assert 'roomcast_signalling_malformed_messages_total{reason="parse-error"} 1.0' in text
    assert "roomcast_signalling_sessions 1.0" in text
    assert "roomcast_signalling_participants 1.0" in text


async def test_metrics_tell_what_the_nodes_counted(server: Signalling) -> None:
    counters = {"packets-forwarded": 12, "srtp-auth-failed": 3}
    delays = DelayMeter()
    for delay in (0.0005, 0.005, 3.0):
        delays.add(delay, 0.0)
    report = NodeLoad(
        transports=4,
        cpu=0.25,
        loop_delay=0.002,
        loop_delays=delays.totals(),
        longest_turn=0.001,
        counters=counters,
    )
    async with link_node(server.url, secret=SECRET) as node, aiohttp.ClientSession() as session:
        await node.say(report)
        (known,) = server.sessions.around.nodes.linked()
        async with asyncio.timeout(60):
            while known.report != report:
                await asyncio.sleep(0.01)
        async with session.get(f"{server.url}/metrics") as response:
            text = await response.text()
    for line in (
        'roomcast_node_events_total{event="packets-forwarded",node="n1"} 12.0',
        'roomcast_node_events_total{event="srtp-auth-failed",node="n1"} 3.0',
        'roomcast_node_transports{node="n1"} 4.0',
        'roomcast_node_cpu{node="n1"} 0.25',
        'roomcast_node_loop_delay_seconds{node="n1"} 0.002',
        'roomcast_node_longest_turn_seconds{node="n1"} 0.001',
        'roomcast_media_loop_delay_seconds_bucket{le="0.002",node="n1"} 1.0',
        'roomcast_media_loop_delay_seconds_bucket{le="0.005",node="n1"} 2.0',
        'roomcast_media_loop_delay_seconds_count{node="n1"} 3.0',
    ):
        assert line in text


async def test_the_public_key_of_tokens_is_served(server: Signalling) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{server.url}/.well-known/jwks.json") as response:
        assert (await response.json()) == server.issuer.jwks()
