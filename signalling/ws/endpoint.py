"""The WebSocket at /ws: who may connect, what is read, and what happens when a connection ends."""

import asyncio
import contextlib
from collections import Counter

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from signalling.clock import Clock
from signalling.metrics import Metrics
from signalling.ws.addresses import client_address
from signalling.ws.client import Client, Services
from signalling.ws.dispatch import METHODS, perform
from signalling.ws.errors import RpcError
from signalling.ws.jsonrpc import MalformedRequestError, failure, parse_request, success
from signalling.ws.socket import OutgoingSocket
from signalling.ws.token_bucket import TokenBucket
from signalling.ws.turns import WritingTurns

NOT_JOINED = 4001
MAX_AGENT = 512
# Seconds that a client has to answer a closing handshake.
CLOSE_TIMEOUT = 2.0

log = structlog.get_logger()


class WebSocketEndpoint:
    """All connections of clients."""

    def __init__(self, services: Services, metrics: Metrics, clock: Clock) -> None:
        self._services = services
        self._settings = services.settings
        self._networks = services.settings.proxy_networks()
        self._metrics = metrics
        self._clock = clock
        self._per_address: Counter[str] = Counter()
        self._clients: set[OutgoingSocket] = set()
        self._turns = WritingTurns()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Handle GET /ws; 429 when the client's address has too many connections already."""
        forwarded = request.headers.getall("X-Forwarded-For", [])
        address = client_address(request.remote or "", forwarded, self._networks)
        if self._per_address[address] >= self._settings.sockets_per_address:
            self._metrics.sockets_refused.inc()
            return web.json_response({"error": "too many connections from your address"}, status=429)
        self._per_address[address] += 1
        self._metrics.sockets.inc()
        try:
            return await self._converse(request, address)
        finally:
            self._metrics.sockets.dec()
            self._per_address[address] -= 1
            if not self._per_address[address]:
                del self._per_address[address]

    def close(self) -> None:
        """Close all connections: the server stops."""
        for outgoing in list(self._clients):
            outgoing.close(WSCloseCode.SERVICE_RESTART, "server-restart")

    async def _converse(self, request: web.Request, address: str) -> web.WebSocketResponse:
        settings = self._settings
        socket = web.WebSocketResponse(
            heartbeat=settings.heartbeat,
            timeout=CLOSE_TIMEOUT,
            # Somewhat too large is answered with an error, far too large ends the connection.
            max_msg_size=4 * settings.max_message_bytes,
            # A compressor for each of thousands of connections costs more memory than it saves traffic.
            compress=False,
        )
        await socket.prepare(request)
        outgoing = OutgoingSocket(
            socket,
            request.transport,
            self._turns,
            max_messages=settings.outgoing_messages,
            max_bytes=settings.outgoing_bytes,
        )
        client = Client(outgoing, address, _agent(request))
        self._clients.add(outgoing)
        writer = asyncio.create_task(outgoing.run())
        patience = asyncio.get_running_loop().call_later(settings.join_timeout, self._close_unjoined, client)
        try:
            await self._read(socket, client)
        finally:
            patience.cancel()
            self._clients.discard(outgoing)
            # Browsers close with 1001 when the page goes away, and pages cannot: whoever does that will not resume.
            self._disconnected(client, left=socket.close_code == WSCloseCode.GOING_AWAY)
            outgoing.close(WSCloseCode.OK, "")
            await asyncio.wait([writer], timeout=2 * CLOSE_TIMEOUT)
            writer.cancel()
        return socket

    async def _read(self, socket: web.WebSocketResponse, client: Client) -> None:
        settings = self._settings
        bucket = TokenBucket(settings.messages_per_second, settings.message_burst, self._clock.now())
        refused = 0
        async for received in socket:
            if not bucket.take(self._clock.now()):
                refused += 1
                self._refuse_too_many(client, received.data if received.type is WSMsgType.TEXT else "")
                if refused > settings.message_burst:
                    self._metrics.sockets_dropped.labels("rate-limited").inc()
                    client.socket.close(WSCloseCode.POLICY_VIOLATION, "rate-limited")
                    return
                continue
            refused = 0
            if received.type is WSMsgType.TEXT and len(received.data.encode()) <= settings.max_message_bytes:
                client.busy = True
                await self._answer(client, received.data)
                client.busy = False
                if client.overdue:
                    self._close_unjoined(client)
            else:
                self._refuse_unread(client, is_text=received.type is WSMsgType.TEXT)

    async def _answer(self, client: Client, text: str) -> None:
        try:
            request = parse_request(text)
        except MalformedRequestError as error:
            self._metrics.malformed.labels(error.reason).inc()
            client.socket.answer(failure(error.request_id, error))
            return
        method = request.method if request.method in METHODS else "unknown"
        begin = self._clock.now()
        try:
            client.socket.answer(success(request.request_id, await perform(self._services, client, request)))
            outcome = "ok"
        except RpcError as error:
            client.socket.answer(failure(request.request_id, error))
            outcome = error.reason
        finally:
            # Whoever is in the session by now has to be attached to it, or nobody would notice that they are gone.
            after_reply, client.after_reply = client.after_reply, None
            if after_reply is not None:
                after_reply()
        self._metrics.requests.labels(method, outcome).inc()
        self._metrics.request_seconds.labels(method).observe(self._clock.now() - begin)

    def _refuse_too_many(self, client: Client, text: str) -> None:
        error = RpcError("rate-limited", "Too many messages: slow down.")
        self._metrics.malformed.labels(error.reason).inc()
        request_id: int | str | None = None
        if len(text) <= self._settings.max_message_bytes:
            with contextlib.suppress(MalformedRequestError):
                request_id = parse_request(text).request_id
        client.socket.answer(failure(request_id, error))

    def _refuse_unread(self, client: Client, *, is_text: bool) -> None:
        if is_text:
            limit = self._settings.max_message_bytes
            error = RpcError("message-too-large", f"The message is too large: at most {limit} bytes.")
        else:
            error = RpcError("invalid-request", "Send text messages, not binary ones.")
        self._metrics.malformed.labels(error.reason).inc()
        client.socket.answer(failure(None, error))

    def _close_unjoined(self, client: Client) -> None:
        client.overdue = True
        # What is being carried out may be the join, and the database slow.
        if client.member is None and not client.busy:
            self._metrics.sockets_dropped.labels("not-joined").inc()
            client.socket.close(NOT_JOINED, "not-joined")

    def _disconnected(self, client: Client, *, left: bool) -> None:
        if client.socket.dropped:
            self._metrics.sockets_dropped.labels("slow").inc()
        if client.session is not None and client.member is not None:
            client.session.connection_lost(client.member, client.socket, left=left)


def _agent(request: web.Request) -> str:
    """The User-Agent header. Its bytes may be no text at all, and then no database would take it as it is."""
    agent = request.headers.get("User-Agent", "")
    return agent.encode("utf-8", "replace").decode()[:MAX_AGENT]
