"""DTLS-SRTP (RFC 5764) in the server's role, through aiortc's handshake.

aiortc does the handshake, the check of the peer's fingerprint and the data that comes after; `_setup_srtp` is
overridden to hand out the keys, so that SRTP stays out of aiortc. The names that are leaned on are kept honest by
tests/sfu/test_aiortc_contract.py.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import cast

import structlog
from aiortc import RTCIceTransport
from aiortc.rtcdtlstransport import (
    SRTP_AEAD_AES_128_GCM,
    SRTP_AEAD_AES_256_GCM,
    SRTP_AES128_CM_SHA1_80,
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    SRTPProtectionProfile,
)
from OpenSSL import SSL

from sfu.link_messages import Fingerprint
from sfu.srtp import SrtpKeys

SRTP_PROFILES = [SRTP_AEAD_AES_128_GCM, SRTP_AEAD_AES_256_GCM, SRTP_AES128_CM_SHA1_80]
"""In our order of preference, which wins over the client's: by what they cost."""

MAX_WAITING = 64
"""How many datagrams of one peer may wait for the handshake's task."""

log = structlog.get_logger(__name__)


class Turnstile:
    """Lets one pass in each turn of the event loop, in the order of coming: when hundreds join at the same moment, the
    packets of others are forwarded between two steps of their handshakes, of a millisecond each."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()

    def enter(self, step: Callable[[], None]) -> None:
        """Call `step` when its turn has come."""
        self._waiting.append(step)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        step = self._waiting.popleft()
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._turn)
        # Last, so that a fault in it keeps nobody waiting.
        step()


class _SharingCertificate(RTCCertificate):
    """Makes one OpenSSL context for all sessions: aiortc's own makes one for each, which takes longer than the
    rest of its beginning, and memory for as long as the session lasts."""

    _context: SSL.Context | None = None

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        if self._context is None:
            self._context = super()._create_ssl_context(srtp_profiles)
            # Nobody resumes a session, so none is remembered.
            self._context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
            # After the handshake hardly anything is written any more.
            self._context.set_mode(SSL.MODE_RELEASE_BUFFERS)
        return self._context


class Certificate:
    """The self-signed certificate of this process: made at its start, kept nowhere."""

    def __init__(self, certificate: RTCCertificate) -> None:
        self._certificate = certificate
        self.turnstile = Turnstile()
        """For the handshakes that are made with it."""

    @classmethod
    def generate(cls) -> "Certificate":
        """A fresh P-256 certificate."""
        return cls(_SharingCertificate.generateCertificate())

    @property
    def aiortc(self) -> RTCCertificate:
        """The certificate as aiortc wants it."""
        return self._certificate

    @property
    def fingerprint(self) -> Fingerprint:
        """Its SHA-256 fingerprint (RFC 8122), for the Hello of the link."""
        values = {each.algorithm: each.value for each in self._certificate.getFingerprints()}
        return Fingerprint(algorithm="sha-256", value=values["sha-256"])


class DtlsServer:
    """One peer's DTLS session.

    `send` is given datagrams for the peer. Exactly one of `connected` and `failed` is called, unless the server is
    closed first; after `connected`, `ended` is called when the peer ends the session. Runs on asyncio's clock only
    for the retransmissions of DTLS; the time-out of the handshake is the caller's.
    """

    def __init__(
        self,
        certificate: Certificate,
        fingerprints: Sequence[Fingerprint],
        *,
        send: Callable[[bytes], object],
        connected: Callable[[SrtpKeys], None],
        failed: Callable[[str], None],
        ended: Callable[[], None],
    ) -> None:
        self._pipe = _Pipe(send, certificate.turnstile)
        self._session = _Session(self._pipe, certificate)
        self._parameters = RTCDtlsParameters(
            fingerprints=[RTCDtlsFingerprint(algorithm=each.algorithm, value=each.value) for each in fingerprints]
        )
        self._connected = connected
        self._failed = failed
        self._ended = ended
        self._closed = False
        self._task: asyncio.Task[None] | None = None

    def received(self, data: bytes) -> bool:
        """Take in a DTLS datagram of the peer; the first one starts the handshake. False if too many are waiting."""
        if self._task is None and not self._closed:
            self._task = asyncio.get_running_loop().create_task(self._handshake())
        return self._pipe.put(data)

    def close(self) -> asyncio.Task[None] | None:
        """End the session; no callback comes any more. Idempotent.

        Returns the task that sends the close_notify, which the caller has to keep, if there is one to send.
        """
        if self._closed:
            return None
        self._closed = True
        self._connected = self._failed = self._ended = _nothing
        self._session.remove_all_listeners()
        if self._task is None:
            self._pipe.close()
            return None
        self._task.cancel()
        closing = asyncio.get_running_loop().create_task(self._session.stop())
        closing.add_done_callback(lambda _: self._pipe.close())
        return closing

    async def _handshake(self) -> None:
        try:
            await self._session.start(self._parameters)
        except Exception:
            # What a peer's certificate can make the libraries raise is not for us to list; it ends this peer only.
            log.exception("dtls-handshake-error")
        # Outside of this task, so that a fault in a callback reaches the loop's exception handler.
        asyncio.get_running_loop().call_soon(self._finish)

    def _finish(self) -> None:
        if self._closed:
            return
        if self._session.state != "connected" or self._session.keys is None:
            self._failed(self._session.failure)
            return
        self._session.on("statechange", self._state_changed)
        self._connected(self._session.keys)

    def _state_changed(self) -> None:
        if self._session.state == "closed" and not self._closed:
            self._ended()


def export_keys(ssl: SSL.Connection, *, is_server: bool) -> SrtpKeys | None:
    """The SRTP keys of a handshake that is done, None when it agreed on no profile.

    They are exported as client key, server key, client salt, server salt (RFC 5764 section 4.2).
    """
    name = ssl.get_selected_srtp_profile()
    profile = next((each for each in SRTP_PROFILES if each.openssl_profile == name), None)
    if profile is None:
        return None
    material = ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (profile.key_length + profile.salt_length))
    own = 1 if is_server else 0
    return SrtpKeys(
        profile=profile.libsrtp_profile,
        local=profile.get_key_and_salt(material, own),
        remote=profile.get_key_and_salt(material, 1 - own),
    )


class _Session(RTCDtlsTransport):
    """aiortc's DTLS transport, with the SRTP keys handed out instead of used."""

    keys: SrtpKeys | None = None
    failure = "dtls-handshake-failed"

    def __init__(self, pipe: "_Pipe", certificate: Certificate) -> None:
        super().__init__(cast(RTCIceTransport, pipe), [certificate.aiortc])
        self._srtp_profiles = SRTP_PROFILES
        self._set_role("server")

    def _validate_peer_identity(self, remoteParameters: RTCDtlsParameters) -> None:  # noqa: N803 - aiortc's name
        super()._validate_peer_identity(remoteParameters)
        if self.state == "failed":
            self.failure = "dtls-fingerprint-mismatch"

    def _setup_srtp(self) -> None:
        self.keys = export_keys(cast(SSL.Connection, self._ssl), is_server=True)
        if self.keys is None:
            # Without keys the session counts as failed.
            self.failure = "dtls-no-srtp-profile"


class _Pipe:
    """The little that aiortc's DTLS transport needs of an ICE transport."""

    role = "controlled"

    def __init__(self, send: Callable[[bytes], object], turnstile: Turnstile) -> None:
        self._deliver = send
        self._turnstile = turnstile
        self._coming = 0
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue()

    def put(self, data: bytes) -> bool:
        if self._coming + self._waiting.qsize() >= MAX_WAITING:
            return False
        self._coming += 1
        self._turnstile.enter(lambda: self._arrive(data))
        return True

    def close(self) -> None:
        """Let go of whoever sends: with it, a closed transport is freed without the garbage collector."""
        self._deliver = _nothing

    def _arrive(self, data: bytes) -> None:
        self._coming -= 1
        self._waiting.put_nowait(data)

    async def _recv(self) -> bytes:
        return await self._waiting.get()

    async def _send(self, data: bytes) -> None:
        self._deliver(data)


def _nothing(*_: object) -> None:
    """Takes the place of a callback that must not be called any more."""
