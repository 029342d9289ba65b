"""Header extensions: the block of RFC 8285 and the values that the node reads itself."""

import re
from collections.abc import Sequence
from struct import Struct
from typing import NamedTuple

from sfu.rtp.errors import RtpError
from sfu.rtp.packet import ONE_BYTE_PROFILE, TWO_BYTE_PROFILE

_BLOCK_HEADER = Struct("!HH").pack
_MAX_BLOCK = 0xFFFF * 4
# RFC 8843 section 15.1 makes a MID an SDP token, RFC 8851 section 10 a RID letters, digits, "-" and "_".
_MID = re.compile(rb"[!#$%&'*+\-.^_`{|}~0-9A-Za-z]{1,32}")
_RID = re.compile(rb"[0-9A-Za-z_-]{1,32}")


class AudioLevel(NamedTuple):
    """RFC 6464: `level` is 0 (loudest) to 127 (silence), in -dBov; `voice` is what the sender's detector says."""

    voice: bool
    level: int


def write_extensions(items: Sequence[tuple[int, bytes]]) -> bytes:
    """The whole extension block with its header, padded to 32 bits; b"" without items.

    One-byte headers unless an id is over 14 or a value is empty or longer than 16 bytes. Raises `RtpError` for an id
    outside 1 to 255 or a value over 255 bytes.
    """
    if not items:
        return b""
    parts = []
    if all(0 < extension_id < 15 and 0 < len(value) <= 16 for extension_id, value in items):
        profile = ONE_BYTE_PROFILE
        for extension_id, value in items:
            parts.append(bytes((extension_id << 4 | len(value) - 1,)))
            parts.append(value)
    else:
        profile = TWO_BYTE_PROFILE
        for extension_id, value in items:
            if not 0 < extension_id < 256 or len(value) > 255:
                raise RtpError(f"header extension {extension_id} of {len(value)} bytes cannot be written")
            parts.append(bytes((extension_id, len(value))))
            parts.append(value)
    body = b"".join(parts)
    body += bytes(-len(body) % 4)
    if len(body) > _MAX_BLOCK:
        raise RtpError(f"{len(body)} bytes of header extensions do not fit")
    return _BLOCK_HEADER(profile, len(body) // 4) + body


def read_audio_level(value: bytes) -> AudioLevel:
    """RFC 6464 section 3. Raises `RtpError`."""
    if len(value) != 1:
        raise RtpError(f"an audio level of {len(value)} bytes")
    return AudioLevel(value[0] > 0x7F, value[0] & 0x7F)


def read_mid(value: bytes) -> str:
    """The MID of RFC 8843 section 15. Raises `RtpError`."""
    if not _MID.fullmatch(value):
        raise RtpError("a MID that is no token of 1 to 32 characters")
    return value.decode("ascii")


def read_rid(value: bytes) -> str:
    """The RID or repaired RID of RFC 8852. Raises `RtpError`."""
    if not _RID.fullmatch(value):
        raise RtpError("a RID that is not 1 to 32 letters, digits, - and _")
    return value.decode("ascii")


def read_sequence16(value: bytes) -> int:
    """The transport-wide sequence number (draft-holmer-rmcat-transport-wide-cc-extensions-01). Raises `RtpError`."""
    if len(value) != 2:
        raise RtpError(f"a transport-wide sequence number of {len(value)} bytes")
    return value[0] << 8 | value[1]
