"""The server end of the link: media nodes dial in at /link and are kept, asked and listened to.

A node whose link breaks keeps forwarding. It has a grace time to dial in again; then, or when it comes back without
its transports, they count as gone.
"""

import asyncio
from typing import Protocol

import structlog
from aiohttp import web
from pydantic import ValidationError

from sfu.link_messages import (
    LINK_VERSION,
    NODE_MESSAGES,
    DeleteTap,
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
from signalling.link_server import HelloError, Link, LinkServer
from signalling.nodes import Node, Nodes

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

    what = "media node"

    def __init__(
        self, secret: str, nodes: Nodes, handler: LinkHandler, *, reply_timeout: float, node_grace: float
    ) -> None:
        self._server: LinkServer[Hello] = LinkServer(secret, self, MAX_WAITING_COMMANDS)
        self._nodes = nodes
        self._handler = handler
        self._reply_timeout = reply_timeout
        self._node_grace = node_grace
        self._farewells: dict[str, asyncio.TimerHandle] = {}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Handle GET /link."""
        return await self._server.serve(request)

    async def close(self) -> None:
        """Close all links; the nodes will dial in again when there is someone to answer."""
        for farewell in self._farewells.values():
            farewell.cancel()
        await self._server.close()

    def died(self, node_id: str) -> None:
        """The process of a node has ended: its sessions go on at another node at once.

        Without another one they wait for it to be started again, as when only the link is gone.
        """
        node = self._nodes.find(node_id)
        if node is None or not any(other is not node for other in self._nodes.linked()):
            return
        node.detach()
        farewell = self._farewells.pop(node_id, None)
        if farewell is not None:
            farewell.cancel()
        self._give_up(node)

    def read_hello(self, text: str) -> tuple[str, Hello]:
        """See `LinkPeers`, as for the three that follow."""
        try:
            message = NODE_MESSAGES.validate_json(text)
        except ValidationError:
            message = None
        if not isinstance(message, Hello):
            raise HelloError("no hello")
        if message.version != LINK_VERSION:
            raise HelloError("version mismatch")
        return message.node_id, message

    def linked(self, peer_id: str, hello: Hello, link: Link) -> None:
        farewell = self._farewells.pop(peer_id, None)
        if farewell is not None:
            farewell.cancel()
        known = self._nodes.find(peer_id)
        if known is None:
            node = Node(hello, asyncio.get_running_loop(), self._reply_timeout)
            self._nodes.add(node)
        else:
            node = known
            node.detach()

        def write(text: str) -> None:
            if not link.send(text):
                log.error("a media node does not read its commands", node_id=peer_id)
                node.detach()

        node.attach(hello, write)
        log.info("a media node linked", node_id=node.node_id, zone=node.zone, transports=len(hello.transports))
        self._compare(node, hello)

    def received(self, peer_id: str, text: str) -> None:
        node = self._nodes.find(peer_id)
        if node is not None:
            self._receive(node, text)

    def lost(self, peer_id: str) -> None:
        node = self._nodes.find(peer_id)
        if node is None:
            return
        node.detach()
        log.warning("the link of a media node broke", node_id=node.node_id)
        loop = asyncio.get_running_loop()
        self._farewells[node.node_id] = loop.call_later(self._node_grace, self._give_up, node)

    def _compare(self, node: Node, hello: Hello) -> None:
        """Bring together what the node has and what it should have."""
        present = set(hello.transports)
        for unknown in present - node.transports:
            node.send(DeleteTransport(request_id=0, transport_id=unknown))
        for unknown in set(hello.taps) - node.taps:
            node.send(DeleteTap(request_id=0, tap_id=unknown))
        gone = node.transports - present
        node.transports -= gone
        if gone:
            self._handler.transports_gone(node, gone)
        self._handler.node_returned(node)

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
