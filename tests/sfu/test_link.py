"""The node's end of the link, against a real WebSocket server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.test_utils import TestServer

from sfu import link as link_module
from sfu.link import Link
from sfu.link_messages import (
    COMMANDS,
    NODE_MESSAGES,
    Candidate,
    Command,
    DeleteRouter,
    Fingerprint,
    Hello,
    NodeLoad,
    NodeMessage,
    Reply,
)

HELLO = Hello(
    node_id="n",
    candidates=(Candidate(protocol="udp", ip="127.0.0.1", port=9),),
    fingerprint=Fingerprint(algorithm="sha-256", value=":".join(["00"] * 32)),
)


class Signalling:
    """Accepts links and shows what came, one after another."""

    def __init__(self) -> None:
        self.secrets: list[str] = []
        self.received: asyncio.Queue[NodeMessage] = asyncio.Queue()
        self.sockets: asyncio.Queue[web.WebSocketResponse] = asyncio.Queue()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.secrets.append(request.headers.get("Authorization", ""))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.put_nowait(socket)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self.received.put_nowait(NODE_MESSAGES.validate_json(message.data))
        return socket


@asynccontextmanager
async def dialling() -> AsyncIterator[tuple[Signalling, Link[NodeMessage, Command], list[Command]]]:
    signalling = Signalling()
    app = web.Application()
    app.router.add_get("/link", signalling.serve)
    obeyed: list[Command] = []

    def obey(command: Command) -> Reply:
        obeyed.append(command)
        return Reply(request_id=command.request_id)

    async with TestServer(app) as server:
        state = NodeLoad(transports=7, cpu=0.0)
        link: Link[NodeMessage, Command] = Link(
            str(server.make_url("/link")),
            "secret",
            commands=COMMANDS,
            hello=lambda: HELLO,
            state=lambda: [state],
            obey=obey,
        )
        task = asyncio.create_task(link.run())
        yield signalling, link, obeyed
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def linked() -> AsyncIterator[tuple[Signalling, Link[NodeMessage, Command], list[Command]]]:
    async with dialling() as link:
        yield link


async def test_hello_comes_first_then_the_state_then_replies(
    linked: tuple[Signalling, Link[NodeMessage, Command], list[Command]],
) -> None:
    signalling, _, obeyed = linked
    socket = await signalling.sockets.get()
    assert await signalling.received.get() == HELLO
    assert await signalling.received.get() == NodeLoad(transports=7, cpu=0.0)
    command = DeleteRouter(request_id=5, router_id="r")
    await socket.send_str(command.model_dump_json())
    assert await signalling.received.get() == Reply(request_id=5)
    assert obeyed == [command]
    assert signalling.secrets == ["Bearer secret"]


async def test_a_malformed_command_does_not_end_the_link(
    linked: tuple[Signalling, Link[NodeMessage, Command], list[Command]],
) -> None:
    signalling, _, obeyed = linked
    socket = await signalling.sockets.get()
    for _ in range(2):
        await signalling.received.get()
    for text in ("", "{", '{"type": "put-router"}', '{"type": "nonsense", "request_id": 1}', "[]"):
        await socket.send_str(text)
    await socket.send_str(DeleteRouter(request_id=6, router_id="r").model_dump_json())
    assert await signalling.received.get() == Reply(request_id=6)
    assert len(obeyed) == 1


async def test_a_broken_link_is_dialled_again_and_the_state_told_anew(
    linked: tuple[Signalling, Link[NodeMessage, Command], list[Command]],
) -> None:
    signalling, link, _ = linked
    socket = await signalling.sockets.get()
    for _ in range(2):
        await signalling.received.get()
    await socket.close()
    await signalling.sockets.get()
    assert await signalling.received.get() == HELLO
    assert await signalling.received.get() == NodeLoad(transports=7, cpu=0.0)
    link.send(NodeLoad(transports=8, cpu=0.5))
    assert await signalling.received.get() == NodeLoad(transports=8, cpu=0.5)


async def test_a_link_that_is_refused_is_dialled_again_more_and_more_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "FIRST_RETRY", 0.01)
    waits: list[float] = []
    sleep = asyncio.sleep

    async def note(seconds: float) -> None:
        if seconds:
            waits.append(seconds)
        await sleep(seconds)

    monkeypatch.setattr(asyncio, "sleep", note)
    async with dialling() as (signalling, _, _):
        for code in [WSCloseCode.POLICY_VIOLATION] * 3 + [WSCloseCode.GOING_AWAY]:
            socket = await signalling.sockets.get()
            await socket.close(code=code)
        await signalling.sockets.get()
    refused, last = waits[:3], waits[3]
    assert refused == sorted(refused)
    assert refused[-1] >= 0.02
    assert last <= 0.01
