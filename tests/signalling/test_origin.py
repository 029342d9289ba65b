"""The URL under which a client reaches the server, through proxies or not."""

from ipaddress import ip_network

import pytest
from aiohttp.test_utils import make_mocked_request

from signalling.origin import origin_of

PROXIES = (ip_network("127.0.0.0/8"),)


def origin(headers: dict[str, str], peer: str = "127.0.0.1") -> str:
    request = make_mocked_request("GET", "/", headers={"Host": "inside:8080", **headers}).clone(remote=peer)
    return str(origin_of(request, PROXIES))


def test_without_a_proxy_it_is_what_the_request_says() -> None:
    assert origin({}) == "http://inside:8080"


def test_a_trusted_proxy_says_how_it_was_asked() -> None:
    assert origin({"X-Forwarded-Proto": "https", "X-Forwarded-Host": "meet.example.com"}) == "https://meet.example.com"


def test_what_stands_before_the_proxys_own_word_is_not_believed() -> None:
    forged = {"X-Forwarded-Proto": "http, https", "X-Forwarded-Host": "evil.example, meet.example.com"}
    assert origin(forged) == "https://meet.example.com"


def test_others_are_not_believed() -> None:
    forged = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    assert origin(forged, "203.0.113.1") == "http://inside:8080"


def test_a_scheme_that_is_none_changes_nothing() -> None:
    assert origin({"X-Forwarded-Proto": "javascript"}) == "http://inside:8080"


@pytest.mark.parametrize("host", ["a b", "a/b", "user@host", "host:port", "<script>", "[::1"])
def test_a_host_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="Host"):
        origin({"X-Forwarded-Host": host})


@pytest.mark.parametrize("host", ["[::1]:8080", "my_container:80", "192.0.2.1"])
def test_hosts_of_every_kind_are_taken(host: str) -> None:
    assert origin({"X-Forwarded-Host": host}).removesuffix(":80") == f"http://{host.removesuffix(':80')}"
