"""The outgoing side of one WebSocket: a bounded queue, what empties it at once, and a task for when that cannot be."""

import asyncio
from collections import deque

from aiohttp import web

from signalling.ws.frames import text_frame
from signalling.ws.turns import WritingTurns

DROPPED = 1013
MAX_REASON_BYTES = 123
MAX_AT_ONCE = 1 << 16
"""Characters that are handed to a connection in one go, and bytes that may still be on the way then."""


class OutgoingSocket:
    """Takes messages without waiting. Who reads too slowly for the queue is cut off, and may resume.

    Messages are written when it is this connection's turn, all that wait together: to hand them to aiohttp one by one
    costs several times as much. Only when the connection takes no more for the moment are they, by `run`, which waits
    for it. Nobody is slow whose messages had no turn yet: a single action can have a thousand events, as when all are
    sent away.
    """

    def __init__(
        self,
        socket: web.WebSocketResponse,
        connection: asyncio.Transport | None,
        turns: WritingTurns,
        *,
        max_messages: int,
        max_bytes: int,
    ) -> None:
        """`connection` is what lies below the socket, None when it is gone already."""
        self.dropped = False
        self._socket = socket
        self._connection = connection
        self._turns = turns
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._queue: deque[str] = deque()
        self._queued = 0
        self._closing: tuple[int, str] | None = None
        self._writing = False
        """Whether `run` is at work: a message was begun that the connection may not have taken yet."""
        self._hurried = False
        """Whether a turn is awaited."""
        self._wake = asyncio.Event()

    def send(self, text: str, *, hurried: bool = True) -> None:
        """Write a message when it is this connection's turn, or with those that follow it soon."""
        self._take(text)
        if hurried:
            if not self._hurried:
                self._hurried = True
                self._turns.await_turn(self._write)
        elif len(self._queue) == 1:
            self._turns.linger(self._write)

    def answer(self, text: str) -> None:
        """Write a message now, after all that was sent before: somebody waits for it."""
        self._take(text)
        self._write()

    def close(self, code: int, reason: str) -> None:
        """Close when everything sent before is out."""
        if self._closing is None:
            self._closing = (code, reason)
            self._wake.set()

    async def run(self) -> None:
        """Write what could not be written at once, until the connection is closed or cut off."""
        while not self.dropped:
            await self._wake.wait()
            self._wake.clear()
            self._writing = True
            while self._queue:
                text = self._queue.popleft()
                self._queued -= len(text)
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

    def _take(self, text: str) -> None:
        if self._closing is not None or self.dropped:
            return
        self._queue.append(text)
        # Characters, which is at least a quarter of the bytes: good enough for a limit, and nothing to compute.
        self._queued += len(text)
        if self._queued > self._max_bytes or (self._writing and len(self._queue) > self._max_messages):
            self._drop()

    def _write(self) -> None:
        """Hand over what waits, as long as the connection does not have to be waited for."""
        self._hurried = False
        if self._writing or not self._queue:
            return
        connection = self._connection
        if (
            connection is None
            or self._socket.closed
            or connection.is_closing()
            or connection.get_write_buffer_size() > MAX_AT_ONCE
        ):
            # To write to what is closed may raise; `run` learns of it from aiohttp as it learns of everything.
            self._wake.set()
            return
        frames: list[bytes] = []
        size = 0
        while self._queue and size < MAX_AT_ONCE:
            text = self._queue.popleft()
            frames.append(text_frame(text))
            size += len(text)
        self._queued -= size
        connection.write(b"".join(frames))
        if self._queue:
            self._hurried = True
            self._turns.await_turn(self._write)

    def _drop(self) -> None:
        self.dropped = True
        self._queue.clear()
        self._queued = 0
        # Lets `run` end.
        self._wake.set()
        if self._connection is not None:
            # Closing would wait for the very buffer that is not read.
            self._connection.abort()
