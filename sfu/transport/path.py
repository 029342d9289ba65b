"""Names of the two ends of a datagram's path."""

Address = tuple[str, int] | tuple[str, int, int, int]
"""A UDP address exactly as `socket.recvfrom` gives it: two items for IPv4, four for IPv6."""
