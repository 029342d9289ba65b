from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.web_view.egress import Egress, is_page, is_public

INSIDE = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.2.0/24",
    "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
    "::/128", "::1/128", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "64:ff9b:1::/48", "2001:db8::/32",
]  # fmt: skip
inside4 = st.sampled_from([one for one in INSIDE if "." in one]).flatmap(lambda net: st.ip_addresses(network=net))
inside = st.sampled_from(INSIDE).flatmap(lambda net: st.ip_addresses(network=net))
foreign = st.ip_addresses().filter(is_public)
names = st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8}){0,2}", fullmatch=True)
ports = st.integers(1, 65535)


@given(inside, names, ports)
def test_no_name_leads_into_the_network(address: IPv4Address | IPv6Address, name: str, port: int) -> None:
    assert not is_public(address)
    assert Egress().reachable(name, port, [str(address)]) == []


@given(inside4)
def test_nor_does_ipv4_in_the_clothes_of_ipv6(address: IPv4Address) -> None:
    number = int(address)
    disguises = (
        IPv6Address(int(IPv6Address("::ffff:0:0")) | number),
        IPv6Address(int(IPv6Address("64:ff9b::")) | number),
        IPv6Address(int(IPv6Address("2002::")) | number << 80),
    )
    assert not any(map(is_public, disguises))


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "64:ff9b::101:101", "172.32.0.1"])
def test_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@given(foreign, names, ports)
def test_public_addresses_are_reached_but_those_of_this_machine(
    address: IPv4Address | IPv6Address, name: str, port: int
) -> None:
    told = [str(address), "10.1.2.3", "fe80::1%eth0", "nonsense"]
    assert Egress().reachable(name, port, told) == [str(address)]
    assert Egress.of([], [address]).reachable(name, port, told) == []


@given(st.ip_addresses(v=4).filter(is_public), names, ports)
def test_this_machine_is_not_reached_in_the_clothes_of_ipv6_either(address: IPv4Address, name: str, port: int) -> None:
    disguised = str(IPv6Address(int(IPv6Address("::ffff:0:0")) | int(address)))
    assert Egress().reachable(name, port, [disguised]) == [disguised]
    assert Egress.of([], [address]).reachable(name, port, [disguised]) == []


@given(inside, names, ports)
def test_hosts_that_the_operator_names_are_reached_wherever_they_are(
    address: IPv4Address | IPv6Address, name: str, port: int
) -> None:
    egress = Egress.of([f"{name.upper()}:{port}", "other"], [address])
    assert egress.reachable(name, port, [str(address)]) == [str(address)]
    assert egress.reachable(f"{name}.", port, [str(address)]) == [str(address)], "with the dot of the root"
    for host, other_port in ((name, port % 65535 + 1), (f"x{name}", port), (f"{name}.x", port)):
        assert egress.reachable(host, other_port, [str(address)]) == []


def test_a_host_without_a_port_is_meant_at_the_usual_ones() -> None:
    egress = Egress.of(["intranet.example", "[fd00::7]:8080"], [])
    assert [port for port in (80, 443, 8080, 22) if egress.is_listed("intranet.example", port)] == [80, 443]
    assert egress.is_listed("fd00::7", 8080)
    assert egress.is_listed("[fd00::7]", 8080)
    assert not egress.is_listed("fd00::7", 80)


@given(st.text(max_size=40))
def test_any_text_may_be_asked_about(text: str) -> None:
    assert not Egress.of([], []).is_listed(text, 80)
    Egress.of([text], []).is_listed(text, 80)
    is_page(text)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com/layout?room=1#x", True),
        ("HTTP://127.0.0.1:8080", True),
        ("https://[fd00::7]:8080/", True),
        ("file:///etc/passwd", False),
        ("data:text/html,hello", False),
        ("javascript:alert(1)", False),
        ("view-source:https://example.com/", False),
        ("https://user:password@example.com/", False),
        ("https://example.com\\@evil.example/", False),
        ("https://example.com/a b", False),
        ("https:///etc/passwd", False),
    ],
)
def test_pages_are_http_and_plain(url: str, expected: bool) -> None:
    assert is_page(url) is expected
