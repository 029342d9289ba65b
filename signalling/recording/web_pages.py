"""Which pages a recorder's browser may open: that browser stands in our own network. Pure."""

import re
from collections.abc import Collection

# Stricter than browsers are: what they and we might read differently (user names, backslashes) is no address here.
_URL = re.compile(r"(https?)://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?(?:[/?#][^\s\\]*)?")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def is_allowed_page(url: str, hosts: Collection[str]) -> bool:
    """Whether the page is on one of the hosts, each written as `host` (at the usual port) or as `host:port`."""
    match = _URL.fullmatch(url)
    if match is None:
        return False
    scheme, host, port = match.groups()
    allowed = {one.lower() for one in hosts}
    at_usual_port = port is None or port == _DEFAULT_PORTS[scheme]
    return (at_usual_port and host.lower() in allowed) or f"{host.lower()}:{port}" in allowed
