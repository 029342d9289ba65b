"""A UDP relay in user space that loses, delays and reorders packets: the kernels of test machines have no netem.

`Impairment` says what happens to packets, `Fate` decides it for one direction from a seed (pure, no clock), and
`UdpRelay` carries packets between the clients and one server and lets each direction have its own fate.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Impairment:
    """What a path does to packets. Shares are from 0 to 1, times in seconds.

    A packet that is reordered is held for `reorder_by` longer than the others, so the ones behind it overtake it.
    """

    loss: float = 0.0
    duplication: float = 0.0
    delay: float = 0.0
    reordering: float = 0.0
    reorder_by: float = 0.01

    def __post_init__(self) -> None:
        for name in ("loss", "duplication", "reordering"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a share from 0 to 1, not {getattr(self, name)}")
        if self.delay < 0 or self.reorder_by < 0:
            raise ValueError("a packet cannot arrive before it was sent")


class Fate:
    """Decides what becomes of each packet of one direction, always the same for one seed."""

    def __init__(self, impairment: Impairment, seed: int) -> None:
        self.impairment = impairment
        self._random = random.Random(seed)

    def next(self) -> tuple[float, ...]:
        """Delays in seconds after which copies of the next packet arrive: none when it is lost, two when doubled."""
        # Always three draws, so that changing one share leaves the other decisions as they were.
        lost, doubled, reordered = (self._random.random() for _ in range(3))
        if lost < self.impairment.loss:
            return ()
        delay = self.impairment.delay
        if reordered < self.impairment.reordering:
            delay += self.impairment.reorder_by
        return (delay, delay) if doubled < self.impairment.duplication else (delay,)


@dataclass(slots=True)
class Carried:
    """Packets counted in one direction."""

    received: int = 0
    lost: int = 0
    delivered: int = 0


class _Socket(asyncio.DatagramProtocol):
    """Hands every datagram and its sender to `receive`. ICMP errors are normal here: peers come and go."""

    def __init__(self, receive: Callable[[bytes, Address], None]) -> None:
        self._receive = receive

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._receive(data, addr)

    def error_received(self, exc: Exception) -> None:
        del exc


class UdpRelay:
    """Stands between clients and one server. Each client gets a socket of its own towards the server, so that the
    server sees as many addresses as there are clients; `address` is what the clients send to."""

    def __init__(self, server: Address, *, to_server: Fate, to_client: Fate) -> None:
        self.server = server
        self.to_server = to_server
        self.to_client = to_client
        self.up = Carried()
        self.down = Carried()
        self.address: Address = ("", 0)
        self._loop = asyncio.get_running_loop()
        self._front: asyncio.DatagramTransport | None = None
        self._upstream: dict[Address, asyncio.DatagramTransport] = {}
        self._waiting: dict[Address, list[bytes]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._front = await self._open(self._from_client, ("127.0.0.1", 0))
        self.address = cast(Address, self._front.get_extra_info("sockname"))

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        for transport in (self._front, *self._upstream.values()):
            if transport is not None:
                transport.close()

    async def _open(self, receive: Callable[[bytes, Address], None], local: Address) -> asyncio.DatagramTransport:
        transport, _ = await self._loop.create_datagram_endpoint(lambda: _Socket(receive), local_addr=local)
        return transport

    def _from_client(self, data: bytes, client: Address) -> None:
        self.up.received += 1
        if client in self._upstream:
            self._pass_on(data, self._upstream[client], self.server, self.to_server, self.up)
        elif client in self._waiting:
            self._waiting[client].append(data)
        else:
            self._waiting[client] = [data]
            task = self._loop.create_task(self._connect(client))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _connect(self, client: Address) -> None:
        def from_server(data: bytes, _server: Address) -> None:
            self.down.received += 1
            if self._front is not None:
                self._pass_on(data, self._front, client, self.to_client, self.down)

        upstream = self._upstream[client] = await self._open(from_server, ("127.0.0.1", 0))
        for data in self._waiting.pop(client):
            self._pass_on(data, upstream, self.server, self.to_server, self.up)

    def _pass_on(
        self, data: bytes, through: asyncio.DatagramTransport, to: Address, fate: Fate, count: Carried
    ) -> None:
        delays = fate.next()
        if not delays:
            count.lost += 1
        for delay in delays:
            if delay > 0:
                self._loop.call_later(delay, self._send, data, through, to, count)
            else:
                self._send(data, through, to, count)

    @staticmethod
    def _send(data: bytes, through: asyncio.DatagramTransport, to: Address, count: Carried) -> None:
        if not through.is_closing():
            through.sendto(data, to)
            count.delivered += 1


@asynccontextmanager
async def udp_relay(
    server: Address, impairment: Impairment, *, to_client: Impairment | None = None, seed: int = 1
) -> AsyncIterator[UdpRelay]:
    """A running relay in front of `server`; both directions suffer `impairment` unless `to_client` says otherwise."""
    relay = UdpRelay(
        server,
        to_server=Fate(impairment, seed),
        to_client=Fate(to_client or impairment, seed + 1),
    )
    await relay.start()
    try:
        yield relay
    finally:
        relay.close()
