"""A media node as signalling sees it: what it said of itself, what runs on it, and commands with their replies."""

import asyncio
from collections.abc import Callable, Iterable

from sfu.link_messages import Candidate, Command, Fingerprint, Hello, NodeLoad, Reply

ANY_ZONE = "XX"


class NodeGoneError(ConnectionError):
    """The node has no link, or lost it before it replied."""


class Node:
    """Lives as long as the node is linked, and for a grace time beyond, in which the same node may come back.

    `transports` are those that signalling has put there. `load` is the share of one core that the node reported,
    together with a guess of what was put on it since; `report` is the node's last report as it came.
    """

    # What one more transport adds to the load until the node's next report, so that a rush spreads over the nodes.
    GUESS = 0.01

    def __init__(self, hello: Hello, loop: asyncio.AbstractEventLoop, reply_timeout: float) -> None:
        """`reply_timeout` is in seconds."""
        self.node_id = hello.node_id
        self.zone = hello.zone
        self.candidates: tuple[Candidate, ...] = hello.candidates
        self.fingerprint: Fingerprint = hello.fingerprint
        self.transports: set[str] = set()
        self.load = 0.0
        self.report: NodeLoad | None = None
        self.timeouts = 0
        self._loop = loop
        self._reply_timeout = reply_timeout
        self._write: Callable[[str], None] | None = None
        self._next_request = 1
        self._waiting: dict[int, asyncio.Future[Reply]] = {}

    @property
    def linked(self) -> bool:
        return self._write is not None

    def attach(self, hello: Hello, write: Callable[[str], None]) -> None:
        """Begin to use a link, through which `write` sends one text."""
        self.zone, self.candidates, self.fingerprint = hello.zone, hello.candidates, hello.fingerprint
        self._write = write

    def detach(self) -> None:
        """The link is gone: nothing that was asked will be answered."""
        self._write = None
        for waiting in list(self._waiting.values()):
            if not waiting.done():
                waiting.set_exception(NodeGoneError("the link to the media node broke"))

    def send(self, command: Command) -> asyncio.Future[Reply]:
        """Send a command (its request id is set here). Commands are carried out in the order of sending.

        The future fails with NodeGoneError or TimeoutError. It may be dropped: nobody has to look at it.
        """
        future: asyncio.Future[Reply] = self._loop.create_future()
        future.add_done_callback(_look_at)
        if self._write is None:
            future.set_exception(NodeGoneError("the media node has no link"))
            return future
        request_id = self._next_request
        self._next_request += 1
        self._waiting[request_id] = future
        timer = self._loop.call_later(self._reply_timeout, self._give_up, future)
        future.add_done_callback(lambda _: timer.cancel())
        future.add_done_callback(lambda _: self._waiting.pop(request_id, None))
        self._write(command.model_copy(update={"request_id": request_id}).model_dump_json())
        return future

    def replied(self, reply: Reply) -> bool:
        """Hand a reply to whoever waits for it; False when nobody does (any more)."""
        waiting = self._waiting.get(reply.request_id)
        if waiting is None or waiting.done():
            return False
        waiting.set_result(reply)
        return True

    def reported(self, load: NodeLoad) -> None:
        self.load = max(load.cpu, 0.0)
        self.report = load

    def placed(self, transport_id: str) -> None:
        """A transport was put on the node."""
        if transport_id not in self.transports:
            self.transports.add(transport_id)
            self.load += self.GUESS

    def _give_up(self, future: "asyncio.Future[Reply]") -> None:
        if not future.done():
            self.timeouts += 1
            future.set_exception(TimeoutError(f"the media node {self.node_id} did not reply"))


class Nodes:
    """All media nodes by node id: the linked ones, and those that may come back."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}

    def find(self, node_id: str) -> Node | None:
        return self._nodes.get(node_id)

    def add(self, node: Node) -> None:
        self._nodes[node.node_id] = node

    def remove(self, node: Node) -> None:
        if self._nodes.get(node.node_id) is node:
            del self._nodes[node.node_id]

    def linked(self) -> list[Node]:
        return [node for node in self._nodes.values() if node.linked]

    def choose(self, zone: str) -> Node | None:
        """The node for a new session of the zone; see `choose_node`."""
        return choose_node(self._nodes.values(), zone)


def choose_node(nodes: Iterable[Node], zone: str) -> Node | None:
    """The least loaded linked node of a zone; XX, for a room, means any zone.

    Without a node in the zone, nodes of no particular zone (XX) serve; nodes of other zones do not, for the zone says
    where media may be.
    """
    linked = [node for node in nodes if node.linked]
    near = [node for node in linked if zone in (ANY_ZONE, node.zone)] or [n for n in linked if n.zone == ANY_ZONE]
    return min(near, key=lambda node: (node.load, len(node.transports), node.node_id), default=None)


def _look_at(future: "asyncio.Future[Reply]") -> None:
    # asyncio warns of exceptions that nobody looked at; here that is allowed.
    if not future.cancelled():
        future.exception()
