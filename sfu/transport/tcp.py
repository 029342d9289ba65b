"""ICE-TCP (RFC 6544, passive side): connections that carry datagrams in RFC 4571 frames."""

import asyncio
from typing import Protocol, cast

from sfu.rtp.framing import FrameReader, FramingError, frame
from sfu.srtp import MAX_DATAGRAM, Count

WRITE_LIMIT = 256 * 1024
"""Bytes that may wait for a peer that does not read; what comes on top is dropped, as a full router would."""

LINGER = 5.0
"""Seconds that a closed connection has to send what is waiting; a peer that does not read would keep it for ever."""


class TcpOwner(Protocol):
    """What a connection reports to."""

    def tcp_opened(self, connection: "TcpConnection") -> bool:
        """Whether there is room for this connection."""

    def tcp_received(self, connection: "TcpConnection", frames: list[bytes]) -> None:
        """Datagrams that came together."""

    def tcp_closed(self, connection: "TcpConnection") -> None:
        """The connection is gone."""


class TcpConnection(asyncio.Protocol):
    """One TCP connection of a peer. `host` and `port` are the peer's."""

    host = ""
    port = 0

    def __init__(self, owner: TcpOwner, count: Count) -> None:
        self._owner = owner
        self._count = count
        self._reader = FrameReader(MAX_DATAGRAM)
        self._stream: asyncio.Transport | None = None
        self._writable = False
        self._abort: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._stream = cast(asyncio.Transport, transport)
        peer = self._stream.get_extra_info("peername")
        # None if the peer has already reset the connection.
        if peer is not None:
            self.host, self.port = peer[0], peer[1]
        self._stream.set_write_buffer_limits(high=WRITE_LIMIT)
        self._writable = True
        if not self._owner.tcp_opened(self):
            self._stream.abort()

    def data_received(self, data: bytes) -> None:
        try:
            frames = self._reader.feed(data)
        except FramingError:
            self._count("tcp-bad-frame")
            self.close()
            return
        self._owner.tcp_received(self, frames)

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True

    def connection_lost(self, exc: Exception | None) -> None:
        self._stream = None
        self._writable = False
        if self._abort is not None:
            self._abort.cancel()
        self._owner.tcp_closed(self)

    def write_frame(self, data: bytes) -> bool:
        """Send one datagram. False, and counted, if the peer does not read fast enough or is gone."""
        if self._stream is None or self._stream.is_closing():
            self._count("tcp-closed")
            return False
        if not self._writable:
            self._count("tcp-peer-slow")
            return False
        self._stream.write(frame(data))
        return True

    def close(self) -> None:
        """Close the connection after what is waiting was sent, or LINGER is over. Idempotent."""
        if self._stream is None:
            return
        self._stream.close()
        if self._abort is None:
            self._abort = asyncio.get_running_loop().call_later(LINGER, self._stream.abort)
