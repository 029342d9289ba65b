"""The links of recorders, which dial in at /link/recorder. One that is slow, silent or talks nonsense is cut off."""

import asyncio
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from typing import Literal, Protocol

import structlog
from aiohttp import web
from pydantic import ValidationError

from sfu.recording_messages import (
    RECORDER_LINK_VERSION,
    RECORDER_MESSAGES,
    RecorderCommand,
    RecorderHello,
    RecorderMessage,
    RecorderReply,
)
from signalling.link_requests import Requests
from signalling.link_server import HelloError, Link, LinkServer

MAX_WAITING_COMMANDS = 10_000

Fault = Literal["silent", "garbage"]

log = structlog.get_logger()


class RecorderHandler(Protocol):
    """Who is told what recorders say."""

    def recorder_linked(self, hello: RecorderHello, *, is_local: bool) -> None:
        """`is_local` says that it is on this machine."""

    def recorder_lost(self, recorder_id: str) -> None:
        """The link broke."""

    def recorder_faulty(self, recorder_id: str, fault: Fault) -> None:
        """The recorder was cut off. It may dial in again."""

    def recorder_replied(self, recorder_id: str, command: RecorderCommand, reply: RecorderReply) -> None: ...

    def recorder_said(self, recorder_id: str, message: RecorderMessage) -> None:
        """Anything else."""


@dataclass(slots=True)
class _Linked:
    link: Link
    requests: Requests[RecorderReply]


class RecorderLinks:
    """`reply_timeout` (seconds) is what a recorder has to answer a command."""

    what = "recorder"

    def __init__(self, secret: str, handler: RecorderHandler, *, reply_timeout: float) -> None:
        self._server: LinkServer[RecorderHello] = LinkServer(secret, self, MAX_WAITING_COMMANDS)
        self._handler = handler
        self._reply_timeout = reply_timeout
        self._linked: dict[str, _Linked] = {}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Handle GET /link/recorder."""
        return await self._server.serve(request)

    async def close(self) -> None:
        """Close all links; the recorders will dial in again when there is someone to answer."""
        await self._server.close()

    def send(self, recorder_id: str, command: RecorderCommand) -> None:
        """Send a command (its request id is set here), if the recorder is linked."""
        linked = self._linked.get(recorder_id)
        if linked is None:
            return
        request_id, reply = linked.requests.begin()
        reply.add_done_callback(partial(self._answered, recorder_id, linked, command))
        if not linked.link.send(command.model_copy(update={"request_id": request_id}).model_dump_json()):
            # Not at once: whoever sends is in the middle of something.
            asyncio.get_running_loop().call_soon(self._cut, recorder_id, linked, "silent")

    def read_hello(self, text: str) -> tuple[str, RecorderHello]:
        """See `LinkPeers`, as for the three that follow."""
        try:
            message = RECORDER_MESSAGES.validate_json(text)
        except ValidationError:
            message = None
        if not isinstance(message, RecorderHello):
            raise HelloError("no hello")
        if message.version != RECORDER_LINK_VERSION:
            raise HelloError("version mismatch")
        return message.recorder_id, message

    def linked(self, peer_id: str, hello: RecorderHello, link: Link) -> None:
        before = self._linked.pop(peer_id, None)
        if before is not None:
            before.requests.fail_all()
        requests: Requests[RecorderReply] = Requests(
            asyncio.get_running_loop(), self._reply_timeout, f"recorder {peer_id}"
        )
        self._linked[peer_id] = _Linked(link, requests)
        log.info(
            "a recorder linked",
            recorder_id=peer_id,
            zone=hello.zone,
            capacity=hello.capacity,
            encoder=hello.encoder,
            segments=hello.segments,
        )
        self._handler.recorder_linked(hello, is_local=_is_loopback(link.address))

    def received(self, peer_id: str, text: str) -> None:
        linked = self._linked.get(peer_id)
        if linked is None:
            return  # It was cut off: what it had on the way counts no more.
        try:
            message: RecorderMessage = RECORDER_MESSAGES.validate_json(text)
        except ValidationError as error:
            log.error("a message of a recorder is malformed", recorder_id=peer_id, error=error.errors()[0]["msg"])
            self._cut(peer_id, linked, "garbage")
            return
        match message:
            case RecorderHello():
                log.error("a recorder said hello twice", recorder_id=peer_id)
                self._cut(peer_id, linked, "garbage")
            case RecorderReply():
                linked.requests.replied(message)
            case _:
                self._handler.recorder_said(peer_id, message)

    def lost(self, peer_id: str) -> None:
        linked = self._linked.pop(peer_id, None)
        if linked is None:
            return
        log.warning("the link of a recorder broke", recorder_id=peer_id)
        linked.requests.fail_all()
        self._handler.recorder_lost(peer_id)

    def _answered(
        self, recorder_id: str, linked: _Linked, command: RecorderCommand, reply: "asyncio.Future[RecorderReply]"
    ) -> None:
        if reply.cancelled():
            return
        error = reply.exception()
        if isinstance(error, TimeoutError):
            log.error("a recorder does not answer", recorder_id=recorder_id, command=command.type)
            self._cut(recorder_id, linked, "silent")
        elif error is None:
            answer = reply.result()
            if answer.error is not None:
                log.warning(
                    "a recorder refused",
                    recorder_id=recorder_id,
                    command=command.type,
                    error=answer.error,
                    detail=answer.detail,
                )
            self._handler.recorder_replied(recorder_id, command, answer)

    def _cut(self, recorder_id: str, linked: _Linked, fault: Fault) -> None:
        if self._linked.get(recorder_id) is not linked:
            return
        del self._linked[recorder_id]
        linked.link.cut(fault.encode())
        linked.requests.fail_all()
        self._handler.recorder_faulty(recorder_id, fault)


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
