"""The recorder's end of a tap, against nodes that misbehave; tests/sfu/tap has it against the real one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from recorder import tap as client
from recorder.tap import (
    Tap,
    TapFingerprintError,
    TapItem,
    TapLostError,
    TapRefusedError,
    TapUnreachableError,
    parse_frame,
)
from sfu.link_messages import Codec, Fingerprint
from sfu.rtcp.packets import ReceiverReport, RtcpError, SenderReport
from sfu.rtp.framing import frame
from sfu.rtp.packet import RtpError, RtpPacket
from sfu.tap.certificate import TapCertificate
from sfu.tap_messages import (
    ControlFrame,
    PacketsDropped,
    TapAccepted,
    TapClosed,
    TapCredentials,
    TapRefused,
    TrackBegan,
    TrackPaused,
)
from tests.support.media_peer import rtp
from tests.support.mutation import mutated

CERTIFICATE = TapCertificate.generate()
CREDENTIALS = TapCredentials(tap_id="tap", token="the token of the recorder")
BEGAN = TrackBegan(
    ssrc=7,
    track_id="t",
    endpoint_id="e",
    source="camera",
    kind="video",
    codec=Codec(format="VP8", name="VP8", payload_type=96, clock_rate=90000),
)
REPORT = SenderReport(7, 1 << 40, 3000, 1, 100)

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def told(message: ControlFrame) -> bytes:
    return frame(message.model_dump_json().encode())


@asynccontextmanager
async def node(serve: Serve, *, tls: bool = True) -> AsyncIterator[int]:
    """Something that listens on the port it yields."""

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await serve(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve_one, "127.0.0.1", 0, ssl=CERTIFICATE.context if tls else None)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def saying(*parts: bytes) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        for part in parts:
            writer.write(part)
            await writer.drain()

    return serve


async def dial(port: int, fingerprint: Fingerprint = CERTIFICATE.fingerprint) -> Tap:
    return await Tap.dial("127.0.0.1", port, fingerprint, CREDENTIALS)


async def read(tap: Tap) -> list[TapItem]:
    return [item async for item in tap]


async def test_items_come_typed_and_in_order_wherever_the_stream_is_cut() -> None:
    frames = [BEGAN, rtp(1, ssrc=7), REPORT, TrackPaused(track_id="t", at=3.5), PacketsDropped(packets=4), TapClosed()]
    stream = told(TapAccepted(at=12.5))
    for each in frames:
        match each:
            case bytes():
                stream += frame(each)
            case SenderReport():
                stream += frame(each.to_bytes())
            case _:
                stream += told(each)
    half = len(stream) // 2
    async with node(saying(stream[:3], stream[3:half], stream[half:], told(BEGAN))) as port:
        tap = await dial(port)
        items = await read(tap)
        assert await read(tap) == [], "it has ended"
        tap.close()
    assert tap.opened_at == 12.5
    packet = items[1]
    assert isinstance(packet, RtpPacket)
    assert (packet.ssrc, packet.sequence_number, packet.payload) == (7, 1, b"hello")
    assert [items[0], *items[2:]] == [BEGAN, *frames[2:]]
    assert tap.malformed == 0


async def test_frames_that_are_none_are_left_out_and_counted() -> None:
    bad = [
        b"x",
        b"\x80",
        b"\x80\xc8\x00",
        b"\x90" + bytes(11),
        b'{"type": "news"}',
        b"{",
        b"\x81\xc8\xff\xff" + bytes(9),
    ]
    good = told(BEGAN)
    stream = told(TapAccepted(at=0.0)) + b"".join(frame(data) for data in bad) + good + told(TapClosed())
    async with node(saying(stream)) as port:
        tap = await dial(port)
        assert await read(tap) == [BEGAN, TapClosed()]
        assert tap.malformed == len(bad)
        tap.close()


async def test_of_rtcp_only_sender_reports_are_of_use() -> None:
    compound = REPORT.to_bytes() + ReceiverReport(1, ()).to_bytes()
    stream = told(TapAccepted(at=0.0)) + frame(compound) + told(TapClosed())
    async with node(saying(stream)) as port:
        tap = await dial(port)
        assert await read(tap) == [REPORT, TapClosed()]
        tap.close()


async def test_another_certificate_is_shown_no_credentials() -> None:
    shown: list[bytes] = []
    hung_up = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            shown.append(await reader.read())
        except OSError:
            shown.append(b"")
        hung_up.set()

    async with node(serve) as port:
        with pytest.raises(TapFingerprintError):
            await dial(port, TapCertificate.generate().fingerprint)
        await asyncio.wait_for(hung_up.wait(), 10)
    assert shown == [b""]


async def test_a_refusal_says_what_was_refused_but_not_the_token() -> None:
    async with node(saying(told(TapRefused()))) as port:
        with pytest.raises(TapRefusedError) as refused:
            await dial(port)
    assert CREDENTIALS.tap_id in str(refused.value)
    assert CREDENTIALS.token not in str(refused.value)
    assert CREDENTIALS.token not in repr(CREDENTIALS)


@pytest.mark.parametrize("answer", [b"", b"\x00", frame(b"SSH-2.0-x"), told(BEGAN), frame(rtp(1))])
async def test_whatever_answers_otherwise_is_no_tap_port(answer: bytes) -> None:
    async with node(saying(answer)) as port:
        with pytest.raises(TapUnreachableError):
            await dial(port)


async def test_a_port_without_tls_is_no_tap_port() -> None:
    async with node(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"), tls=False) as port:
        with pytest.raises(TapUnreachableError):
            await dial(port)


async def test_a_node_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "DIAL_TIMEOUT", 0.2)
    silent = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silent.wait()

    for tls in (True, False):
        async with node(serve, tls=tls) as port:
            with pytest.raises(TapUnreachableError):
                await dial(port)
    silent.set()


async def test_nobody_there_is_an_error_that_names_the_place() -> None:
    async with node(saying()) as port:
        pass
    with pytest.raises(TapUnreachableError, match=f"127.0.0.1:{port}"):
        await dial(port)


async def test_an_end_without_farewell_is_a_loss() -> None:
    async with node(saying(told(TapAccepted(at=0.0)) + told(BEGAN))) as port:
        tap = await dial(port)
        assert await anext(tap) == BEGAN
        with pytest.raises(TapLostError):
            await anext(tap)
        tap.close()


VALID = (rtp(1), REPORT.to_bytes(), BEGAN.model_dump_json().encode())


@given(st.one_of(st.binary(max_size=200), mutated(VALID)))
def test_no_frame_raises_anything_unexpected(data: bytes) -> None:
    with suppress(ValidationError, RtcpError, RtpError):
        parse_frame(data)
