"""The relay that the network tests lean on keeps its word."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.relay import Fate, Impairment, udp_relay

shares = st.floats(0, 1)


@given(
    loss=shares, duplication=shares, reordering=shares, delay=st.floats(0, 1), seed=st.integers(), n=st.integers(0, 200)
)
def test_one_seed_always_gives_one_fate(
    loss: float, duplication: float, reordering: float, delay: float, seed: int, n: int
) -> None:
    impairment = Impairment(loss=loss, duplication=duplication, reordering=reordering, delay=delay)
    first, second = Fate(impairment, seed), Fate(impairment, seed)
    fates = [first.next() for _ in range(n)]
    assert fates == [second.next() for _ in range(n)]
    for delays in fates:
        assert len(delays) <= 2
        assert all(wait in (delay, delay + impairment.reorder_by) for wait in delays)


@given(seed=st.integers(), loss=shares)
def test_more_loss_never_saves_a_packet(seed: int, loss: float) -> None:
    some, more = Fate(Impairment(loss=loss / 2), seed), Fate(Impairment(loss=loss), seed)
    for _ in range(100):
        if not some.next():
            assert not more.next()
        else:
            more.next()


@given(seed=st.integers())
def test_loss_comes_to_its_share(seed: int) -> None:
    fate = Fate(Impairment(loss=0.05), seed)
    lost = sum(not fate.next() for _ in range(4000))
    assert 0.02 < lost / 4000 < 0.09


@pytest.mark.parametrize(
    "wrong", [{"loss": 1.1}, {"loss": -0.1}, {"duplication": 2}, {"reordering": -1}, {"delay": -1}]
)
def test_an_impossible_impairment_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"share|before"):
        Impairment(**wrong)


class Echo(asyncio.DatagramProtocol):
    """Sends everything back and remembers who came."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, int]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.seen.add(addr)
        self.transport.sendto(data, addr)  # type: ignore[attr-defined]  # a DatagramTransport


class Client(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.got: list[int] = []
        self.more = asyncio.Event()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.got.append(int(data))
        self.more.set()

    async def wait_for(self, count: int) -> list[int]:
        while len(self.got) < count:
            self.more.clear()
            await self.more.wait()
        return self.got


async def echo_through(
    impairment: Impairment, packets: int, expected: int, clients: int = 1
) -> tuple[list[list[int]], int]:
    """What each of `clients` got back of `packets` sent through a relay to an echo, and how many addresses that saw."""
    loop = asyncio.get_running_loop()
    echo_transport, echo = await loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
    results = []
    async with udp_relay(
        echo_transport.get_extra_info("sockname"), impairment, to_client=Impairment(), seed=7
    ) as relay:
        for _ in range(clients):
            transport, client = await loop.create_datagram_endpoint(Client, remote_addr=relay.address)
            for number in range(packets):
                transport.sendto(str(number).encode())
                await asyncio.sleep(0)
            results.append(list(await asyncio.wait_for(client.wait_for(expected), 10)))
            transport.close()
    echo_transport.close()
    return results, len(echo.seen)


async def test_a_clean_relay_brings_everything_in_order() -> None:
    [got], _ = await echo_through(Impairment(), 100, 100)
    assert got == list(range(100))


async def test_each_client_has_an_address_of_its_own_at_the_server() -> None:
    results, addresses = await echo_through(Impairment(), 5, 5, clients=3)
    assert results == [list(range(5))] * 3
    assert addresses == 3


async def test_what_is_lost_is_what_the_seed_says() -> None:
    fate = Fate(Impairment(loss=0.3), 7)
    survivors = [number for number in range(100) if fate.next()]
    [got], _ = await echo_through(Impairment(loss=0.3), 100, len(survivors))
    assert got == survivors
    assert 0 < len(survivors) < 100


async def test_a_reordered_packet_is_overtaken() -> None:
    [got], _ = await echo_through(Impairment(reordering=0.2, reorder_by=0.05), 50, 50)
    assert sorted(got) == list(range(50))
    assert got != list(range(50))
