"""What all links have in common: who may dial in, the first message, a bounded queue of commands, one link per peer."""

import asyncio
import hashlib
import hmac
from typing import Generic, Protocol, TypeVar

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

HELLO_TIMEOUT = 5.0
HEARTBEAT = 10.0
MAX_MESSAGE_BYTES = 1 << 24
CLOSE_TIMEOUT = 1.0
"""Seconds in which commands still go out when the server stops."""

log = structlog.get_logger()

H = TypeVar("H")


class HelloError(ValueError):
    """A first message that is none; the text is told to the peer."""


class Link:
    """One connection of a peer. `address` is where it dialled from, "" when unknown."""

    def __init__(self, socket: web.WebSocketResponse, address: str, waiting_commands: int) -> None:
        self.address = address
        self._socket = socket
        self._outgoing: asyncio.Queue[str] = asyncio.Queue(waiting_commands)
        self._closing: asyncio.Future[bool] | None = None

    def send(self, text: str) -> bool:
        """Send a text after all before it; False when too many wait already, which ends the link."""
        try:
            self._outgoing.put_nowait(text)
        except asyncio.QueueFull:
            self.cut(b"too slow")
            return False
        return True

    def cut(self, message: bytes) -> None:
        """Close without waiting for the other side, which may be dead."""
        if self._closing is None:
            closing = self._socket.close(code=WSCloseCode.POLICY_VIOLATION, message=message)
            self._closing = asyncio.ensure_future(closing)

    async def close(self) -> None:
        """Close when what was sent is on its way."""
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._outgoing.join()
        except TimeoutError:
            log.warning("a link was closed before all commands were sent", commands=self._outgoing.qsize())
        await self._socket.close(code=WSCloseCode.GOING_AWAY)

    async def write(self) -> None:
        """Write what is sent, until cancelled or until the connection breaks."""
        while True:
            text = await self._outgoing.get()
            try:
                await self._socket.send_str(text)
            except ConnectionError:
                # The reading side notices as well, and cleans up.
                return
            finally:
                self._outgoing.task_done()


class LinkPeers(Protocol[H]):
    """Who dials in. `what` names one of them in the log."""

    what: str

    def read_hello(self, text: str) -> tuple[str, H]:
        """The id of the peer, and its first message. Raises HelloError."""

    def linked(self, peer_id: str, hello: H, link: Link) -> None:
        """A peer has linked; a link that it had before is being closed."""

    def received(self, peer_id: str, text: str) -> None: ...

    def lost(self, peer_id: str) -> None:
        """The link broke, and no other took its place."""


class LinkServer(Generic[H]):
    """The links of all peers of one kind."""

    def __init__(self, secret: str, peers: LinkPeers[H], waiting_commands: int) -> None:
        """`waiting_commands` may wait for a peer that does not read; more than that, and the link is cut."""
        self._secret = _digest(secret)
        self._peers = peers
        self._waiting_commands = waiting_commands
        self._links: dict[str, Link] = {}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Handle the GET: 401 without the right `Authorization: Bearer`, otherwise the link of one peer."""
        if not self._is_authorised(request.headers.get("Authorization", "")):
            log.warning("a link was refused: wrong secret", peer=self._peers.what, address=request.remote)
            return web.json_response({"error": "unauthorized"}, status=401, headers={"WWW-Authenticate": "Bearer"})
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=MAX_MESSAGE_BYTES, compress=False)
        await socket.prepare(request)
        try:
            peer_id, hello = await self._receive_hello(socket)
        except HelloError as error:
            log.error("a link was refused", peer=self._peers.what, why=str(error), address=request.remote)
            await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=str(error).encode())
            return socket
        await self._converse(peer_id, hello, socket, Link(socket, request.remote or "", self._waiting_commands))
        return socket

    async def close(self) -> None:
        """Close all links; the peers will dial in again when there is someone to answer."""
        await asyncio.gather(*(link.close() for link in self._links.values()))

    async def _receive_hello(self, socket: web.WebSocketResponse) -> tuple[str, H]:
        try:
            received = await socket.receive(timeout=HELLO_TIMEOUT)
        except TimeoutError:
            raise HelloError("no hello") from None
        if received.type is not WSMsgType.TEXT:
            raise HelloError("no hello")
        return self._peers.read_hello(received.data)

    async def _converse(self, peer_id: str, hello: H, socket: web.WebSocketResponse, link: Link) -> None:
        previous = self._links.get(peer_id)
        self._links[peer_id] = link
        if previous is not None:
            previous.cut(b"linked again")
        writer = asyncio.create_task(link.write())
        try:
            self._peers.linked(peer_id, hello, link)
            async for received in socket:
                if self._links.get(peer_id) is not link:
                    break
                if received.type is not WSMsgType.TEXT:
                    log.warning("something else than text came over a link", peer=self._peers.what, peer_id=peer_id)
                    break
                self._peers.received(peer_id, received.data)
        finally:
            writer.cancel()
            if self._links.get(peer_id) is link:
                del self._links[peer_id]
                self._peers.lost(peer_id)

    def _is_authorised(self, header: str) -> bool:
        scheme, _, given = header.partition(" ")
        # Digests have equal lengths, so the comparison tells nothing, not even how long the secret is.
        return hmac.compare_digest(_digest(given), self._secret) and scheme.lower() == "bearer"


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
