"""SRTP and SRTCP (RFC 3711, RFC 7714) through libsrtp, by the low-level functions that pylibsrtp wraps.

pylibsrtp's own `Session.protect` and `unprotect` refuse packets over 1356 bytes and allocate for each call, so the
C functions behind them are called directly. A context is used by one thread, the event loop's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pylibsrtp import SRTP_MAX_SRTCP_TRAILER_LEN, SRTP_MAX_TRAILER_LEN, Policy, Session
from pylibsrtp._binding import ffi, lib

Count = Callable[[str], None]
"""Counts one event by its name, such as "srtp-auth-failed"."""

MAX_DATAGRAM = 2048
"""The longest datagram or TCP frame, in bytes, that the media node accepts."""

MAX_TRAILER = SRTP_MAX_TRAILER_LEN
"""Room in bytes that `srtp_protect` may need behind a packet."""

MAX_SSRCS = 512
"""How many SSRCs one peer may use: libsrtp keeps a stream for each for ever and searches them one by one."""

_WINDOW = 1024
"""Replay window in packets, and how far back what comes late may reach."""

_SEND_WINDOW = 512
"""How far back a retransmission without RTX may reach, no further than rings hold packets: libsrtp shifts so many bits
for each packet, which with 1024 costs more than its encryption."""

_PLAIN_KEY_SIZE = 30
_PLAIN_POLICY = (0, _PLAIN_KEY_SIZE, 0, 0, 0, 0)
"""libsrtp's `srtp_crypto_policy_t`: cipher, size of its key, authentication, sizes of its key and tag, services."""

_UNPROTECT_ERRORS = {7: "srtp-auth-failed", 9: "srtp-replayed", 10: "srtp-too-old"}
"""libsrtp's `srtp_err_status_t`; every other one is a malformed packet."""


class SrtpError(ValueError):
    """libsrtp refused to protect a packet, which must then not be sent."""


@dataclass(frozen=True, slots=True)
class SrtpKeys:
    """What the DTLS handshake agreed on (RFC 5764 section 4.2).

    `profile` is libsrtp's number of the protection profile. `local` protects what we send, `remote` what the peer
    sends; each is the master key followed by the master salt.
    """

    profile: int
    local: bytes
    remote: bytes


class SrtpSender:
    """Protects what one peer is sent.

    `session` is libsrtp's `srtp_t`. The packet path calls `lib.srtp_protect(session, pointer, length_pointer)` on
    it: in place, with MAX_TRAILER bytes free behind the packet, and sends only if that returned 0.
    """

    def __init__(self, keys: SrtpKeys) -> None:
        self._open(_policy(keys.profile, keys.local, Policy.SSRC_ANY_OUTBOUND))

    def _open(self, policy: Policy) -> None:
        self._session = Session(policy)
        self.session: Any = self._session._srtp[0]
        self._scratch = ffi.new("char[]", MAX_DATAGRAM + SRTP_MAX_SRTCP_TRAILER_LEN)
        self._buffer = ffi.buffer(self._scratch)
        self._length = ffi.new("int *")

    def protect_rtp(self, data: bytes) -> bytes:
        """The SRTP packet of an RTP packet, outside the packet path. Raises SrtpError."""
        return self._protect(lib.srtp_protect, data)

    def protect_rtcp(self, data: bytes) -> bytes:
        """The SRTCP packet of a compound RTCP packet. Raises SrtpError."""
        return self._protect(lib.srtp_protect_rtcp, data)

    def _protect(self, function: Callable[..., int], data: bytes) -> bytes:
        size = len(data)
        if size > MAX_DATAGRAM:
            raise SrtpError(f"a packet of {size} bytes is over the limit of {MAX_DATAGRAM}")
        self._buffer[0:size] = data
        self._length[0] = size
        status = function(self.session, self._scratch, self._length)
        if status:
            raise SrtpError(f"libsrtp refused to protect a packet of {size} bytes: status {status}")
        protected: bytes = self._buffer[0 : self._length[0]]
        return protected


class PlainSender(SrtpSender):
    """Lets packets through as they are: for taps, whose connections are protected by TLS.

    With it, a tap looks to the packet path like any participant.
    """

    def __init__(self) -> None:
        policy = _policy(Policy.SRTP_PROFILE_AES128_CM_SHA1_80, bytes(_PLAIN_KEY_SIZE), Policy.SSRC_ANY_OUTBOUND)
        policy.window_size = _WINDOW
        for crypto in (policy._policy.rtp, policy._policy.rtcp):
            # pylibsrtp does not wrap `srtp_crypto_policy_set_null_cipher_hmac_null`, which fills in the same.
            ffi.cast("uint32_t *", ffi.addressof(crypto))[0 : len(_PLAIN_POLICY)] = _PLAIN_POLICY
        self._open(policy)


class SrtpReceiver:
    """Verifies and decrypts what one peer sends, refusing replays. Bad packets are counted, never raised.

    `session` is libsrtp's `srtp_t`. The compiled packet path calls `lib.srtp_unprotect` on it, for SSRCs of which there
    were packets before, and has it counted by `refused` what that returned but 0.
    """

    def __init__(self, keys: SrtpKeys, count: Count) -> None:
        self._session = Session(_policy(keys.profile, keys.remote, Policy.SSRC_ANY_INBOUND))
        self.session: Any = self._session._srtp[0]
        self._count = count
        self._scratch = ffi.new("char[]", MAX_DATAGRAM)
        self._buffer = ffi.buffer(self._scratch)
        self._length = ffi.new("int *")
        self._ssrcs: set[bytes] = set()

    def unprotect_rtp(self, data: bytes) -> bytes | None:
        """The RTP packet inside an SRTP packet; None if it is forged, replayed, too old or malformed."""
        return self._unprotect(lib.srtp_unprotect, data, data[8:12])

    def unprotect_rtcp(self, data: bytes) -> bytes | None:
        """The compound RTCP packet inside an SRTCP packet; None if it is forged, replayed or malformed."""
        return self._unprotect(lib.srtp_unprotect_rtcp, data, data[4:8])

    def refused(self, status: int) -> None:
        """Count a packet that libsrtp refused with this status."""
        self._count(_UNPROTECT_ERRORS.get(status, "srtp-malformed"))

    def _unprotect(self, function: Callable[..., int], data: bytes, ssrc: bytes) -> bytes | None:
        size = len(data)
        if size > MAX_DATAGRAM:
            self._count("srtp-malformed")
            return None
        known = ssrc in self._ssrcs
        if not known and len(self._ssrcs) >= MAX_SSRCS:
            self._count("srtp-too-many-ssrcs")
            return None
        self._buffer[0:size] = data
        self._length[0] = size
        status = function(self.session, self._scratch, self._length)
        if status:
            self.refused(status)
            return None
        if not known:
            self._ssrcs.add(ssrc)
        plain: bytes = self._buffer[0 : self._length[0]]
        return plain


def _policy(profile: int, key: bytes, direction: int) -> Policy:
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=profile)
    sends = direction == Policy.SSRC_ANY_OUTBOUND
    policy.window_size = _SEND_WINDOW if sends else _WINDOW
    # A retransmission without RTX repeats a sequence number.
    policy.allow_repeat_tx = sends
    return policy
