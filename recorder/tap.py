"""The recorder's end of a tap: dials a media node and yields what is published in a session, as typed items.

`sfu.tap_messages` says what goes over the connection. What the node sends waits in the system's buffers while nobody
asks for the next item, and then at the node, which drops packets in the end (`PacketsDropped`): read on.
"""

import asyncio
import hashlib
import hmac
import socket
import ssl
from collections import deque
from typing import Self, cast

from pydantic import ValidationError

from sfu.link_messages import Fingerprint
from sfu.rtcp.packets import RtcpError, SenderReport, parse_rtcp
from sfu.rtp.framing import FrameReader, frame
from sfu.rtp.packet import RtpError, RtpPacket, parse_rtp
from sfu.tap_messages import (
    CONTROL_FRAMES,
    ControlFrame,
    KeyframeWanted,
    TapAccepted,
    TapClosed,
    TapCredentials,
    TapRefused,
)

DIAL_TIMEOUT = 10.0
"""Seconds to get connected and accepted."""
READ_SIZE = 256 * 1024
KEEPALIVE = ((socket.TCP_KEEPIDLE, 10), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 3))
"""A node whose machine is gone is noticed within 25 seconds."""

TapItem = RtpPacket | SenderReport | ControlFrame


class TapError(Exception):
    """A tap that cannot be had or has ended.

    TapError
    ├── TapUnreachableError   nothing answers there, or nothing that speaks as a tap port does
    ├── TapFingerprintError   something else answers there than the node that signalling knows
    ├── TapRefusedError       the node has no such tap, or the token is another one: ask signalling for a new job
    └── TapLostError          the connection broke: dial again
    """


class TapUnreachableError(TapError):
    """See TapError."""


class TapFingerprintError(TapError):
    """See TapError."""


class TapRefusedError(TapError):
    """See TapError."""


class TapLostError(TapError):
    """See TapError."""


class Tap:
    """An accepted tap: an iterator of what comes, in its order, up to and with `TapClosed`.

    `opened_at` is when it was accepted, in seconds on the node's NTP clock. `malformed` counts frames that were none,
    and were left out.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened_at = 0.0
        self.malformed = 0
        self._reader = reader
        self._writer = writer
        self._frames = FrameReader()
        self._items: deque[TapItem] = deque()
        self._ended = False

    @classmethod
    async def dial(cls, host: str, port: int, fingerprint: Fingerprint, credentials: TapCredentials) -> Self:
        """Connect to the node's tap port and show the credentials, to nobody but the node with that fingerprint.

        Raises TapUnreachableError, TapFingerprintError and TapRefusedError.
        """
        try:
            async with asyncio.timeout(DIAL_TIMEOUT):
                tap = cls(*await asyncio.open_connection(host, port, limit=READ_SIZE, ssl=_tls()))
                try:
                    tap._check(fingerprint, f"{host}:{port}")
                    await tap._introduce(credentials)
                except BaseException:
                    tap.close()
                    raise
        except (OSError, TimeoutError, TapLostError, RuntimeError) as error:
            # RuntimeError is uvloop's for a connection that the other side has closed meanwhile.
            reason = str(error) or type(error).__name__
            raise TapUnreachableError(f"no tap port answers at {host}:{port}: {reason}") from error
        return tap

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> TapItem:
        """Raises TapLostError when the connection ends without `TapClosed`."""
        if self._ended:
            raise StopAsyncIteration
        while not self._items:
            await self._read()
        item = self._items.popleft()
        self._ended = isinstance(item, TapClosed)
        return item

    def want_keyframe(self, track_id: str) -> None:
        """Ask for a picture of a track that can be shown without those before it; as often as one likes."""
        if not self._writer.is_closing():
            self._writer.write(frame(KeyframeWanted(track_id=track_id).model_dump_json().encode()))

    def close(self) -> None:
        """Hang up at once. Idempotent."""
        cast(asyncio.Transport, self._writer.transport).abort()

    def _check(self, fingerprint: Fingerprint, where: str) -> None:
        shown = self._writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        digest = hashlib.new(fingerprint.algorithm.replace("-", ""), shown).digest()
        if not hmac.compare_digest(digest.hex(":").upper(), fingerprint.value):
            raise TapFingerprintError(f"what answers at {where} is not the media node that signalling knows")

    async def _introduce(self, credentials: TapCredentials) -> None:
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, seconds in KEEPALIVE:
            sock.setsockopt(socket.IPPROTO_TCP, option, seconds)
        self._writer.write(frame(credentials.model_dump_json().encode()))
        match await anext(self):
            case TapAccepted() as accepted:
                self.opened_at = accepted.at
            case TapRefused():
                raise TapRefusedError(f"the media node does not know tap {credentials.tap_id} with this token")
            case _:
                raise TapLostError("what answers does not speak as a tap port does")

    async def _read(self) -> None:
        try:
            data = await self._reader.read(READ_SIZE)
        except OSError as error:
            raise TapLostError(f"the connection to the media node broke: {error}") from error
        if not data:
            raise TapLostError("the media node closed the connection")
        for each in self._frames.feed(data):
            try:
                self._items.extend(parse_frame(each))
            except (ValidationError, RtcpError, RtpError):
                self.malformed += 1


def parse_frame(data: bytes) -> list[TapItem]:
    """What a frame of the node holds. Raises ValidationError, RtcpError or RtpError; a newer node may say news."""
    if data[:1] == b"{":
        return [CONTROL_FRAMES.validate_json(data)]
    if len(data) > 1 and 192 <= data[1] < 224:
        # RTCP by RFC 5761 section 4.
        return [packet for packet in parse_rtcp(data) if isinstance(packet, SenderReport)]
    return [parse_rtp(data)]


def _tls() -> ssl.SSLContext:
    """No authority vouches for a node's certificate: its fingerprint does, which `Tap` checks before it says a word."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
