"""Addresses as the kernel has them."""

import socket
from struct import Struct

from sfu.transport.path import Address

_IPV4 = Struct("=H2s4s8x").pack
_IPV6 = Struct("=H2s4s16sI").pack


def to_sockaddr(address: Address) -> bytes:
    """The `sockaddr_in` or `sockaddr_in6` of an address as `socket.recvfrom` gives it. Raises OSError."""
    port = address[1].to_bytes(2, "big")
    if len(address) == 2:
        return _IPV4(socket.AF_INET, port, socket.inet_pton(socket.AF_INET, address[0]))
    host, _, flow, scope = address
    # A link-local address has its interface behind a percent sign, too.
    packed = socket.inet_pton(socket.AF_INET6, host.partition("%")[0])
    return _IPV6(socket.AF_INET6, port, flow.to_bytes(4, "big"), packed, scope)
