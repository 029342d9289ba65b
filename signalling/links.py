"""The server end of the link: media nodes dial in at /link and are kept, asked and listened to.

A node whose link breaks keeps forwarding. It has a grace time to dial in again; then, or when it comes back without
its transports, they count as gone.
"""

import asyncio
import hashlib
import hmac
from typing import Protocol

import structlog
from aiohttp import WSCloseCode, WSMsgType, web
from pydantic import ValidationError

from sfu.link_messages import (
    LINK_VERSION,
    NODE_MESSAGES,
    DeleteTransport,
    Hello,
    NodeLoad,
    NodeMessage,
    Reply,
    SlotsFilled,
    StageChanged,
    TrackLimited,
    TransportState,
    TransportStats,
)
from signalling.nodes import Node, Nodes

HELLO_TIMEOUT = 5.0
HEARTBEAT = 10.0
MAX_MESSAGE_BYTES = 1 << 24
# Commands that wait for a node that does not read; more than this, and the link is started anew.
MAX_WAITING_COMMANDS = 100_000

log = structlog.get_logger()


class LinkHandler(Protocol):
    """Who is told what the nodes say."""

    def transport_state(self, node: Node, message: TransportState) -> None: ...

    def stage_changed(self, node: Node, message: StageChanged) -> None: ...

    def slots_filled(self, node: Node, message: SlotsFilled) -> None: ...

    def transport_stats(self, node: Node, message: TransportStats) -> None: ...

    def track_limited(self, node: Node, message: TrackLimited) -> None: ...

    def transports_gone(self, node: Node, transport_ids: set[str]) -> None:
        """A node came back without some of its transports."""

    def node_returned(self, node: Node) -> None:
        """A node linked, maybe again: bring it up to date."""

    def node_gone(self, node: Node) -> None:
        """A node did not come back in time."""


class Links:
    """The links of all media nodes. `reply_timeout` and `node_grace` are in seconds."""

    def __init__(
        self, secret: str, nodes: Nodes, handler: LinkHandler, *, reply_timeout: float, node_grace: float
    ) -> None:
        self._secret = _digest(secret)
        self._nodes = nodes
        self._handler = handler
        self._reply_timeout = reply_timeout
        self._node_grace = node_grace
        self._sockets: dict[str, web.WebSocketResponse] = {}
        self._farewells: dict[str, asyncio.TimerHandle] = {}
        self._closing: set[asyncio.Future[bool]] = set()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Handle GET /link: 401 without the right `Authorization: Bearer`, otherwise the link of one node."""
        if not self._is_authorised(request.headers.get("Authorization", "")):
            log.warning("a link was refused: wrong secret", address=request.remote)
            return web.json_response({"error": "unauthorized"}, status=401, headers={"WWW-Authenticate": "Bearer"})
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=MAX_MESSAGE_BYTES, compress=False)
        await socket.prepare(request)
        hello = await _receive_hello(socket)
        if hello is not None:
            await self._converse(socket, hello)
        return socket

    async def close(self) -> None:
        """Close all links; the nodes will dial in again when there is someone to answer."""
        for farewell in self._farewells.values():
            farewell.cancel()
        for socket in list(self._sockets.values()):
            await socket.close(code=WSCloseCode.GOING_AWAY)

    async def _converse(self, socket: web.WebSocketResponse, hello: Hello) -> None:
        previous = self._sockets.get(hello.node_id)
        self._sockets[hello.node_id] = socket
        if previous is not None:
            self._close_soon(previous, b"the node linked again")
        outgoing: asyncio.Queue[str] = asyncio.Queue(MAX_WAITING_COMMANDS)
        writer = asyncio.create_task(_write(socket, outgoing))
        node = self._welcome(hello, socket, outgoing)
        try:
            async for received in socket:
                if received.type is not WSMsgType.TEXT:
                    log.warning("a media node sent something else than text", node_id=node.node_id)
                    break
                self._receive(node, received.data)
        finally:
            writer.cancel()
            if self._sockets.get(node.node_id) is socket:
                del self._sockets[node.node_id]
                self._lose(node)

    def _welcome(self, hello: Hello, socket: web.WebSocketResponse, outgoing: "asyncio.Queue[str]") -> Node:
        farewell = self._farewells.pop(hello.node_id, None)
        if farewell is not None:
            farewell.cancel()
        node = self._nodes.find(hello.node_id)
        if node is None:
            node = Node(hello, asyncio.get_running_loop(), self._reply_timeout)
            self._nodes.add(node)
        else:
            node.detach()

        def write(text: str) -> None:
            try:
                outgoing.put_nowait(text)
            except asyncio.QueueFull:
                log.error("a media node does not read its commands", node_id=hello.node_id)
                node.detach()
                self._close_soon(socket, b"too slow")

        node.attach(hello, write)
        log.info("a media node linked", node_id=node.node_id, zone=node.zone, transports=len(hello.transports))
        self._compare(node, set(hello.transports))
        return node

    def _close_soon(self, socket: web.WebSocketResponse, message: bytes) -> None:
        """Close without waiting for the other side, which may be dead."""
        task = asyncio.ensure_future(socket.close(code=WSCloseCode.POLICY_VIOLATION, message=message))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _compare(self, node: Node, present: set[str]) -> None:
        """Bring together what the node has and what it should have."""
        for unknown in present - node.transports:
            node.send(DeleteTransport(request_id=0, transport_id=unknown))
        gone = node.transports - present
        node.transports -= gone
        if gone:
            self._handler.transports_gone(node, gone)
        self._handler.node_returned(node)

    def _lose(self, node: Node) -> None:
        node.detach()
        log.warning("the link of a media node broke", node_id=node.node_id)
        loop = asyncio.get_running_loop()
        self._farewells[node.node_id] = loop.call_later(self._node_grace, self._give_up, node)

    def _give_up(self, node: Node) -> None:
        self._farewells.pop(node.node_id, None)
        self._nodes.remove(node)
        log.error("a media node is gone", node_id=node.node_id, transports=len(node.transports))
        self._handler.node_gone(node)

    def _receive(self, node: Node, text: str) -> None:
        try:
            message: NodeMessage = NODE_MESSAGES.validate_json(text)
        except ValidationError as error:
            log.error("a message of a media node is malformed", node_id=node.node_id, error=error.errors()[0]["msg"])
            return
        match message:
            case Reply():
                if message.error is not None:
                    log.warning(
                        "a media node refused", node_id=node.node_id, error=message.error, detail=message.detail
                    )
                node.replied(message)
            case TransportState():
                if message.state == "lost":
                    node.transports.discard(message.transport_id)
                self._handler.transport_state(node, message)
            case StageChanged():
                self._handler.stage_changed(node, message)
            case SlotsFilled():
                self._handler.slots_filled(node, message)
            case TransportStats():
                self._handler.transport_stats(node, message)
            case TrackLimited():
                self._handler.track_limited(node, message)
            case NodeLoad():
                node.reported(message)
            case Hello():
                log.error("a media node said hello twice", node_id=node.node_id)

    def _is_authorised(self, header: str) -> bool:
        scheme, _, given = header.partition(" ")
        # Digests have equal lengths, so the comparison tells nothing, not even how long the secret is.
        return hmac.compare_digest(_digest(given), self._secret) and scheme.lower() == "bearer"


async def _receive_hello(socket: web.WebSocketResponse) -> Hello | None:
    """The node's first message; closes the link and returns None when it is none, or of another version."""
    try:
        received = await socket.receive(timeout=HELLO_TIMEOUT)
    except TimeoutError:
        await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"no hello")
        return None
    if received.type is not WSMsgType.TEXT:
        await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"no hello")
        return None
    try:
        message = NODE_MESSAGES.validate_json(received.data)
    except ValidationError:
        message = None
    if not isinstance(message, Hello):
        log.error("a media node did not begin with hello")
        await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"no hello")
        return None
    if message.version != LINK_VERSION:
        log.error("a media node speaks another version", theirs=message.version, ours=LINK_VERSION)
        await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"version mismatch")
        return None
    return message


async def _write(socket: web.WebSocketResponse, outgoing: "asyncio.Queue[str]") -> None:
    while True:
        text = await outgoing.get()
        try:
            await socket.send_str(text)
        except ConnectionError:
            # The reading side notices as well, and cleans up.
            return


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
