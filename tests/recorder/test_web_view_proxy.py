import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from recorder.web_view.egress import Egress
from recorder.web_view.proxy import EgressProxy

HELLO = b"\x05\x01\x00"
Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def echo() -> AsyncIterator[int]:
    """The port of a server that says everything back, and ends when the other does."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await reader.read(1000):
            writer.write(said)
        writer.write(b"!")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def dialled(*hosts: str) -> AsyncIterator[tuple[EgressProxy, Ends]]:
    """A proxy that lets through to these hosts, and a connection to it."""
    proxy = EgressProxy(Egress.of(hosts, []))
    reader, writer = await asyncio.open_connection("127.0.0.1", await proxy.start())
    try:
        yield proxy, (reader, writer)
    finally:
        writer.close()
        await proxy.close()


def request(host: str, port: int, command: int = 1) -> bytes:
    name = host.encode()
    return HELLO + bytes((5, command, 0, 3, len(name))) + name + port.to_bytes(2)


async def answer(ends: Ends) -> int:
    """The proxy's reply code."""
    async with asyncio.timeout(60):
        assert await ends[0].readexactly(2) == b"\x05\x00"
        return (await ends[0].readexactly(10))[1]


async def test_what_is_said_passes_both_ways_up_to_the_end_of_each() -> None:
    async with echo() as port, dialled(f"localhost:{port}") as (proxy, ends):
        ends[1].write(request("localhost", port))
        assert await answer(ends) == 0
        ends[1].write(b"hello")
        ends[1].write_eof()
        async with asyncio.timeout(60):
            assert await ends[0].read() == b"hello!"
        assert proxy.refused is None


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "[::1]", "127.1", "0x7f.1", "2130706433"])
async def test_our_own_network_is_out_of_reach_however_it_is_spelt(host: str) -> None:
    async with echo() as port, dialled() as (proxy, ends):
        ends[1].write(request(host, port))
        assert await answer(ends) in (2, 4)
        assert proxy.refused in (f"{host}:{port}", None)


async def test_an_address_in_binary_is_checked_too() -> None:
    async with echo() as port, dialled() as (proxy, ends):
        ends[1].write(HELLO + bytes((5, 1, 0, 1, 127, 0, 0, 1)) + port.to_bytes(2))
        assert await answer(ends) == 2
        assert proxy.refused == f"127.0.0.1:{port}"


async def test_a_port_where_nobody_listens_is_said_so() -> None:
    async with echo() as port:
        pass
    async with dialled(f"127.0.0.1:{port}") as (_, ends):
        ends[1].write(request("127.0.0.1", port))
        assert await answer(ends) == 5


async def test_a_name_that_cannot_exist_is_said_so() -> None:
    async with dialled() as (_, ends):
        # Too long for a label, so nobody is asked.
        ends[1].write(request("x" * 64, 80))
        assert await answer(ends) == 4


async def test_nothing_but_connecting_is_served() -> None:
    async with dialled() as (_, ends):
        ends[1].write(request("localhost", 80, command=2))
        assert await answer(ends) == 7


@pytest.mark.parametrize(
    "said",
    [b"GET / HTTP/1.1\r\n\r\n", b"\x05\x01\x02", b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00", HELLO + b"\x05\x01\x00\x09"],
)
async def test_another_protocol_is_hung_up_on(said: bytes) -> None:
    async with dialled() as (_, (reader, writer)):
        writer.write(said)
        async with asyncio.timeout(60):
            with suppress(ConnectionResetError):
                assert await reader.read() in (b"", b"\x05\x00")


async def test_connections_end_with_the_proxy() -> None:
    async with echo() as port, dialled(f"127.0.0.1:{port}") as (proxy, ends):
        ends[1].write(request("127.0.0.1", port))
        assert await answer(ends) == 0
        await proxy.close()
        async with asyncio.timeout(60):
            with suppress(ConnectionResetError):
                assert await ends[0].read() == b""
