"""One number for everything."""

import socket

import pytest

from sfu.transport import ports
from sfu.transport.ports import bind_port


def close(bound):
    for sock in (*bound.udp.values(), *bound.tcp):
        sock.close()


def test_udp_and_tcp_of_both_ip_versions_share_one_number():
    bound = bind_port(["127.0.0.1", "::1"], 0)
    assert set(bound.udp) == {4, 6}
    assert {sock.getsockname()[1] for sock in (*bound.udp.values(), *bound.tcp)} == {bound.number}
    assert len(bound.tcp) == 2
    close(bound)


def test_wanted_number_that_is_taken_is_an_error():
    first = bind_port(["127.0.0.1"], 0)
    with pytest.raises(OSError, match="in use"):
        bind_port(["127.0.0.1"], first.number)
    close(first)


def test_machine_without_ipv6_does_with_ipv4(monkeypatch):
    def no_ipv6(version, kind, host, port, bind=ports._socket):
        if version == 6:
            raise OSError(97, "Address family not supported by protocol")
        return bind(version, kind, host, port)

    monkeypatch.setattr(ports, "_socket", no_ipv6)
    bound = bind_port(["0.0.0.0", "::"], 0)
    assert set(bound.udp) == {4}
    close(bound)
    with pytest.raises(OSError, match="not supported"):
        bind_port(["::"], 0)


def test_another_number_is_tried_when_the_kernels_choice_is_taken_for_tcp(monkeypatch):
    taken = []

    def first_is_taken(version, kind, host, port, bind=ports._socket):
        if kind == socket.SOCK_STREAM and not taken:
            taken.append(port)
            raise OSError(98, "Address already in use")
        return bind(version, kind, host, port)

    monkeypatch.setattr(ports, "_socket", first_is_taken)
    bound = bind_port(["127.0.0.1"], 0)
    assert taken
    close(bound)


@pytest.mark.parametrize("hosts", [[], ["127.0.0.1", "127.0.0.2"], ["localhost"]])
def test_hosts_that_do_not_fit_are_refused(hosts):
    with pytest.raises(ValueError, match=r"hosts|localhost"):
        bind_port(hosts, 0)
