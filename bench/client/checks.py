"""ICE checks in the controlling role (RFC 8445 section 7.2.2), written from a template: a thousand endpoints send 400
of them a second, and aioice takes four times as long for each."""

import hmac
import os
import zlib
from struct import Struct

from aioice import stun

from bench.client.description import Local, Remote

_PRIORITY = 1845501695
_REQUEST, _SUCCESS = 0x0001, 0x0101
_MESSAGE = Struct("!HHI12s")
_INTEGRITY, _FINGERPRINT = Struct("!HH20s"), Struct("!HHI")
_MESSAGE_INTEGRITY, _MAC_BYTES = 0x0008, 20
_FINGERPRINT_TYPE = 0x8028
MOST_OPEN = 100


class Checks:
    """The checks of one transport, which nominate at once."""

    def __init__(self, local: Local, remote: Remote) -> None:
        template = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        template.attributes["USERNAME"] = f"{remote.ufrag}:{local.ufrag}"
        template.attributes["PRIORITY"] = _PRIORITY
        template.attributes["ICE-CONTROLLING"] = int.from_bytes(os.urandom(8), "big")
        template.attributes["USE-CANDIDATE"] = None
        self._attributes = bytes(template)[_MESSAGE.size :]
        self._key = remote.pwd.encode()
        self._open: dict[bytes, None] = {}

    def next(self) -> bytes:
        """A check under a transaction id of its own (RFC 7675 section 5.1)."""
        transaction = os.urandom(12)
        self._open[transaction] = None
        if len(self._open) > MOST_OPEN:
            del self._open[next(iter(self._open))]
        body = self._attributes
        # Each of the two lengths and sums is over what is before it, as if it was the last attribute.
        signed = self._head(transaction, len(body) + _INTEGRITY.size) + body
        body += _INTEGRITY.pack(_MESSAGE_INTEGRITY, _MAC_BYTES, hmac.digest(self._key, signed, "sha1"))
        message = self._head(transaction, len(body) + _FINGERPRINT.size) + body
        return message + _FINGERPRINT.pack(_FINGERPRINT_TYPE, 4, zlib.crc32(message) ^ stun.FINGERPRINT_XOR)

    def answered(self, data: bytes) -> bool:
        """Whether this is the first success response to one of them."""
        if len(data) < _MESSAGE.size:
            return False
        kind, _, cookie, transaction = _MESSAGE.unpack_from(data)
        if kind != _SUCCESS or cookie != stun.COOKIE or transaction not in self._open:
            return False
        del self._open[transaction]
        return True

    @staticmethod
    def _head(transaction: bytes, length: int) -> bytes:
        return _MESSAGE.pack(_REQUEST, length, stun.COOKIE, transaction)
