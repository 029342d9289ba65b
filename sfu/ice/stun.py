"""STUN binding requests (RFC 8489) as ICE uses them (RFC 8445 section 7), checked before anything believes them.

Read and written by hand: each participant sends a check each 2.6 seconds and on each of their paths, and a general
library takes ten times as long for them.
"""

import hmac
import ipaddress
import zlib
from dataclasses import dataclass
from functools import lru_cache
from struct import Struct

HEADER_LENGTH = 20
MAGIC_COOKIE = b"\x21\x12\xa4\x42"
BINDING_REQUEST = b"\x00\x01"
BINDING_INDICATION = b"\x00\x11"
SUCCESS = 0x0101
ERROR = 0x0111

USERNAME = 0x0006
MESSAGE_INTEGRITY = 0x0008
ERROR_CODE = 0x0009
XOR_MAPPED_ADDRESS = 0x0020
PRIORITY = 0x0024
USE_CANDIDATE = 0x0025
FINGERPRINT = 0x8028
ICE_CONTROLLED = 0x8029
ICE_CONTROLLING = 0x802A

_LENGTHS = {MESSAGE_INTEGRITY: 20, PRIORITY: 4, FINGERPRINT: 4, ICE_CONTROLLED: 8, ICE_CONTROLLING: 8}
"""Bytes of the values of attributes that have no other length."""
_INTEGRITY_SIZE = 4 + 20
_FINGERPRINT_SIZE = 4 + 4
_FINGERPRINT_XOR = 0x5354554E
_PORT_XOR = 0x2112
_ROLE_CONFLICT = b"\x00\x00\x04\x57Role Conflict"

_HEADER = Struct("!HH4s12s")
_ATTRIBUTE = Struct("!HH")
_LENGTH = Struct("!H")
_CRC = Struct("!I")


class StunError(ValueError):
    """Bytes that are not a STUN binding request. The message is a counter's name."""


@dataclass(frozen=True, slots=True)
class BindingRequest:
    """A well-formed connectivity check, not yet authenticated.

    `controlled` tells that the sender believes itself to be in the controlled role, which is ours. `protected` is what
    `integrity`, the value of MESSAGE-INTEGRITY, was made of.
    """

    username: str
    transaction_id: bytes
    use_candidate: bool
    controlled: bool
    protected: bytes
    integrity: bytes

    def is_authentic(self, password: bytes) -> bool:
        """Whether MESSAGE-INTEGRITY was made with `password` (RFC 8489 section 9.1.3)."""
        return hmac.compare_digest(self.integrity, hmac.digest(password, self.protected, "sha1"))


def is_indication(data: bytes) -> bool:
    """Whether this is a binding indication, a keep-alive that asks for nothing (RFC 8445 section 11)."""
    return data[0:2] == BINDING_INDICATION


def parse_request(data: bytes) -> BindingRequest:
    """Parse a binding request. FINGERPRINT is checked where present; MESSAGE-INTEGRITY and USERNAME must be there.

    What follows MESSAGE-INTEGRITY is not protected by it, and counts for nothing but FINGERPRINT. Unknown attributes
    are ignored, also those that RFC 8489 section 6.3.1 wants refused: nothing here depends on what they could ask for.
    Raises StunError.
    """
    size = len(data)
    if size < HEADER_LENGTH or data[4:8] != MAGIC_COOKIE:
        raise StunError("stun-malformed")
    if data[0:2] != BINDING_REQUEST:
        raise StunError("stun-not-a-request")
    if _LENGTH.unpack_from(data, 2)[0] != size - HEADER_LENGTH or size % 4:
        raise StunError("stun-malformed")
    values: dict[int, bytes] = {}
    protected = b""
    position = HEADER_LENGTH
    while position < size:
        kind, length = _ATTRIBUTE.unpack_from(data, position)
        end = position + 4 + length
        if end > size or _LENGTHS.get(kind, length) != length:
            raise StunError("stun-malformed")
        if kind == FINGERPRINT:
            if data[end - 4 : end] != _fingerprint(_with_length(data[:position], _FINGERPRINT_SIZE)):
                raise StunError("stun-malformed")
        elif not protected and kind not in values:
            values[kind] = data[position + 4 : end]
            if kind == MESSAGE_INTEGRITY:
                protected = _with_length(data[:position], _INTEGRITY_SIZE)
        position = (end + 3) & ~3
    try:
        username = values.get(USERNAME, b"").decode()
    except UnicodeDecodeError as error:
        raise StunError("stun-malformed") from error
    if not protected or USERNAME not in values:
        raise StunError("stun-no-integrity")
    return BindingRequest(
        username=username,
        transaction_id=data[8:20],
        use_candidate=USE_CANDIDATE in values,
        controlled=ICE_CONTROLLED in values,
        protected=protected,
        integrity=values[MESSAGE_INTEGRITY],
    )


def success_response(request: BindingRequest, host: str, port: int, password: bytes) -> bytes:
    """The answer to a check from `host` and `port`, with MESSAGE-INTEGRITY and FINGERPRINT."""
    packed = _packed(host)
    mask = MAGIC_COOKIE + request.transaction_id
    family = 1 if len(packed) == 4 else 2
    hidden = int.from_bytes(packed, "big") ^ int.from_bytes(mask[: len(packed)], "big")
    value = _ATTRIBUTE.pack(family, port ^ _PORT_XOR) + hidden.to_bytes(len(packed), "big")
    return _response(SUCCESS, request, XOR_MAPPED_ADDRESS, value, password)


def role_conflict_response(request: BindingRequest, password: bytes) -> bytes:
    """The answer that makes the peer switch to the controlling role (RFC 8445 section 7.2.5.1)."""
    return _response(ERROR, request, ERROR_CODE, _ROLE_CONFLICT, password)


def _response(kind: int, request: BindingRequest, attribute: int, value: bytes, password: bytes) -> bytes:
    body = _ATTRIBUTE.pack(attribute, len(value)) + value + bytes(-len(value) % 4)
    length = len(body) + _INTEGRITY_SIZE
    message = _HEADER.pack(kind, length, MAGIC_COOKIE, request.transaction_id) + body
    integrity = hmac.digest(password, message, "sha1")
    message += _ATTRIBUTE.pack(MESSAGE_INTEGRITY, len(integrity)) + integrity
    message = _with_length(message, _FINGERPRINT_SIZE)
    return message + _ATTRIBUTE.pack(FINGERPRINT, 4) + _fingerprint(message)


def _with_length(start: bytes, more: int) -> bytes:
    """The beginning of a message as if it ended with the attribute that follows, of `more` bytes."""
    return start[:2] + _LENGTH.pack(len(start) - HEADER_LENGTH + more) + start[4:]


def _fingerprint(message: bytes) -> bytes:
    """RFC 8489 section 14.7."""
    return _CRC.pack(zlib.crc32(message) ^ _FINGERPRINT_XOR)


@lru_cache(maxsize=4096)
def _packed(host: str) -> bytes:
    # A link-local address may carry the zone of this machine's interface, which means nothing to the peer.
    return ipaddress.ip_address(host.partition("%")[0]).packed
