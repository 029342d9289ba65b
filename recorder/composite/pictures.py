"""The pictures of a file: which one is to be seen at a time. Holds two decoded pictures, whatever the file's length."""

from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar, cast

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard, Stream

from recorder.composite.planner import Clip

AnyStream = TypeVar("AnyStream", bound=Stream)

STALE = 5.0  # seconds without a picture after which a camera counts as off; a still screen sends none for longer
_SEEK_FROM = 2.0  # seconds: what is nearer is decoded rather than sought
HALF_TICK = 0.02  # seconds: the nearest picture is shown, not the last one


class PictureReader:
    """Decodes from `at` seconds of the segment on; `picture` is asked with times that do not decrease.

    Raises av.FFmpegError or OSError when the file cannot be opened. Damaged pictures are passed over, and a file that
    breaks off simply ends.
    """

    def __init__(self, path: Path, clip: Clip, at: float) -> None:
        self._clip = clip
        self._container = av.open(str(path.absolute()))
        self._current: av.VideoFrame | None = None
        self._seen_at = 0.0
        self._next: tuple[float, av.VideoFrame] | None = None
        self._frames = self._decoded(at - clip.at)

    def picture(self, at: float) -> av.VideoFrame | None:
        """The picture of the moment, None before the first one and when the camera has been silent for long."""
        local = at - self._clip.at + HALF_TICK
        while True:
            if self._next is None:
                self._next = next(self._frames, None)
            if self._next is None or self._next[0] > local:
                break
            self._seen_at, self._current = self._next
            self._next = None
        if not self._clip.screen and local - self._seen_at > STALE:
            self._current = None
        return self._current

    def close(self) -> None:
        """Let go of the file."""
        self._frames.close()
        self._container.close()

    def _decoded(self, local: float) -> Generator[tuple[float, av.VideoFrame]]:
        if not self._container.streams.video:
            return
        stream = self._container.streams.video[0]
        stream.codec_context.thread_count = 1  # many files at once: threads would only add latency and memory
        if local > _SEEK_FROM:
            with suppress(av.FFmpegError):  # a file that cannot be searched is read from where it stands
                self._container.seek(int(local * av.time_base))
        for packet in only(self._container, stream):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                continue
            yield from ((frame.time, frame) for frame in frames if frame.time is not None)


def only(container: InputContainer, stream: AnyStream) -> "Iterator[Packet[AnyStream]]":
    """The packets of one stream, up to where the file ends; those of the others are not even made into packets."""
    for other in container.streams:
        if other.index != stream.index:
            other.discard = Discard.all
    # PyAV types packets by the kind of stream, which a type variable cannot choose.
    return cast("Iterator[Packet[AnyStream]]", unbroken(container.demux(stream)))


def unbroken(packets: "Iterator[Packet[AnyStream]]") -> "Iterator[Packet[AnyStream]]":
    """Packets up to the end of the file or to where it breaks off; a stream's last one flushes its decoder."""
    with suppress(av.FFmpegError):
        yield from packets
