"""Addresses as the kernel has them."""

import socket
import sys
from struct import Struct

from sfu.transport.path import Address

_IPV4 = Struct("=H2s4s8x").pack
_IPV4_SIZE = 16
_IPV6 = Struct("=H2s4s16sI").pack


def from_sockaddr(packed: bytes) -> Address:
    """The other way round: the address as `socket.recvfrom` gives it."""
    port = int.from_bytes(packed[2:4], "big")
    if len(packed) == _IPV4_SIZE:
        return socket.inet_ntop(socket.AF_INET, packed[4:8]), port
    host = socket.inet_ntop(socket.AF_INET6, packed[8:24])
    scope = int.from_bytes(packed[24:28], sys.byteorder)
    if scope:
        # With the name of the interface, where there is one.
        host = socket.getnameinfo((host, port, 0, scope), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)[0]
    return host, port, int.from_bytes(packed[4:8], "big"), scope


def to_sockaddr(address: Address) -> bytes:
    """The `sockaddr_in` or `sockaddr_in6` of an address as `socket.recvfrom` gives it. Raises OSError."""
    port = address[1].to_bytes(2, "big")
    if len(address) == 2:
        return _IPV4(socket.AF_INET, port, socket.inet_pton(socket.AF_INET, address[0]))
    host, _, flow, scope = address
    # A link-local address has its interface behind a percent sign, too.
    packed = socket.inet_pton(socket.AF_INET6, host.partition("%")[0])
    return _IPV6(socket.AF_INET6, port, flow.to_bytes(4, "big"), packed, scope)
