"""Binding one number for UDP and TCP, on IPv4 and IPv6."""

import errno
import ipaddress
import socket
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass

ALL_HOSTS = ("0.0.0.0", "::")  # noqa: S104 - a media port is there to be reached from outside

SOCKET_BUFFER = 4 * 1024 * 1024
"""Bytes asked of the kernel in each direction of the UDP sockets; it grants up to net.core.{r,w}mem_max."""

_TRIES = 20
_NO_SUCH_FAMILY = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


@dataclass(frozen=True, slots=True)
class BoundPort:
    """Non-blocking sockets that share one number: at most one UDP socket and one TCP listener per IP version."""

    number: int
    udp: dict[int, socket.socket]
    tcp: tuple[socket.socket, ...]


def bind_port(hosts: Sequence[str], port: int) -> BoundPort:
    """Bind `port` on each host, an IP address, at most one per family; 0 takes a number that is free everywhere.

    IPv6 is left out on a machine without it, unless nothing else is asked for. The keys of `udp` are IP versions.
    Raises ValueError for hosts that do not fit, OSError if the port is taken.
    """
    versions: dict[int, str] = {ipaddress.ip_address(host).version: host for host in hosts}
    if not hosts or len(versions) != len(hosts):
        raise ValueError("hosts must hold one address, or one of each IP version")
    for _ in range(_TRIES):
        try:
            return _bind(versions, port)
        except OSError as error:
            # The kernel's choice is free for the first socket only.
            if port or error.errno != errno.EADDRINUSE:
                raise
    raise OSError(errno.EADDRINUSE, "no number was free for UDP and TCP at once")


def _bind(versions: dict[int, str], number: int) -> BoundPort:
    udp: dict[int, socket.socket] = {}
    tcp: list[socket.socket] = []
    with ExitStack() as stack:
        for version, host in sorted(versions.items()):
            try:
                udp[version] = stack.enter_context(_socket(version, socket.SOCK_DGRAM, host, number))
            except OSError as error:
                if version == 6 and udp and error.errno in _NO_SUCH_FAMILY:
                    continue
                raise
            number = udp[version].getsockname()[1]
            _enlarge_buffers(udp[version])
            tcp.append(stack.enter_context(_socket(version, socket.SOCK_STREAM, host, number)))
            tcp[-1].listen(128)
        stack.pop_all()
    return BoundPort(number, udp, tuple(tcp))


def _socket(version: int, kind: socket.SocketKind, host: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if version == 6 else socket.AF_INET, kind)
    try:
        made.setblocking(False)
        if version == 6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if kind == socket.SOCK_STREAM:
            # After a restart, connections of the last run may still linger.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made


def _enlarge_buffers(sock: socket.socket) -> None:
    """A burst from many publishers has to fit into the kernel's buffer while we forward the one before."""
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER)
