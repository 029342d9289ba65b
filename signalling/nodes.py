"""A media node as signalling sees it: what it said of itself, what runs on it, and commands with their replies."""

import asyncio
from collections.abc import Callable, Iterable

from sfu.link_messages import Candidate, Command, Fingerprint, Hello, NodeLoad, Reply, TapAddress
from signalling.link_requests import Requests

ANY_ZONE = "XX"


class Node:
    """Lives as long as the node is linked, and for a grace time beyond, in which the same node may come back.

    `transports` and `taps` are those that signalling has put there; `tap` is where recorders dial in. `load` is the
    share of one core that the node reported, together with a guess of what was put on it since; `report` is the node's
    last report as it came.
    """

    # What one more transport adds to the load until the node's next report, so that a rush spreads over the nodes.
    GUESS = 0.01

    def __init__(self, hello: Hello, loop: asyncio.AbstractEventLoop, reply_timeout: float) -> None:
        """`reply_timeout` is in seconds."""
        self.node_id = hello.node_id
        self.zone = hello.zone
        self.candidates: tuple[Candidate, ...] = hello.candidates
        self.fingerprint: Fingerprint = hello.fingerprint
        self.tap: TapAddress | None = hello.tap
        self.transports: set[str] = set()
        self.taps: set[str] = set()
        self.load = 0.0
        self.report: NodeLoad | None = None
        self._write: Callable[[str], None] | None = None
        self._requests: Requests[Reply] = Requests(loop, reply_timeout, f"media node {hello.node_id}")

    @property
    def linked(self) -> bool:
        return self._write is not None

    def attach(self, hello: Hello, write: Callable[[str], None]) -> None:
        """Begin to use a link, through which `write` sends one text."""
        self.zone, self.candidates, self.fingerprint = hello.zone, hello.candidates, hello.fingerprint
        self.tap = hello.tap
        self._write = write

    def detach(self) -> None:
        """The link is gone: nothing that was asked will be answered."""
        self._write = None
        self._requests.fail_all()

    def send(self, command: Command) -> asyncio.Future[Reply]:
        """Send a command (its request id is set here). Commands are carried out in the order of sending.

        The future fails with PeerGoneError or TimeoutError. It may be dropped: nobody has to look at it.
        """
        if self._write is None:
            return self._requests.refused()
        request_id, future = self._requests.begin()
        self._write(command.model_copy(update={"request_id": request_id}).model_dump_json())
        return future

    def replied(self, reply: Reply) -> bool:
        """Hand a reply to whoever waits for it; False when nobody does (any more)."""
        return self._requests.replied(reply)

    def reported(self, load: NodeLoad) -> None:
        self.load = max(load.cpu, 0.0)
        self.report = load

    def placed(self, transport_id: str) -> None:
        """A transport was put on the node."""
        if transport_id not in self.transports:
            self.transports.add(transport_id)
            self.load += self.GUESS


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
