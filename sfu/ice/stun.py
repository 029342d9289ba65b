"""STUN binding requests (RFC 8489) as ICE uses them (RFC 8445 section 7), checked before anything believes them.

aioice parses and writes the messages; this module adds the checks that it leaves out and turns every fault of the
input into a StunError.
"""

import struct
from dataclasses import dataclass
from typing import Any

from aioice import stun as aioice_stun

HEADER_LENGTH = 20
MAGIC_COOKIE = b"\x21\x12\xa4\x42"
BINDING_REQUEST = b"\x00\x01"
BINDING_INDICATION = b"\x00\x11"
ROLE_CONFLICT = (487, "Role Conflict")


class StunError(ValueError):
    """Bytes that are not a STUN binding request. The message is a counter's name."""


@dataclass(frozen=True, slots=True)
class BindingRequest:
    """A well-formed connectivity check, not yet authenticated.

    `controlled` tells that the sender believes itself to be in the controlled role, which is ours.
    """

    username: str
    transaction_id: bytes
    use_candidate: bool
    controlled: bool
    message: Any

    def is_authentic(self, password: bytes) -> bool:
        """Whether MESSAGE-INTEGRITY was made with `password` (RFC 8489 section 9.1.3)."""
        authentic: bool = self.message.check_message_integrity(password)
        return authentic


def is_indication(data: bytes) -> bool:
    """Whether this is a binding indication, a keep-alive that asks for nothing (RFC 8445 section 11)."""
    return data[0:2] == BINDING_INDICATION


def parse_request(data: bytes) -> BindingRequest:
    """Parse a binding request. FINGERPRINT is checked where present; MESSAGE-INTEGRITY and USERNAME must be there.

    Unknown attributes are ignored, also those that RFC 8489 section 6.3.1 wants refused: nothing here depends on
    what they could ask for. Raises StunError.
    """
    if len(data) < HEADER_LENGTH or data[4:8] != MAGIC_COOKIE:
        raise StunError("stun-malformed")
    if data[0:2] != BINDING_REQUEST:
        raise StunError("stun-not-a-request")
    _check_lengths(data)
    try:
        message = aioice_stun.parse_message(data)
    except (ValueError, struct.error) as error:
        raise StunError("stun-malformed") from error
    attributes = message.attributes
    if "MESSAGE-INTEGRITY" not in attributes or "USERNAME" not in attributes:
        raise StunError("stun-no-integrity")
    return BindingRequest(
        username=attributes["USERNAME"],
        transaction_id=data[8:20],
        use_candidate="USE-CANDIDATE" in attributes,
        controlled="ICE-CONTROLLED" in attributes,
        message=message,
    )


def success_response(request: BindingRequest, host: str, port: int, password: bytes) -> bytes:
    """The answer to a check from `host` and `port`, with MESSAGE-INTEGRITY and FINGERPRINT."""
    # A link-local address may carry the zone of this machine's interface, which means nothing to the peer.
    address = (host.partition("%")[0], port)
    return _response(aioice_stun.Class.RESPONSE, request, {"XOR-MAPPED-ADDRESS": address}, password)


def role_conflict_response(request: BindingRequest, password: bytes) -> bytes:
    """The answer that makes the peer switch to the controlling role (RFC 8445 section 7.2.5.1)."""
    return _response(aioice_stun.Class.ERROR, request, {"ERROR-CODE": ROLE_CONFLICT}, password)


def _response(
    message_class: aioice_stun.Class, request: BindingRequest, attributes: dict[str, Any], password: bytes
) -> bytes:
    message = aioice_stun.Message(
        message_method=aioice_stun.Method.BINDING,
        message_class=message_class,
        transaction_id=request.transaction_id,
        attributes=attributes,
    )
    message.add_message_integrity(password)
    return bytes(message)


def _check_lengths(data: bytes) -> None:
    """Check that the attributes fill the message exactly; aioice would cut an attribute short. Raises StunError."""
    size = len(data)
    if struct.unpack_from("!H", data, 2)[0] != size - HEADER_LENGTH or size % 4:
        raise StunError("stun-malformed")
    position = HEADER_LENGTH
    while position < size:
        length = struct.unpack_from("!H", data, position + 2)[0]
        position += 4 + (length + 3 & ~3)
    if position != size:
        raise StunError("stun-malformed")
