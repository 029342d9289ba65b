"""The tap port: recorders dial in, and have little time and room until they have shown their credentials."""

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from ipaddress import ip_address

import structlog

from sfu.ice.limiter import FailureLimiter
from sfu.link_messages import TapAddress
from sfu.tap.certificate import TapCertificate
from sfu.tap.connection import BUFFER_LIMIT, CountMany, TapConnection
from sfu.tap_messages import TapRefused

GRACE = 5.0
"""Seconds that a connection has for its TLS handshake, and again for its credentials."""
MAX_STRANGERS = 128
MAX_STRANGERS_PER_HOST = 32
"""Connections that have not shown their credentials yet."""
FAILURES_PER_SECOND = 10
"""Of one host; each may have cost a TLS handshake, for which the whole node stands still."""
ACCEPT_PAUSE = 0.1
"""Seconds until the next attempt when the system has no more descriptors."""
KEEPALIVE = ((socket.TCP_KEEPIDLE, 10), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 3))

log = structlog.get_logger()


class TapListener:
    """`admit` is given what a recorder showed, and takes over the connection if it returns True."""

    def __init__(
        self,
        sock: socket.socket,
        certificate: TapCertificate,
        admit: Callable[[bytes, TapConnection], bool],
        count: CountMany,
        clock: Callable[[], float],
        buffer_limit: int,
    ) -> None:
        self._socket = sock
        self._certificate = certificate
        self._admit = admit
        self._count = count
        self._clock = clock
        self._buffer_limit = buffer_limit
        self._limiter = FailureLimiter(FAILURES_PER_SECOND)
        self._strangers: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._accepting: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        host: str,
        port: int,
        *,
        admit: Callable[[bytes, TapConnection], bool],
        count: CountMany,
        clock: Callable[[], float],
        buffer_limit: int = BUFFER_LIMIT,
    ) -> "TapListener":
        """Listen on an IP address ("::" includes IPv4); port 0 takes any free one. Raises ValueError, OSError."""
        family = socket.AF_INET6 if ip_address(host).version == 6 else socket.AF_INET
        sock = socket.create_server((host, port), family=family, dualstack_ipv6=host == "::")
        sock.setblocking(False)
        listener = cls(sock, TapCertificate.generate(), admit, count, clock, buffer_limit)
        listener._accepting = asyncio.get_running_loop().create_task(listener._accept())
        return listener

    @property
    def address(self) -> TapAddress:
        """What recorders are told, for the Hello of the link."""
        host, port = self._socket.getsockname()[:2]
        return TapAddress(
            host="" if ip_address(host).is_unspecified else host,
            port=port,
            fingerprint=self._certificate.fingerprint,
        )

    async def close(self) -> None:
        """Stop listening, and drop who has not shown credentials yet; taps close their connections themselves."""
        tasks = [*self._tasks, *([self._accepting] if self._accepting else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._socket.close()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock, address = await loop.sock_accept(self._socket)
            except OSError as error:
                log.warning("a recorder could not be let in", error=str(error))
                await asyncio.sleep(ACCEPT_PAUSE)
                continue
            host = address[0]
            if not self._has_room(host):
                self._count("tap-too-many")
                sock.close()
                continue
            self._strangers[host] += 1
            task = loop.create_task(self._welcome(sock, host))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _has_room(self, host: str) -> bool:
        return (
            self._strangers.total() < MAX_STRANGERS
            and self._strangers[host] < MAX_STRANGERS_PER_HOST
            and self._limiter.allows(host, self._clock())
        )

    async def _welcome(self, sock: socket.socket, host: str) -> None:
        try:
            connection = await self._establish(sock)
        finally:
            self._strangers -= Counter((host,))
        if connection is None:
            self._count("tap-handshake-failed")
        elif not self._admit(connection.credentials.result(), connection):
            self._count("tap-refused")
            log.warning("a recorder was refused: no such tap, or the wrong token", address=host)
            connection.tell(TapRefused())
            connection.close()
        else:
            return
        self._limiter.failed(host, self._clock())

    async def _establish(self, sock: socket.socket) -> TapConnection | None:
        """A connection whose recorder has shown credentials, which are not checked yet; None if it did not."""
        connection = TapConnection(self._count, self._buffer_limit)
        try:
            _keep_alive(sock)
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: connection, sock, ssl=self._certificate.context, ssl_handshake_timeout=GRACE
            )
            async with asyncio.timeout(GRACE):
                await asyncio.shield(connection.credentials)
        except (TimeoutError, OSError, ssl.SSLError):
            connection.abort()
            return None
        except asyncio.CancelledError:
            connection.abort()
            raise
        return connection if connection.is_open else None


def _keep_alive(sock: socket.socket) -> None:
    """Notice a recorder whose machine is gone even while nobody speaks."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, seconds in KEEPALIVE:
        sock.setsockopt(socket.IPPROTO_TCP, option, seconds)
