"""The other end of a datagram's way: what tells one peer's packets from another's."""

from sfu.transport.tcp import TcpConnection

Address = tuple[str, int] | tuple[str, int, int, int]
"""A UDP address exactly as `socket.recvfrom` gives it: two items for IPv4, four for IPv6."""

Path = Address | TcpConnection


def host_and_port(path: Path) -> tuple[str, int]:
    """The peer's address on a path."""
    if isinstance(path, TcpConnection):
        return path.host, path.port
    return path[0], path[1]
