"""A recorder that records nothing: it dials the real link, answers as it is told to, says what a test wants said."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

import aiohttp

from sfu.recording_messages import (
    RECORDER_COMMANDS,
    FinishSegment,
    PutSegment,
    RecorderCommand,
    RecorderHello,
    RecorderMessage,
    RecorderReply,
)
from tests.support.signalling import SECRET, Signalling

PATIENCE = 60.0

C = TypeVar("C", bound=RecorderCommand)


class LinkRecorder:
    """`answer` makes the reply to a command; None leaves it unanswered. `commands` are all that came, in order.

    `segments` are those that it records, as a real one would say in its next hello.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.commands: list[RecorderCommand] = []
        self.segments: list[str] = []
        self.answer: Callable[[RecorderCommand], RecorderReply | None] = lambda command: RecorderReply(
            request_id=command.request_id
        )
        self._arrived = asyncio.Condition()

    async def say(self, message: RecorderMessage) -> None:
        await self.socket.send_str(message.model_dump_json())

    async def told(self, kind: type[C], number: int = 1) -> C:
        """The first (or n-th) command of a kind, as soon as it has come."""
        async with asyncio.timeout(PATIENCE), self._arrived:
            await self._arrived.wait_for(lambda: len(self.all(kind)) >= number)
        return self.all(kind)[number - 1]

    def all(self, kind: type[C]) -> list[C]:
        return [command for command in self.commands if isinstance(command, kind)]

    async def closed(self) -> None:
        """Wait for signalling to cut the link."""
        async with asyncio.timeout(PATIENCE), self._arrived:
            await self._arrived.wait_for(lambda: self.socket.closed)

    def vanish(self) -> None:
        """Die as a process does that is killed."""
        transport = self.socket.get_extra_info("transport") or self.socket._writer.transport
        transport.abort()

    async def run(self) -> None:
        async for received in self.socket:
            command = RECORDER_COMMANDS.validate_json(received.data)
            reply = self.answer(command)
            if reply is not None:
                if isinstance(command, PutSegment) and reply.error is None and command.segment_id not in self.segments:
                    self.segments.append(command.segment_id)
                if isinstance(command, FinishSegment) and command.segment_id in self.segments:
                    self.segments.remove(command.segment_id)
                with suppress(ConnectionError):
                    await self.say(reply)
            async with self._arrived:
                self.commands.append(command)
                self._arrived.notify_all()
        async with self._arrived:
            self._arrived.notify_all()


@asynccontextmanager
async def link_recorder(
    server: Signalling,
    recorder_id: str = "r1",
    *,
    capacity: int = 10,
    segments: tuple[str, ...] = (),
    web_views: bool = False,
    zone: str = "XX",
) -> AsyncIterator[LinkRecorder]:
    """A linked recorder; returns when signalling knows it."""
    headers = {"Authorization": f"Bearer {SECRET}"}
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{server.url}/link/recorder", headers=headers) as socket,
    ):
        hello = RecorderHello(
            recorder_id=recorder_id,
            zone=zone,
            capacity=capacity,
            encoder="libx264",
            web_views=web_views,
            segments=segments,
        )
        await socket.send_str(hello.model_dump_json())
        recorder = LinkRecorder(socket)
        recorder.segments += segments
        runner = asyncio.create_task(recorder.run())
        await until(lambda: recorder_id in {one.recorder_id for one in server.recording.recorders()})
        try:
            yield recorder
        finally:
            runner.cancel()
            with suppress(asyncio.CancelledError):
                await runner


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that is not told to anybody."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.01)
