"""The dialling end of a link, for media nodes and recorders alike: dials signalling, obeys commands, reports events,
and dials again when it breaks.

Work goes on while the link is down. What happened meanwhile is not queued: after a reconnect the whole state is told
again.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import aiohttp
import structlog
from pydantic import TypeAdapter, ValidationError

from sfu.link_messages import Message

FIRST_RETRY = 0.2
LAST_RETRY = 5.0
"""Seconds between two attempts to dial; doubled each time, with jitter, until there was a link that was not refused."""
QUEUE_LIMIT = 10_000
HEARTBEAT = 10.0

log = structlog.get_logger()

Told = TypeVar("Told", bound=Message)
Ordered = TypeVar("Ordered", bound=Message)


class Link(Generic[Told, Ordered]):
    """`commands` reads a command, `obey` carries it out; `hello` and `state` give what is told at each connect.

    `took` is told how many seconds each command took.
    `refuse` gives the answer to a text that is no command, or None; without it such texts are only logged.
    """

    def __init__(
        self,
        url: str,
        secret: str,
        *,
        commands: TypeAdapter[Ordered],
        hello: Callable[[], Told],
        state: Callable[[], Iterable[Told]],
        obey: Callable[[Ordered], Told],
        refuse: Callable[[str, ValidationError], Told | None] = lambda text, error: None,
        took: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self._url = url
        self._commands = commands
        self._refuse = refuse
        self._took = took
        self._headers = {"Authorization": f"Bearer {secret}"}
        self._hello = hello
        self._state = state
        self._obey = obey
        self._outgoing: asyncio.Queue[Told] | None = None

    @property
    def up(self) -> bool:
        """Whether what is sent now has a chance to arrive."""
        return self._outgoing is not None

    def send(self, message: Told) -> None:
        """Tell signalling. Without a link nothing is kept: the state is told anew at the next connect."""
        if self._outgoing is None:
            return
        try:
            self._outgoing.put_nowait(message)
        except asyncio.QueueFull:
            log.warning("the link is too slow, starting it anew")
            self._outgoing = None

    async def run(self) -> None:
        """Keep the link up until cancelled."""
        retry = FIRST_RETRY
        async with aiohttp.ClientSession(headers=self._headers) as session:
            while True:
                try:
                    async with session.ws_connect(self._url, heartbeat=HEARTBEAT, max_msg_size=1 << 24) as socket:
                        log.info("linked to signalling", url=self._url)
                        await self._converse(socket)
                        if socket.close_code == aiohttp.WSCloseCode.POLICY_VIOLATION:
                            # It does not like us: it will not do so a moment later either.
                            log.error("signalling ended the link", url=self._url)
                        else:
                            retry = FIRST_RETRY
                            log.warning("the link to signalling closed", code=socket.close_code)
                except aiohttp.WSServerHandshakeError as error:
                    log.error("signalling refused the link", status=error.status, url=self._url)
                except (aiohttp.ClientError, OSError, TimeoutError) as error:
                    log.warning("cannot reach signalling", url=self._url, error=str(error) or type(error).__name__)
                await asyncio.sleep(retry * (0.5 + secrets.randbelow(500) / 1000))
                retry = min(retry * 2, LAST_RETRY)

    async def _converse(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        outgoing: asyncio.Queue[Told] = asyncio.Queue(QUEUE_LIMIT)
        self._outgoing = outgoing
        await socket.send_str(self._hello().model_dump_json())
        writer = asyncio.create_task(self._write(socket, outgoing))
        try:
            for message in self._state():
                self.send(message)
                await asyncio.sleep(0)
            async for received in socket:
                if received.type is aiohttp.WSMsgType.TEXT:
                    began = asyncio.get_running_loop().time()
                    self._receive(received.data)
                    self._took(asyncio.get_running_loop().time() - began)
                    # Many commands may have come at once, and reading the next waits for nothing: packets go between.
                    await asyncio.sleep(0)
        finally:
            self._outgoing = None
            writer.cancel()

    def _receive(self, text: str) -> None:
        try:
            command = self._commands.validate_json(text)
        except ValidationError as error:
            log.error(
                "a command of signalling is malformed", errors=error.error_count(), first=error.errors()[0]["msg"]
            )
            refusal = self._refuse(text, error)
            if refusal is not None:
                self.send(refusal)
            return
        self.send(self._obey(command))

    async def _write(self, socket: aiohttp.ClientWebSocketResponse, outgoing: asyncio.Queue[Told]) -> None:
        while self._outgoing is outgoing:
            message = await outgoing.get()
            try:
                await socket.send_str(message.model_dump_json())
                await asyncio.sleep(0)
            except (ConnectionError, aiohttp.ClientError):
                return
        await socket.close()
