"""The node's end of one tap connection: what waits for the recorder is bounded, and nothing waits for it."""

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

from sfu.rtp.framing import FrameReader, FramingError, frame
from sfu.tap_messages import MAX_CREDENTIALS, ControlFrame, PacketsDropped

BUFFER_LIMIT = 8 * 1024 * 1024
"""Bytes that may wait for a recorder, some seconds of a large session; packets on top of that are dropped."""
CONTROL_LIMIT = 1024 * 1024
"""Bytes of control frames that may come on top of that. A recorder that has so many waiting is given up."""
GATHER = 0.02
"""Seconds for which frames are gathered: a write costs the node as much as many packets, and recorders can wait."""
LINGER = 5.0
"""Seconds that a closed connection has to send what is waiting."""


class CountMany(Protocol):
    """Counts events by their name, such as "tap-packets-sent"."""

    def __call__(self, name: str, number: int = 1, /) -> None: ...


class TapConnection(asyncio.Protocol):
    """Made by the listener; `credentials` is the recorder's first frame, or a ConnectionError.

    `closed` is called once when an established connection is gone, `heard` with each further frame of the recorder;
    whoever owns the connection sets them.
    """

    def __init__(self, count: CountMany, limit: int = BUFFER_LIMIT) -> None:
        """`limit` is in bytes; see BUFFER_LIMIT."""
        self._loop = asyncio.get_running_loop()
        self.credentials: asyncio.Future[bytes] = self._loop.create_future()
        self.closed: Callable[[], None] = lambda: None
        self.heard: Callable[[bytes], None] = lambda frame: self.reject()
        self._count = count
        self._limit = limit
        self._reader = FrameReader(MAX_CREDENTIALS)
        self._stream: asyncio.Transport | None = None
        self._writable = False
        self._pending: list[bytes] = []
        self._pending_size = 0
        self._packets = 0
        self._dropped = 0
        """Packets that the recorder has not been told of yet."""
        self._control_waiting = 0
        self._abort: asyncio.TimerHandle | None = None

    @property
    def is_open(self) -> bool:
        """Whether the TLS handshake is done and the connection not closed."""
        return self._stream is not None and not self._stream.is_closing()

    @property
    def stalled(self) -> bool:
        """Whether the recorder has too much waiting, so that packets are dropped."""
        return not self._writable

    def write_packet(self, data: bytes) -> bool:
        """Send one RTP or RTCP packet. False, and counted, if the recorder does not read fast enough or is gone."""
        if not self._writable or self._pending_size > self._limit:
            self._dropped += 1
            self._count("tap-packets-dropped")
            return False
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            self.tell(PacketsDropped(packets=dropped))
        self._packets += 1
        self._append(data)
        return True

    def tell(self, message: ControlFrame) -> None:
        """Send one control frame, however much is waiting."""
        data = message.model_dump_json().encode()
        if not self._writable:
            self._control_waiting += len(data)
            if self._control_waiting > CONTROL_LIMIT:
                self.abort()
                return
        self._append(data)

    def close(self) -> None:
        """Close the connection after what is waiting was sent, or LINGER is over. Idempotent."""
        if self._stream is None or self._stream.is_closing():
            return
        self._flush()
        self._writable = False
        self._stream.close()
        self._abort = self._loop.call_later(LINGER, self._stream.abort)

    def abort(self) -> None:
        """Close the connection at once. Idempotent."""
        self._writable = False
        if self._stream is not None:
            self._stream.abort()

    def reject(self) -> None:
        """Drop a recorder that says what none has to say."""
        self._count("tap-unexpected-data")
        self.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._stream = cast(asyncio.Transport, transport)
        self._stream.set_write_buffer_limits(high=self._limit)
        self._writable = True

    def data_received(self, data: bytes) -> None:
        try:
            frames = self._reader.feed(data)
        except FramingError as error:
            self._fail(str(error))
            self.reject()
            return
        for each in frames:
            if not self.credentials.done():
                self.credentials.set_result(each)
            elif self.is_open:
                self.heard(each)

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        self._control_waiting = 0

    def connection_lost(self, exc: Exception | None) -> None:
        self._stream = None
        self._writable = False
        self._pending.clear()
        if self._abort is not None:
            self._abort.cancel()
        self._fail("the recorder closed the connection")
        self.closed()

    def _fail(self, reason: str) -> None:
        if not self.credentials.done():
            self.credentials.set_exception(ConnectionError(reason))
            self.credentials.exception()  # seen, or asyncio logs it when nobody waits for it any more

    def _append(self, data: bytes) -> None:
        if not self.is_open:
            return
        if not self._pending:
            self._loop.call_later(GATHER, self._flush)
        data = frame(data)
        self._pending.append(data)
        self._pending_size += len(data)

    def _flush(self) -> None:
        if not self._pending or self._stream is None or self._stream.is_closing():
            return
        data = b"".join(self._pending)
        self._pending.clear()
        self._pending_size = 0
        self._stream.write(data)
        self._count("tap-packets-sent", self._packets)
        self._count("tap-octets-sent", len(data))
        self._packets = 0
