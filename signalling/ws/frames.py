"""Text messages as a server puts them on the wire (RFC 6455 section 5.2): one frame each, neither masked nor
compressed."""

import struct

_FINAL_TEXT = 0x81
_TWO_BYTES, _EIGHT_BYTES = 126, 127


def text_frame(text: str) -> bytes:
    """One whole message."""
    payload = text.encode()
    size = len(payload)
    if size < _TWO_BYTES:
        return bytes((_FINAL_TEXT, size)) + payload
    if size < 1 << 16:
        return struct.pack("!BBH", _FINAL_TEXT, _TWO_BYTES, size) + payload
    return struct.pack("!BBQ", _FINAL_TEXT, _EIGHT_BYTES, size) + payload
