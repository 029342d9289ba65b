"""The media of one session: which node has it, and the commands that bring the node to the session's state."""

import asyncio
from collections.abc import Callable

import structlog

from sfu.link_messages import (
    Command,
    DeleteRouter,
    DeleteTransport,
    LimitSlots,
    PauseTracks,
    PutRouter,
    PutTransport,
    Reply,
)
from signalling.domain import effects
from signalling.domain.events import MediaLossReason
from signalling.link_requests import PeerGoneError
from signalling.live.negotiation import Agreement
from signalling.nodes import Node

log = structlog.get_logger()

Lost = Callable[[str, str, MediaLossReason], None]
"""Called with client id, transport id and reason when the node did not take a command for a transport."""


class SessionMedia:
    """All transports of a session are on one node, as long as it lives. `owners` maps transport ids to client ids."""

    def __init__(self, conf_num: str, max_video_slots: int, lost: Lost) -> None:
        self.node: Node | None = None
        self.owners: dict[str, str] = {}
        self._conf_num = conf_num
        self._max_video_slots = max_video_slots
        self._lost = lost
        self._arrangement = effects.ArrangeStage((), ())

    def use(self, node: Node) -> None:
        """Settle on a node. Settling again on the same one brings its router up to date."""
        self.node = node
        self._put_router(node)

    def arrange(self, effect: effects.ArrangeStage) -> None:
        """Remembered for nodes to come, too."""
        self._arrangement = effect
        if self.node is not None:
            self._put_router(self.node)

    def forget_node(self) -> None:
        """The node is gone, and all transports with it."""
        self.node = None
        self.owners.clear()

    def put(self, effect: effects.PutTransport, agreement: Agreement) -> "asyncio.Future[Reply] | None":
        if self.node is not None:
            self.node.placed(effect.transport_id)
            self.owners[effect.transport_id] = effect.client_id
        command = PutTransport(
            request_id=0,
            router_id=self._conf_num,
            transport_id=effect.transport_id,
            endpoint_id=effect.client_id,
            ice=agreement.sdp.ice,
            fingerprints=agreement.sdp.fingerprints,
            tracks=effect.tracks,
            slots=effect.slots,
        )
        return self._send(effect.client_id, effect.transport_id, command)

    def pause(self, effect: effects.PauseTracks) -> None:
        command = PauseTracks(request_id=0, transport_id=effect.transport_id, paused=effect.paused)
        self._send(effect.client_id, effect.transport_id, command)

    def limit(self, effect: effects.LimitSlots) -> None:
        command = LimitSlots(request_id=0, transport_id=effect.transport_id, max_heights=effect.max_heights)
        self._send(effect.client_id, effect.transport_id, command)

    def delete(self, effect: effects.DeleteTransport) -> None:
        self.owners.pop(effect.transport_id, None)
        if self.node is not None and effect.transport_id in self.node.transports:
            self.node.transports.discard(effect.transport_id)
            self.node.send(DeleteTransport(request_id=0, transport_id=effect.transport_id))

    def end(self) -> None:
        if self.node is not None:
            self.node.send(DeleteRouter(request_id=0, router_id=self._conf_num))
        self.forget_node()

    def _put_router(self, node: Node) -> None:
        node.send(
            PutRouter(
                request_id=0,
                router_id=self._conf_num,
                max_video_slots=self._max_video_slots,
                first=self._arrangement.first,
                last=self._arrangement.last,
            )
        )

    def _send(self, client_id: str, transport_id: str, command: Command) -> "asyncio.Future[Reply] | None":
        if self.node is None:
            return None
        reply = self.node.send(command)
        reply.add_done_callback(lambda done: self._check(client_id, transport_id, done))
        return reply

    def _check(self, client_id: str, transport_id: str, reply: "asyncio.Future[Reply]") -> None:
        if reply.cancelled():
            return
        error = reply.exception()
        if isinstance(error, PeerGoneError):
            # Whoever watches the node says what that means, when it is clear whether the node comes back.
            return
        if error is not None or reply.result().error is not None:
            # A mute that did not arrive must not look like one that did: the transport goes, the client begins anew.
            log.error("the media node did not take a command", transport_id=transport_id, error=str(error or ""))
            self._lost(client_id, transport_id, "node-refused")
