"""Where a request comes from, when there may be proxies in between."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def client_address(peer: str, forwarded_for: Sequence[str], trusted: Sequence[Network]) -> str:
    """The address of the client.

    `peer` is who opened the connection, `forwarded_for` the X-Forwarded-For headers in their order. Each proxy appends
    whom it was asked by, so the list is read from its end, for as long as the one who wrote an entry is trusted.
    """
    address = _parse(peer)
    if address is None:
        return peer
    entries = [entry.strip() for header in forwarded_for for entry in header.split(",")]
    while entries and _is_trusted(address, trusted):
        previous = _parse(entries.pop())
        if previous is None:
            break
        address = previous
    return str(address)


def is_trusted(peer: str, trusted: Sequence[Network]) -> bool:
    """Whether the one who opened a connection is a proxy whose headers are believed."""
    address = _parse(peer)
    return address is not None and _is_trusted(address, trusted)


def _is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in trusted)


def _parse(text: str) -> Address | None:
    try:
        address = ip_address(text.strip("[]"))
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
