"""One UDP port and the same TCP port for all transports of the process (RFC 7983, RFC 4571)."""

import socket
import time
from collections.abc import Callable, Sequence

from sfu.srtp import Count
from sfu.transport.handler import PacketHandler
from sfu.transport.path import Address
from sfu.transport.transport import Transport

ALL_HOSTS = ("0.0.0.0", "::")  # noqa: S104 - a media port is there to be reached from outside


class Mux:
    """Reads the shared port and hands every datagram to its transport.

    `mux = await Mux.open(handler, count, hosts, port)`; `mux.port` is then the number of the UDP and the TCP port.
    """

    port: int

    @classmethod
    async def open(
        cls,
        handler: PacketHandler,
        count: Count,
        *,
        hosts: Sequence[str] = ALL_HOSTS,
        port: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> "Mux":
        """Bind UDP and TCP on `hosts` (IP addresses, at most one per family), all with one port number.

        Without IPv6 on the machine "::" is left out. Port 0 takes a free number. Raises OSError, ValueError.
        """
        raise NotImplementedError

    def add(self, transport: Transport) -> None:
        """Let a transport's peer in. Raises ValueError if its ICE credentials belong to another transport."""
        raise NotImplementedError

    def remove(self, transport: Transport) -> None:
        """The same as `transport.close()`."""
        raise NotImplementedError

    def socket_for(self, address: Address) -> socket.socket:
        """The UDP socket for an address, by its family. Raises KeyError if that family is not bound."""
        raise NotImplementedError

    def check_timers(self, now: float) -> None:
        """Close what has timed out. The mux calls it each half second by itself; tests call it with their own time."""
        raise NotImplementedError

    async def close(self) -> None:
        """Close all transports, connections and sockets."""
        raise NotImplementedError
