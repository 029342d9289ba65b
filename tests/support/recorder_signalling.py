"""Signalling as recorders meet it: takes their link, orders what a test wants ordered, remembers what they tell."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer, unused_port

from sfu.recording_messages import (
    RECORDER_MESSAGES,
    FileKnown,
    FileStored,
    FinishSegment,
    Person,
    PutPeople,
    PutSegment,
    PutStage,
    RecorderCommand,
    RecorderHello,
    RecorderMessage,
    RecorderReply,
    TapTarget,
)

SECRET = "the secret of the link"
PATIENCE = 120.0
ADA = Person(name="Ada", role="moderator")

M = TypeVar("M", bound=RecorderMessage)


class ScriptedSignalling:
    """`knowing` answers each FileStored by FileKnown. `told` waits for what comes; `order` for the reply."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"ws://127.0.0.1:{port}/link/recorder"
        self.knowing = True
        self.messages: list[RecorderMessage] = []
        self.refused: list[str] = []
        self._numbers = itertools.count(1)
        self._socket: web.WebSocketResponse | None = None
        self._news = asyncio.Condition()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {SECRET}":
            self.refused.append("Authorization")
            raise web.HTTPUnauthorized
        socket = self._socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await self._take(RECORDER_MESSAGES.validate_json(message.data))
        return socket

    async def told(self, kind: type[M], number: int = 1, patience: float = PATIENCE) -> M:
        """The first (or n-th) message of a kind, as soon as it has come."""
        async with asyncio.timeout(patience), self._news:
            await self._news.wait_for(lambda: len(self.all(kind)) >= number)
        return self.all(kind)[number - 1]

    def all(self, kind: type[M]) -> list[M]:
        return [message for message in self.messages if isinstance(message, kind)]

    async def order(self, command: RecorderCommand) -> RecorderReply:
        """Send a command with a number of its own; the reply."""
        return await self.send(command.model_copy(update={"request_id": next(self._numbers)}))

    async def send(self, command: RecorderCommand) -> RecorderReply:
        assert self._socket is not None
        await self._socket.send_str(command.model_dump_json())
        return await self.reply(command.request_id)

    async def say(self, text: str) -> None:
        assert self._socket is not None
        await self._socket.send_str(text)

    async def reply(self, number: int) -> RecorderReply:
        def replies() -> list[RecorderReply]:
            return [reply for reply in self.all(RecorderReply) if reply.request_id == number]

        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(replies)
        return replies()[0]

    async def hang_up(self) -> None:
        if self._socket is not None:
            await self._socket.close()

    async def know(self, stored: FileStored) -> None:
        assert self._socket is not None
        known = FileKnown(request_id=next(self._numbers), file_id=stored.file_id)
        await self._socket.send_str(known.model_dump_json())

    async def _take(self, message: RecorderMessage) -> None:
        async with self._news:
            self.messages.append(message)
            self._news.notify_all()
        if self.knowing and isinstance(message, FileStored):
            await self.know(message)


@asynccontextmanager
async def scripted_signalling(port: int | None = None) -> AsyncIterator[ScriptedSignalling]:
    """At `port`, when it is one that was killed and comes back."""
    signalling = ScriptedSignalling(port or unused_port())
    app = web.Application()
    app.router.add_get("/link/recorder", signalling.serve)
    async with TestServer(app, host="127.0.0.1", port=signalling.port):
        yield signalling
        await signalling.hang_up()


async def linked(signalling: ScriptedSignalling) -> RecorderHello:
    return await signalling.told(RecorderHello)


def put_segment(tap: TapTarget, **changes: object) -> PutSegment:
    values: dict[str, object] = {
        "request_id": 1,
        "segment_id": "CONF-1/1",
        "kind": "individual",
        "conf_num": "CONF-1",
        "segment": 1,
        "room_name": "Room",
        "quality": "LD",
        "tap": tap,
        "people": {"ada": ADA},
    }
    return PutSegment.model_validate(values | changes)


def finish_segment(segment_id: str = "CONF-1/1") -> FinishSegment:
    return FinishSegment(request_id=0, segment_id=segment_id)


def put_people(people: dict[str, Person], segment_id: str = "CONF-1/1") -> PutPeople:
    return PutPeople(request_id=0, segment_id=segment_id, people=people)


def put_stage(*stage: str, segment_id: str = "CONF-1/1") -> PutStage:
    return PutStage(request_id=0, segment_id=segment_id, stage=stage, speaking=stage[:1])
