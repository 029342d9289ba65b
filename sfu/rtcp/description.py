"""Source description and goodbye (RFC 3550 sections 6.5 and 6.6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from struct import Struct
from typing import Self

from sfu.rtcp.errors import RtcpError
from sfu.rtcp.framing import frame

SOURCE_DESCRIPTION = 202
GOODBYE = 203
CNAME = 1

_SSRC = Struct("!I")


@dataclass(frozen=True, slots=True)
class SourceChunk:
    """`items` are pairs of type and text; texts are bytes, as nothing guarantees that they are UTF-8."""

    ssrc: int
    items: tuple[tuple[int, bytes], ...]

    def to_bytes(self) -> bytes:
        body = b"".join(bytes((kind, len(text))) + text for kind, text in self.items)
        # The items end with at least one zero byte, and with as many as fill up 32 bits.
        return _SSRC.pack(self.ssrc) + body + bytes(4 - len(body) % 4)


@dataclass(frozen=True, slots=True)
class SourceDescription:
    chunks: tuple[SourceChunk, ...]

    @classmethod
    def of_cname(cls, cname: str, ssrcs: Iterable[int]) -> Self:
        """The one description that every compound packet holds; of at most 31 SSRCs."""
        return cls(tuple(SourceChunk(ssrc, ((CNAME, cname.encode()),)) for ssrc in ssrcs))

    def to_bytes(self) -> bytes:
        return frame(len(self.chunks), SOURCE_DESCRIPTION, b"".join(chunk.to_bytes() for chunk in self.chunks))

    @classmethod
    def parse(cls, count: int, body: bytes) -> Self:
        """`body` is the packet after its common header. Raises `RtcpError`."""
        chunks = []
        position = 0
        for _ in range(count):
            if position + 4 > len(body):
                raise RtcpError("a source description is cut off")
            (ssrc,) = _SSRC.unpack_from(body, position)
            items, position = _read_items(body, position + 4)
            chunks.append(SourceChunk(ssrc, items))
        return cls(tuple(chunks))


@dataclass(frozen=True, slots=True)
class Bye:
    ssrcs: tuple[int, ...]
    reason: bytes = b""

    def to_bytes(self) -> bytes:
        body = b"".join(_SSRC.pack(ssrc) for ssrc in self.ssrcs)
        if self.reason:
            text = bytes((len(self.reason),)) + self.reason
            body += text + bytes(-len(text) % 4)
        return frame(len(self.ssrcs), GOODBYE, body)

    @classmethod
    def parse(cls, count: int, body: bytes) -> Self:
        """`body` is the packet after its common header. Raises `RtcpError`."""
        end = 4 * count
        if end > len(body):
            raise RtcpError("a goodbye is cut off")
        ssrcs = tuple(_SSRC.unpack_from(body, position)[0] for position in range(0, end, 4))
        reason = b""
        if end < len(body):
            reason = body[end + 1 : end + 1 + body[end]]
            if len(reason) < body[end]:
                raise RtcpError("the reason of a goodbye is cut off")
        return cls(ssrcs, reason)


def _read_items(body: bytes, position: int) -> tuple[tuple[tuple[int, bytes], ...], int]:
    """The items of one chunk, and where the next chunk starts."""
    items: list[tuple[int, bytes]] = []
    while position < len(body):
        kind = body[position]
        if kind == 0:
            return tuple(items), (position // 4 + 1) * 4
        start = position + 2
        if start > len(body) or start + body[position + 1] > len(body):
            raise RtcpError("a source description item is cut off")
        position = start + body[position + 1]
        items.append((kind, body[start:position]))
    raise RtcpError("a source description without its end")
