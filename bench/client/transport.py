"""One participant's transport: ICE checks in the controlling role, DTLS as its client, SRTP.

ICE is as little as a server on one known address needs: checks that nominate at once, their answers, answers to the
server's own checks, and consent (RFC 7675). The handshake is aiortc's, as on the server's side.
"""

import asyncio
import secrets
import socket
import struct
from collections.abc import Callable, Sequence
from typing import cast

from aioice import stun
from aiortc import RTCIceTransport
from aiortc.rtcdtlstransport import (
    SRTP_AEAD_AES_128_GCM,
    SRTP_AEAD_AES_256_GCM,
    SRTP_AES128_CM_SHA1_80,
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
)
from OpenSSL import SSL

from bench.client.checks import Checks
from bench.client.datagrams import open_socket
from bench.client.description import Local, Remote
from sfu.dtls import export_keys
from sfu.srtp import SrtpKeys, SrtpReceiver, SrtpSender

# As Chromium offers them. The server's preference decides.
SRTP_PROFILES = [SRTP_AEAD_AES_256_GCM, SRTP_AEAD_AES_128_GCM, SRTP_AES128_CM_SHA1_80]
CHECK_AGAIN = 0.05
CHECKS = 100
HELLO_AGAIN = 0.05
"""Seconds after which an unanswered ClientHello is sent again, as Chromium does; OpenSSL would wait for a second."""
CONSENT_PERIOD = 2.5
"""Seconds between two checks once connected, as Chromium has them."""
HANDSHAKE_TIMEOUT = 30.0


class TransportError(ConnectionError):
    """The server does not answer, or not as it must."""


class Transport:
    """`connect` makes the connection; then `send_rtp` and `send_rtcp`. `srtp` decrypts, once the handshake has ended.

    Datagrams that are neither RTP nor RTCP have to be given to `received`; `opened` is called with each new socket.
    """

    def __init__(self, certificate: RTCCertificate, setup: str, count: Callable[[str], None]) -> None:
        digest = next(each for each in certificate.getFingerprints() if each.algorithm == "sha-256")
        self.local = Local(secrets.token_hex(4), secrets.token_hex(16), digest.value, setup)
        self.srtp: SrtpReceiver | None = None
        self.udp: socket.socket | None = None
        self.profile = ""
        """The SRTP profile that was agreed on, by OpenSSL's name."""
        self._certificate = certificate
        self._count = count
        self._sender: SrtpSender | None = None
        self._pipe = _Pipe(self._send)
        self._dtls = _Dtls(self._pipe, certificate)
        self._answered = asyncio.Event()
        self._checks: Checks | None = None

    async def connect(self, remote: Remote, opened: Callable[[socket.socket], None]) -> None:
        """Connect to the first of the server's addresses that answers. Raises TransportError."""
        self._checks = Checks(self.local, remote)
        for address in remote.addresses:
            self.udp = open_socket(address)
            opened(self.udp)
            if await self._check():
                break
        else:
            raise TransportError(f"no answer to ICE checks from {remote.addresses}")
        parameters = RTCDtlsParameters([RTCDtlsFingerprint(name, value) for name, value in remote.fingerprints])
        insisting = asyncio.create_task(self._pipe.insist())
        try:
            await asyncio.wait_for(self._dtls.start(parameters), HANDSHAKE_TIMEOUT)
        except TimeoutError:
            raise TransportError("the DTLS handshake did not end") from None
        finally:
            insisting.cancel()
        keys = self._dtls.keys
        if keys is None:
            raise TransportError("the DTLS handshake failed")
        self.profile = self._dtls.profile
        self._sender = SrtpSender(keys)
        self.srtp = SrtpReceiver(keys, self._count)

    @property
    def sending(self) -> tuple[socket.socket, SrtpSender]:
        """The connected socket, and what protects all that is sent by it. Raises TransportError before `connect`."""
        if self.udp is None or self._sender is None:
            raise TransportError("nothing can be sent before the connection is made, or after its end")
        return self.udp, self._sender

    def received(self, data: bytes) -> None:
        """Take in STUN and DTLS."""
        if data[0] < 4:
            self._stun(data)
        elif 20 <= data[0] < 64:
            self._pipe.put(data)

    def consent(self) -> None:
        """Check that the server still wants to receive; due each CONSENT_PERIOD."""
        self._send_check()

    def send_rtp(self, packets: Sequence[bytes]) -> None:
        """Encrypt and send. A full socket buffer drops packets, which the server sees as loss."""
        if self._sender is not None:
            for protected in [self._sender.protect_rtp(packet) for packet in packets]:
                self._send(protected)

    def send_rtcp(self, data: bytes) -> None:
        if self._sender is not None:
            self._send(self._sender.protect_rtcp(data))

    async def close(self) -> None:
        """End the DTLS session and close the socket. Idempotent."""
        if self.udp is not None:
            await self._dtls.stop()
            self.udp.close()
            self.udp = None

    async def _check(self) -> bool:
        for _ in range(CHECKS):
            self._send_check()
            try:
                await asyncio.wait_for(self._answered.wait(), CHECK_AGAIN)
            except TimeoutError:
                continue
            return True
        return False

    def _send_check(self) -> None:
        if self._checks is not None:
            self._send(self._checks.next())

    def _stun(self, data: bytes) -> None:
        if self._checks is not None and self._checks.answered(data):
            self._answered.set()
            return
        try:
            message = stun.parse_message(data)
        except (ValueError, struct.error):
            self._count("stun-malformed")
            return
        if message.message_class == stun.Class.REQUEST and self.udp is not None:
            response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=message.transaction_id)
            response.attributes["XOR-MAPPED-ADDRESS"] = self.udp.getpeername()[:2]
            response.add_message_integrity(self.local.pwd.encode())
            self._send(bytes(response))

    def _send(self, data: bytes) -> None:
        if self.udp is None:
            return
        try:
            self.udp.send(data)
        except OSError:
            self._count("send-failed")


class _Dtls(RTCDtlsTransport):
    """aiortc's DTLS transport in the client's role, with the SRTP keys handed out instead of used."""

    keys: SrtpKeys | None = None
    profile = ""

    def __init__(self, pipe: "_Pipe", certificate: RTCCertificate) -> None:
        super().__init__(cast(RTCIceTransport, pipe), [certificate])
        self._srtp_profiles = SRTP_PROFILES
        self._set_role("client")

    def _setup_srtp(self) -> None:
        ssl = cast(SSL.Connection, self._ssl)
        self.profile = ssl.get_selected_srtp_profile().decode()
        self.keys = export_keys(ssl, is_server=False)


class _Pipe:
    """The little that aiortc's DTLS transport needs of an ICE transport."""

    role = "controlling"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._deliver = send
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue()
        self._hello = b""
        self._heard = False

    async def insist(self) -> None:
        """Send the first datagram again until anything is heard."""
        while not self._heard:
            await asyncio.sleep(HELLO_AGAIN)
            if self._hello and not self._heard:
                self._deliver(self._hello)

    def put(self, data: bytes) -> None:
        self._heard = True
        self._waiting.put_nowait(data)

    async def _recv(self) -> bytes:
        return await self._waiting.get()

    async def _send(self, data: bytes) -> None:
        self._hello = self._hello or data
        self._deliver(data)
