"""The outgoing side of one WebSocket: a bounded queue, and a task that empties it."""

import asyncio
from collections import deque

from aiohttp import web

DROPPED = 1013
MAX_REASON_BYTES = 123


class OutgoingSocket:
    """Takes messages without waiting. Who reads too slowly for the queue is cut off, and may resume.

    Nobody is slow whose writer had no turn yet: a single action can have a thousand events, as when all are sent away.
    """

    def __init__(
        self, socket: web.WebSocketResponse, transport: asyncio.Transport | None, *, max_messages: int, max_bytes: int
    ) -> None:
        self.dropped = False
        self._socket = socket
        self._transport = transport
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._queue: deque[str] = deque()
        self._queued = 0
        self._closing: tuple[int, str] | None = None
        self._writing = False
        """Whether a message was begun that the connection has not taken yet."""
        self._wake = asyncio.Event()

    def send(self, text: str) -> None:
        if self._closing is not None or self.dropped:
            return
        self._queue.append(text)
        # Characters, which is at least a quarter of the bytes: good enough for a limit, and nothing to compute.
        self._queued += len(text)
        if self._queued > self._max_bytes or (self._writing and len(self._queue) > self._max_messages):
            self._drop()
        self._wake.set()

    def close(self, code: int, reason: str) -> None:
        """Close when everything sent before is out."""
        if self._closing is None:
            self._closing = (code, reason)
            self._wake.set()

    async def run(self) -> None:
        """Write what is queued, until the connection is closed or cut off."""
        while not self.dropped:
            while self._queue:
                text = self._queue.popleft()
                self._queued -= len(text)
                self._writing = True
                try:
                    await self._socket.send_str(text)
                except ConnectionError:
                    # The reading side notices as well, and cleans up.
                    self.dropped = True
                    return
                self._writing = False
            if self._closing is not None:
                code, reason = self._closing
                await self._socket.close(code=code, message=reason.encode()[:MAX_REASON_BYTES])
                return
            self._wake.clear()
            await self._wake.wait()

    def _drop(self) -> None:
        self.dropped = True
        self._queue.clear()
        self._queued = 0
        if self._transport is not None:
            # Closing would wait for the very buffer that is not read.
            self._transport.abort()
