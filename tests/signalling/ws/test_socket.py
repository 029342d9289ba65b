"""The queue of one connection: in which order and when it is written, who is too slow, and who only was given much at
once."""

import asyncio
from collections.abc import Callable
from typing import cast

from aiohttp import web

from signalling.ws.frames import text_frame
from signalling.ws.socket import MAX_AT_ONCE, OutgoingSocket
from signalling.ws.turns import TURN, WritingTurns


class Connection:
    """Takes as many messages as it is allowed to. `buffered` are bytes that the kernel has not taken yet."""

    def __init__(self) -> None:
        self.closed = False
        self.taken: list[str] = []
        self.begun = asyncio.Event()
        self.open = asyncio.Event()
        self.buffered = 0
        self.aborted = self.gone = False

    async def send_str(self, text: str) -> None:
        self.begun.set()
        await self.open.wait()
        if self.gone:
            raise ConnectionResetError
        self.taken.append(text)

    async def close(self, *, code: int, message: bytes) -> None:
        self.taken.append(f"closed {code}")

    def get_write_buffer_size(self) -> int:
        return self.buffered

    def is_closing(self) -> bool:
        return self.gone

    def write(self, data: bytes) -> None:
        if self.gone:
            raise RuntimeError("uvloop: the handler is closed")
        self.taken += messages_in(data)

    def abort(self) -> None:
        self.aborted = True


def messages_in(data: bytes) -> list[str]:
    """Read by another implementation than wrote them."""
    texts = []
    while data:
        assert data[0] == 0x81
        size, header = data[1], 2
        if size >= 126:
            header = 4 if size == 126 else 10
            size = int.from_bytes(data[2:header])
        texts.append(data[header : header + size].decode())
        data = data[header + size :]
    return texts


def outgoing(connection: Connection, turns: WritingTurns | None = None) -> OutgoingSocket:
    return OutgoingSocket(
        cast(web.WebSocketResponse, connection),
        cast(asyncio.Transport, connection),
        turns or WritingTurns(),
        max_messages=10,
        max_bytes=1_000_000,
    )


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not happened():
            await asyncio.sleep(0)


async def test_messages_arrive_as_they_were_sent_and_an_answer_does_not_wait_for_its_turn() -> None:
    connection = Connection()
    socket = outgoing(connection)
    texts = ["", "a", "ü" * 100, "b" * 125, "c" * 126, "d" * 65_535, "e" * 65_536, "f" * 200_000]
    for text in texts:
        socket.send(text)
    assert connection.taken == []
    await until(lambda: len(connection.taken) == len(texts))
    assert connection.taken == texts
    socket.send("event")
    socket.answer("answer")
    assert connection.taken[len(texts) :] == ["event", "answer"]


async def test_many_events_at_once_cut_nobody_off() -> None:
    connection = Connection()
    connection.open.set()
    connection.buffered = MAX_AT_ONCE + 1
    socket = outgoing(connection)
    writer = asyncio.create_task(socket.run())
    for number in range(1000):
        socket.send(str(number))
    socket.close(1000, "")
    await writer
    assert not socket.dropped
    assert connection.taken == [*map(str, range(1000)), "closed 1000"]


async def test_who_takes_nothing_is_cut_off() -> None:
    connection = Connection()
    connection.buffered = MAX_AT_ONCE + 1
    socket = outgoing(connection)
    writer = asyncio.create_task(socket.run())
    socket.send("first")
    await connection.begun.wait()
    for number in range(11):
        socket.send(str(number))
    assert socket.dropped and connection.aborted
    connection.open.set()
    await writer


async def test_what_comes_while_a_connection_takes_nothing_follows_in_order_when_it_does() -> None:
    connection = Connection()
    connection.buffered = MAX_AT_ONCE + 1
    socket = outgoing(connection)
    writer = asyncio.create_task(socket.run())
    socket.send("1")
    await connection.begun.wait()
    connection.buffered = 0
    socket.send("2")
    socket.answer("3")
    assert connection.taken == []
    connection.open.set()
    await until(lambda: len(connection.taken) == 3)
    socket.send("4")
    socket.close(1000, "")
    await writer
    assert connection.taken == ["1", "2", "3", "4", "closed 1000"]


async def test_a_connection_that_is_gone_disturbs_nobody() -> None:
    gone, other, turns = Connection(), Connection(), WritingTurns()
    gone.gone = True
    gone.open.set()
    socket, another = outgoing(gone, turns), outgoing(other, turns)
    writer = asyncio.create_task(socket.run())
    socket.answer("answer")
    socket.send("event")
    another.send("event")
    await until(lambda: other.taken == ["event"])
    await writer
    assert socket.dropped
    socket.answer("another answer")
    assert gone.taken == []


async def test_what_would_take_too_much_memory_is_never_kept() -> None:
    socket = outgoing(Connection())
    socket.send("x" * 1_000_001)
    assert socket.dropped


async def test_others_get_their_turn_between_two_turns_of_writing() -> None:
    now = 0.0
    log: list[str] = []
    turns = WritingTurns(lambda: now)

    def writer(name: str) -> Callable[[], None]:
        def write() -> None:
            nonlocal now
            now += TURN / 2
            log.append(name)

        return write

    for name in "abcd":
        turns.await_turn(writer(name))
    asyncio.get_running_loop().call_soon(lambda: asyncio.get_running_loop().call_soon(log.append, "another"))
    await until(lambda: len(log) == 5)
    assert log == ["a", "b", "another", "c", "d"]


async def test_a_writer_that_fails_keeps_no_other_from_writing() -> None:
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    log: list[str] = []
    turns = WritingTurns()

    def fail() -> None:
        raise RuntimeError("a mistake")

    turns.await_turn(fail)
    turns.await_turn(lambda: log.append("written"))
    await until(lambda: log == ["written"])


def test_a_frame_says_its_size_in_bytes() -> None:
    assert text_frame("ü") == b"\x81\x02\xc3\xbc"
