"""The only way out of the recorder's browser: a SOCKS proxy (RFC 1928) that asks `egress` about every connection.

In front of the network rather than inside the browser, so that pages, frames, workers, WebSockets and what the browser
fetches by itself pass the same check; and it resolves names itself and connects to the address that it checked, so that
a name cannot mean one address to the check and another to the connection (DNS rebinding).
"""

import asyncio
import socket
from contextlib import suppress
from ipaddress import ip_address

import structlog

from recorder.web_view.egress import Egress

CONNECT_TIMEOUT = 10.0
_CHUNK = 65_536
_VERSION = 5
_NO_AUTHENTICATION = 0
_CONNECT = 1
_IPV4, _NAME, _IPV6 = 1, 3, 4
# Replies, RFC 1928 section 6.
_SUCCEEDED, _NOT_ALLOWED, _HOST_UNREACHABLE, _REFUSED, _NO_SUCH_COMMAND = 0, 2, 4, 5, 7

log = structlog.get_logger()


class _NotServedError(Exception):
    """No connection is made; `reply` is what the browser is told."""

    def __init__(self, reply: int) -> None:
        super().__init__(reply)
        self.reply = reply


class EgressProxy:
    """Listens on a free port of 127.0.0.1. Whoever else is on this machine reaches nothing by it that they could not
    reach anyway, so it asks for no password."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self._server: asyncio.Server | None = None
        self._served: set[asyncio.Task[None]] = set()
        self.refused: str | None = None
        """The last `host:port` that the page was kept from."""

    async def start(self) -> int:
        """The port. Raises OSError."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """Ends all connections."""
        if self._server is not None:
            self._server.close()
        for task in self._served:
            task.cancel()
        await asyncio.gather(*self._served, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._served.add(task)
        try:
            # What comes is a browser's, or anybody's of this machine; it may break off at any moment.
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._connect(reader, writer)
        finally:
            self._served.discard(task)
            writer.transport.abort()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(2 * CONNECT_TIMEOUT):
                host, port = await _request(reader, writer)
                far_reader, far_writer = await self._open(host, port)
        except _NotServedError as error:
            writer.write(_reply(error.reply))
            await writer.drain()
            return
        except TimeoutError:
            return
        try:
            writer.write(_reply(_SUCCEEDED))
            async with asyncio.TaskGroup() as both:
                both.create_task(_pass_on(reader, far_writer))
                both.create_task(_pass_on(far_reader, writer))
        finally:
            far_writer.transport.abort()

    async def _open(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for address in self._egress.reachable(host, port, found := await _addresses(host)):
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(CONNECT_TIMEOUT):
                    return await asyncio.open_connection(address, port)
        if self._egress.reachable(host, port, found):
            raise _NotServedError(_REFUSED)
        self.refused = f"{host}:{port}"
        log.warning("the page of a recording may not reach this host", host=host, port=port, addresses=found)
        raise _NotServedError(_NOT_ALLOWED)


async def _request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
    """Whom the browser wants to reach."""
    version, methods = await reader.readexactly(2)
    if version != _VERSION or _NO_AUTHENTICATION not in await reader.readexactly(methods):
        raise ConnectionAbortedError
    writer.write(bytes((_VERSION, _NO_AUTHENTICATION)))
    version, command, _, kind = await reader.readexactly(4)
    if version != _VERSION:
        raise ConnectionAbortedError
    if kind == _NAME:
        (length,) = await reader.readexactly(1)
        host = (await reader.readexactly(length)).decode("ascii", "replace")
    elif kind in (_IPV4, _IPV6):
        host = str(ip_address(await reader.readexactly(4 if kind == _IPV4 else 16)))
    else:
        raise ConnectionAbortedError
    port = int.from_bytes(await reader.readexactly(2))
    if command != _CONNECT:
        raise _NotServedError(_NO_SUCH_COMMAND)
    return host, port


async def _addresses(host: str) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise _NotServedError(_HOST_UNREACHABLE) from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _reply(code: int) -> bytes:
    """With an address of zeros: browsers do not look at it."""
    return bytes((_VERSION, code, 0, _IPV4)) + bytes(6)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
        # One end has said all it had to say; the other may still speak.
        writer.write_eof()
    except OSError:
        # Broken, so it is over for both.
        writer.transport.abort()
