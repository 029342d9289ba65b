"""The tap port and strangers: nobody without the credentials gets anything, or costs others theirs."""

import asyncio
import os
import ssl

import pytest
import uvloop

from recorder.tap import Tap, TapFingerprintError, TapLostError, TapRefusedError, TapUnreachableError
from sfu.link_messages import Fingerprint
from sfu.rtp.framing import FrameReader, frame
from sfu.rtp.packet import RtpPacket
from sfu.tap import connection, listener
from sfu.tap.connection import TapConnection
from sfu.tap.listener import MAX_STRANGERS_PER_HOST
from sfu.tap_messages import CONTROL_FRAMES, TapAccepted, TapClosed, TapCredentials, TapRefused, TrackEnded
from tests.support.forwarding import VideoSource, camera
from tests.support.media_peer import PATIENCE, eventually
from tests.support.tapped_node import Camera, TappedNode, joined, publishing, read_until, tapped_node
from tests.support.taps import TOKEN, of, put_tap


async def stranger(node: TappedNode, *, tls: bool = True) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return await asyncio.open_connection(node.host, node.listener.address.port, ssl=context)


async def rest(reader: asyncio.StreamReader) -> bytes:
    """What comes until the node hangs up."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await reader.read(-1)
    except ConnectionError:
        return b""


async def test_the_wrong_token_and_an_unknown_tap_are_refused_alike() -> None:
    async with tapped_node() as node:
        for put in (put_tap(token="x" * 24), put_tap(tap_id="other")):
            with pytest.raises(TapRefusedError):
                await node.dial(put)
        assert node.counters.totals()["tap-refused"] == 2
        tap = await node.dial()
        assert node.node.taps.connected == 1
        tap.close()


async def test_a_node_with_another_certificate_is_told_no_token() -> None:
    async with tapped_node() as node:
        address = node.listener.address
        other = Fingerprint(algorithm="sha-256", value=":".join(["AB"] * 32))
        with pytest.raises(TapFingerprintError):
            await Tap.dial(address.host, address.port, other, TapCredentials(tap_id="tap", token=TOKEN))
        await eventually(lambda: node.counters.totals().get("tap-handshake-failed") == 1)
        assert "tap-refused" not in node.counters.totals()


@pytest.mark.parametrize(
    "shown",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff\xfe",
        b'{"tap_id": "tap"}',
        b'{"tap_id": "tap", "token": null}',
        b'{"tap_id": "tap", "token": "' + TOKEN.encode() + b'", "more": 1}',
    ],
)
async def test_malformed_credentials_are_refused(shown: bytes) -> None:
    async with tapped_node() as node:
        reader, writer = await stranger(node)
        writer.write(frame(shown or b"x"))
        (answer,) = FrameReader().feed(await rest(reader))
        assert CONTROL_FRAMES.validate_json(answer) == TapRefused()
        writer.transport.abort()


@pytest.mark.parametrize("tls", [True, False])
async def test_garbage_is_hung_up_on(tls: bool) -> None:
    async with tapped_node() as node:
        reader, writer = await stranger(node, tls=tls)
        writer.write(b"\xff" + os.urandom(5000))
        await rest(reader)
        await eventually(lambda: node.counters.totals().get("tap-handshake-failed") == 1)
        writer.transport.abort()


@pytest.mark.parametrize("more", [b"more", frame(b"more"), frame(b"{}"), frame(b'{"type": "keyframe"}')])
async def test_a_recorder_that_says_what_none_has_to_say_is_hung_up_on(more: bytes) -> None:
    async with tapped_node() as node:
        reader, writer = await stranger(node)
        writer.write(frame(TapCredentials(tap_id="tap", token=TOKEN).model_dump_json().encode()))
        await eventually(lambda: node.node.taps.connected == 1)
        writer.write(more)
        await rest(reader)
        await eventually(lambda: node.node.taps.connected == 0)
        assert node.counters.totals()["tap-unexpected-data"] == 1
        writer.transport.abort()


@pytest.mark.parametrize("tls", [True, False])
async def test_who_says_nothing_is_hung_up_on(monkeypatch: pytest.MonkeyPatch, tls: bool) -> None:
    monkeypatch.setattr(listener, "GRACE", 0.2)
    async with tapped_node() as node:
        reader, writer = await stranger(node, tls=tls)
        await rest(reader)
        await eventually(lambda: node.counters.totals().get("tap-handshake-failed") == 1)
        writer.transport.abort()


async def test_hundreds_of_connections_are_bounded_and_disturb_no_one_who_is_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listener, "GRACE", 2.0)
    async with tapped_node() as node, joined(node, "p", tracks=(camera("p"),)) as peer:
        tap = await node.dial()
        async with publishing(Camera(peer, {"": VideoSource(1)}, {""})):
            await read_until(tap, packets=10)
            crowd = [await stranger(node, tls=False) for _ in range(300)]
            await eventually(lambda: node.counters.totals().get("tap-too-many", 0) >= 300 - MAX_STRANGERS_PER_HOST)
            assert len(node.listener._tasks) <= MAX_STRANGERS_PER_HOST
            assert len(of(RtpPacket, await read_until(tap, packets=20))) == 20
            for _, writer in crowd:
                writer.transport.abort()
            await eventually(lambda: not node.listener._tasks)
        # A host that failed too often waits for a second.
        await asyncio.sleep(1.1)
        (await node.dial()).close()
        tap.close()


async def test_a_recorder_with_too_many_control_frames_waiting_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONTROL_LIMIT", 10_000)
    async with tapped_node(buffer_limit=16 * 1024) as node:
        reader, writer = await stranger(node)
        del reader
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a reading transport, too
        writer.write(frame(TapCredentials(tap_id="tap", token=TOKEN).model_dump_json().encode()))
        await eventually(lambda: node.node.taps.connected == 1)
        fed: TapConnection | None = node.node.taps._taps["tap"][0]._connection
        assert fed is not None
        for _ in range(100_000):
            fed.tell(TrackEnded(track_id="t" * 100))
            await asyncio.sleep(0)
            if not fed.is_open:
                break
        await eventually(lambda: node.node.taps.connected == 0)
        writer.transport.abort()


async def test_a_connection_that_breaks_is_an_error_and_a_farewell_is_none() -> None:
    async with tapped_node() as node:
        first = await node.dial()
        second = await node.dial()
        with pytest.raises(TapLostError):
            await anext(first)
        node.node.taps.close()
        assert [item async for item in second] == [TapClosed()]
        address = node.listener.address
    with pytest.raises(TapUnreachableError):
        await Tap.dial(address.host, address.port, address.fingerprint, TapCredentials(tap_id="tap", token=TOKEN))


def test_the_loop_of_the_real_process_carries_taps_too() -> None:
    async def scenario() -> None:
        async with tapped_node() as node, joined(node, "p", tracks=(camera("p"),)) as peer:
            with pytest.raises(TapRefusedError):
                await node.dial(put_tap(token="x" * 24))
            tap = await node.dial()
            async with publishing(Camera(peer, {"": VideoSource(1)}, {""})):
                items = await read_until(tap, packets=10)
                node.node.taps.close()
                items += [item async for item in tap]
            assert len(of(RtpPacket, items)) >= 10
            assert items[-1] == TapClosed()
            reader, writer = await stranger(node, tls=False)
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            await rest(reader)
            writer.transport.abort()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(scenario())


async def test_the_first_frame_tells_that_the_recorder_was_accepted() -> None:
    async with tapped_node() as node:
        reader, writer = await stranger(node)
        writer.write(frame(TapCredentials(tap_id="tap", token=TOKEN).model_dump_json().encode()))
        (accepted,) = FrameReader().feed(await reader.read(4096))
        assert isinstance(CONTROL_FRAMES.validate_json(accepted), TapAccepted)
        writer.transport.abort()
