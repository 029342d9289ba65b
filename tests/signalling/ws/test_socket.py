"""The queue of one connection: who is too slow, and who only was given much at once."""

import asyncio
from typing import cast

from aiohttp import web

from signalling.ws.socket import OutgoingSocket


class Connection:
    """Takes as many messages as it is allowed to."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.open = asyncio.Event()

    async def send_str(self, text: str) -> None:
        await self.open.wait()
        self.taken.append(text)

    async def close(self, *, code: int, message: bytes) -> None:
        self.taken.append(f"closed {code}")


def outgoing(connection: Connection) -> OutgoingSocket:
    return OutgoingSocket(cast(web.WebSocketResponse, connection), None, max_messages=10, max_bytes=10_000)


async def test_many_events_at_once_cut_nobody_off() -> None:
    connection = Connection()
    connection.open.set()
    socket = outgoing(connection)
    writer = asyncio.create_task(socket.run())
    await asyncio.sleep(0)
    for number in range(1000):
        socket.send(str(number))
    socket.close(1000, "")
    await writer
    assert not socket.dropped
    assert connection.taken == [*map(str, range(1000)), "closed 1000"]


async def test_who_takes_nothing_is_cut_off() -> None:
    connection = Connection()
    socket = outgoing(connection)
    writer = asyncio.create_task(socket.run())
    socket.send("first")
    await asyncio.sleep(0)
    for number in range(11):
        socket.send(str(number))
    assert socket.dropped
    writer.cancel()
    await asyncio.gather(writer, return_exceptions=True)


async def test_what_would_take_too_much_memory_is_never_kept() -> None:
    socket = outgoing(Connection())
    socket.send("x" * 10_001)
    assert socket.dropped
