"""RFC 4571: datagrams on a stream, each behind its length in two bytes."""

import struct

MAX_FRAME = 0xFFFF
"""The longest frame in bytes that the two bytes of length can announce."""


class FramingError(ValueError):
    """The stream announces a frame longer than any datagram of ours: it is something else, or an attack."""


class FrameReader:
    """Cuts a stream into datagrams of at most `limit` bytes; holds at most one incomplete frame."""

    def __init__(self, limit: int = MAX_FRAME) -> None:
        self._limit = limit
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that `data` completes, without the empty ones. Raises FramingError."""
        stream = self._rest + data
        size = len(stream)
        frames = []
        position = 0
        while size - position >= 2:
            length = stream[position] << 8 | stream[position + 1]
            if length > self._limit:
                raise FramingError(f"a frame of {length} bytes is over the limit of {self._limit}")
            end = position + 2 + length
            if end > size:
                break
            if length:
                frames.append(stream[position + 2 : end])
            position = end
        self._rest = stream[position:]
        return frames


def frame(data: bytes) -> bytes:
    """A datagram of at most 65535 bytes as a frame."""
    return struct.pack("!H", len(data)) + data
