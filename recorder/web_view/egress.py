"""Whom a page in the recorder's browser may reach: that browser stands in our own network. Pure."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

IpAddress = IPv4Address | IPv6Address

# RFC 6052: translates to IPv4. RFC 8215: the same for the use inside one's own network.
_TRANSLATED = IPv6Network("64:ff9b::/96")
_TRANSLATED_INSIDE = IPv6Network("64:ff9b:1::/48")
_USUAL_PORTS = (80, 443)
_PAGE = re.compile(r"https?://[^/?#@\s\\]+(?:[/?#][^\s\\]*)?", re.IGNORECASE)


def is_page(url: str) -> bool:
    """Whether it is an http or https URL, without a user name, spaces or backslashes."""
    return _PAGE.fullmatch(url) is not None


def is_public(address: IpAddress) -> bool:
    """Whether it is a single host of the Internet, and not one of ours; what stands for an IPv4 address counts as that.

    Not public are loopback, link-local, private, shared, multicast and reserved addresses, see the IANA registries
    of special-purpose addresses (RFC 6890).
    """
    meant = _meant(address)
    if isinstance(meant, IPv6Address) and (meant.is_site_local or meant in _TRANSLATED_INSIDE):
        return False
    return meant.is_global and not meant.is_multicast and not meant.is_reserved


def _meant(address: IpAddress) -> IpAddress:
    """The IPv4 address for which an IPv6 address stands, else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


@dataclass(frozen=True)
class Egress:
    """The rule. `hosts` are those that the operator allows, wherever they are, as `host` (at ports 80 and 443) or
    `host:port`, IPv6 addresses in brackets. `own` are the addresses of this machine, which trusts itself more than it
    trusts others.
    """

    hosts: frozenset[str] = frozenset()
    own: frozenset[IpAddress] = frozenset()

    @classmethod
    def of(cls, hosts: Collection[str], own: Collection[IpAddress]) -> "Egress":
        """However the hosts are spelt."""
        return cls(frozenset(_normal(host) for host in hosts), frozenset(own))

    def is_listed(self, host: str, port: int) -> bool:
        """Whether the operator named it. IPv6 addresses come with brackets or without."""
        name = _normal(f"[{host}]" if ":" in host and not host.startswith("[") else host)
        return f"{name}:{port}" in self.hosts or (port in _USUAL_PORTS and name in self.hosts)

    def reachable(self, host: str, port: int, addresses: Collection[str]) -> list[str]:
        """Those of the host's addresses that may be connected to; they are to be used, not the name once more."""
        if self.is_listed(host, port):
            return list(addresses)
        return [address for address in addresses if self._is_foreign(address)]

    def _is_foreign(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return is_public(parsed) and not {parsed, _meant(parsed)} & self.own


def _normal(host: str) -> str:
    """In lower case, without the dot of the root."""
    name, colon, port = host.lower().rpartition(":")
    if colon and port.isdecimal():
        return f"{name.rstrip('.')}:{port}"
    return host.lower().rstrip(".")
