"""What a node announces."""

import pytest

from sfu.addresses import bind_hosts, candidates, parse_address


def test_configured_addresses_come_ipv4_first_udp_first() -> None:
    found = candidates(("2001:db8::1", "192.0.2.1:4000"), ("0.0.0.0",), 3000)
    assert [(one.protocol, one.ip, one.port) for one in found] == [
        ("udp", "192.0.2.1", 4000),
        ("udp", "2001:db8::1", 3000),
        ("tcp", "192.0.2.1", 4000),
        ("tcp", "2001:db8::1", 3000),
    ]


def test_bound_addresses_are_announced_as_they_are() -> None:
    assert {one.ip for one in candidates((), ("127.0.0.1", "::1"), 3000)} == {"127.0.0.1", "::1"}


def test_bound_to_all_announces_the_machines_own() -> None:
    found = {one.ip for one in candidates((), ("0.0.0.0",), 3000)}
    assert found
    assert "0.0.0.0" not in found
    assert len(found) == 1 or "127.0.0.1" not in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1", ("192.0.2.1", 7)),
        ("192.0.2.1:80", ("192.0.2.1", 80)),
        ("2001:db8::1", ("2001:db8::1", 7)),
        ("[2001:db8::1]:80", ("2001:db8::1", 80)),
        ("[2001:db8::1]", ("2001:db8::1", 7)),
    ],
)
def test_addresses_are_read(text: str, expected: tuple[str, int]) -> None:
    ip, port = parse_address(text, 7)
    assert (str(ip), port) == expected


@pytest.mark.parametrize("text", ["", "host", "192.0.2.1:0", "192.0.2.1:99999", "192.0.2.1:x", "[2001:db8::1]:-1"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_address(text, 7)


def test_hosts_to_bind() -> None:
    assert bind_hosts("127.0.0.1, ::1") == ("127.0.0.1", "::1")
    assert "0.0.0.0" in bind_hosts("")
    with pytest.raises(ValueError):
        bind_hosts("localhost")
