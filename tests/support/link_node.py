"""A media node without media: it dials the real link, answers as it is told to, and says what a test wants said."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

import aiohttp

from sfu.link_messages import (
    COMMANDS,
    Candidate,
    Command,
    Fingerprint,
    Hello,
    NodeMessage,
    PutTransport,
    Reply,
    SlotsFilled,
    StageChanged,
    TapAddress,
)

FINGERPRINT = Fingerprint(algorithm="sha-256", value=":".join(["EE"] * 32))
TAP = TapAddress(port=50_000, fingerprint=FINGERPRINT)
CANDIDATE = Candidate(protocol="udp", ip="127.0.0.1", port=40_000)
PATIENCE = 60.0

C = TypeVar("C", bound=Command)


class LinkNode:
    """`answer` makes the reply to a command; None leaves it unanswered. `commands` are all that came, in order."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.commands: list[Command] = []
        self.answer: Callable[[Command], Reply | None] = lambda command: Reply(request_id=command.request_id)
        self._arrived = asyncio.Condition()

    async def say(self, message: NodeMessage) -> None:
        await self.socket.send_str(message.model_dump_json())

    async def told(self, kind: type[C], number: int = 1) -> C:
        """The first (or n-th) command of a kind, as soon as it has come."""
        async with asyncio.timeout(PATIENCE), self._arrived:
            await self._arrived.wait_for(lambda: len(self.all(kind)) >= number)
        return self.all(kind)[number - 1]

    def all(self, kind: type[C]) -> list[C]:
        return [command for command in self.commands if isinstance(command, kind)]

    async def fill(self, transport: PutTransport, filling: dict[str, str | None]) -> None:
        await self.say(SlotsFilled(router_id=transport.router_id, transports={transport.transport_id: filling}))

    async def stage(self, router_id: str, *endpoints: str, speaking: tuple[str, ...] = ()) -> None:
        await self.say(StageChanged(router_id=router_id, endpoints=endpoints, speaking=speaking))

    async def run(self) -> None:
        async for received in self.socket:
            command = COMMANDS.validate_json(received.data)
            async with self._arrived:
                self.commands.append(command)
                self._arrived.notify_all()
            reply = self.answer(command)
            if reply is not None:
                await self.say(reply)


@asynccontextmanager
async def link_node(
    url: str,
    *,
    secret: str,
    node_id: str = "n1",
    zone: str = "XX",
    transports: tuple[str, ...] = (),
    tap: TapAddress | None = TAP,
    taps: tuple[str, ...] = (),
    version: int | None = None,
) -> AsyncIterator[LinkNode]:
    """A linked node. `url` is the server's (http://…). Returns when the server is healthy, unless a `version` is given,
    which is what a wrong one has to say."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{url}/link", headers={"Authorization": f"Bearer {secret}"}) as socket,
    ):
        hello = Hello(
            node_id=node_id,
            zone=zone,
            candidates=(CANDIDATE,),
            fingerprint=FINGERPRINT,
            transports=transports,
            tap=tap,
            taps=taps,
        )
        if version is not None:
            hello = hello.model_copy(update={"version": version})
        await socket.send_str(hello.model_dump_json())
        node = LinkNode(socket)
        runner = asyncio.create_task(node.run())
        if version is None:
            await _until_healthy(session, url)
        try:
            yield node
        finally:
            runner.cancel()
            with suppress(asyncio.CancelledError):
                await runner


async def _until_healthy(session: aiohttp.ClientSession, url: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            async with session.get(f"{url}/health") as response:
                if response.status == 200:
                    return
            await asyncio.sleep(0.01)
