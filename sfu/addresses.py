"""The addresses that a node announces as ICE candidates."""

import socket
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

import ifaddr

from sfu.link_messages import Candidate


def candidates(public: Sequence[str], bound: Sequence[str], port: int) -> tuple[Candidate, ...]:
    """A UDP and a TCP candidate for each address: IPv4 first, UDP first.

    `public` are the configured addresses (`ip`, `ip:port`, `[ip]:port`), `bound` the hosts the port is bound to.
    Without configured addresses the bound ones are announced, or the machine's when bound to all. Raises ValueError.
    """
    places = [parse_address(text, port) for text in public] or [(ip, port) for ip in _own_addresses(bound)]
    places.sort(key=lambda place: place[0].version)
    return tuple(
        Candidate(protocol=protocol, ip=str(ip), port=port) for protocol in ("udp", "tcp") for ip, port in places
    )


def parse_address(text: str, port: int) -> tuple[IPv4Address | IPv6Address, int]:
    """Split `ip`, `ip:port` or `[ip]:port`. Raises ValueError."""
    host = text.strip()
    if host.startswith("["):
        host, _, rest = host[1:].partition("]")
        digits = rest.removeprefix(":")
    elif host.count(":") == 1:
        host, _, digits = host.partition(":")
    else:
        digits = ""
    if digits and not (digits.isdigit() and 0 < int(digits) < 65536):
        raise ValueError(f"{text!r} has no valid port")
    return ip_address(host), int(digits) if digits else port


def _own_addresses(bound: Sequence[str]) -> Iterator[IPv4Address | IPv6Address]:
    hosts = [ip_address(host) for host in bound]
    wild = {host.version for host in hosts if host.is_unspecified}
    yield from (host for host in hosts if not host.is_unspecified)
    found = [ip for ip in interface_addresses() if ip.version in wild and not ip.is_link_local]
    yield from [ip for ip in found if not ip.is_loopback] or found


def interface_addresses() -> Iterator[IPv4Address | IPv6Address]:
    """Every address of this machine, loopback included."""
    for adapter in ifaddr.get_adapters():
        for address in adapter.ips:
            yield ip_address(address.ip if isinstance(address.ip, str) else address.ip[0])


def bind_hosts(media_host: str) -> tuple[str, ...]:
    """Where to bind: all addresses of both families for an empty host. Raises ValueError, OSError."""
    if not media_host:
        return ("0.0.0.0", "::") if socket.has_ipv6 else ("0.0.0.0",)  # noqa: S104 - media comes from outside
    return tuple(str(ip_address(host.strip())) for host in media_host.split(","))
