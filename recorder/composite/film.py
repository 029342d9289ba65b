"""The film: encodes frames and sound into one file, in a thread of its own, so that drawing and encoding overlap."""

import os
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Protocol, cast

import av
import numpy as np

from recorder.composite.errors import CompositeError
from recorder.composite.mixer import SAMPLE_RATE, Sound
from recorder.composite.planes import new_frame
from recorder.encoders import FRAME_RATE, Encoder, configure
from recorder.layouts import Size

_FRAMES = 8  # how far drawing may be ahead of encoding
_AUDIO_BIT_RATE = 96_000


@dataclass(frozen=True)
class Container:
    """A file format with its codec of sound. `options` are those of FFmpeg's muxer."""

    name: str
    audio: str
    options: MappingProxyType[str, str] = field(default_factory=lambda: MappingProxyType({}))
    audio_options: MappingProxyType[str, str] = field(default_factory=lambda: MappingProxyType({}))


# The index in front, so that a player starts before it has everything. AAC's fast coder halves the cost of sound.
MP4 = Container("mp4", "aac", MappingProxyType({"movflags": "+faststart"}), MappingProxyType({"aac_coder": "fast"}))
WEBM = Container("webm", "libopus")


class Destination(Protocol):
    """Where a film is written to. All methods may raise OSError."""

    path: Path

    @property
    def target(self) -> Any:
        """The name of a file, or an object to `write` to, as PyAV takes them."""

    def complete(self) -> None:
        """The film is whole."""

    def discard(self) -> None:
        """The film will never be whole; more may still be written."""


class WholeFile:
    """A temporary name beside `path`, which gets the film when it is complete, and nothing otherwise."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._partial = path.with_name(f".{path.name}.part")

    @property
    def target(self) -> str:
        return str(self._partial.absolute())

    def complete(self) -> None:
        with self._partial.open("rb") as written:
            os.fsync(written.fileno())
        self._partial.replace(self.path)

    def discard(self) -> None:
        self._partial.unlink(missing_ok=True)


class Film:
    """Use it as a context manager: take a `blank` frame, draw, `write` it with its 40 ms of sound, and `finish`.

    Leaving without `finish` discards what was written. Raises CompositeError(cannot-write, encoding-failed), with the
    error of the system as its cause where it was one.
    """

    def __init__(
        self,
        destination: Destination,
        size: Size,
        encoder: Encoder,
        container: Container = MP4,
        threads: int | None = None,
    ) -> None:
        """`threads` are the encoder's; by default one less than cores: drawing needs one too."""
        self._destination = destination
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._blank: queue.SimpleQueue[av.VideoFrame] = queue.SimpleQueue()
        self._failure: Exception | None = None
        self._ticks = self._samples = 0
        for _ in range(_FRAMES):
            self._blank.put(new_frame(size))
        try:
            self._container = av.open(destination.target, "w", container.name, dict(container.options))
        except (av.FFmpegError, OSError) as error:
            raise CompositeError("cannot-write", _no_file(destination.path, error)) from error
        self._video = cast(av.VideoStream, self._container.add_stream(encoder.name, FRAME_RATE))
        # More than six threads cost more CPU for the same film.
        threads = threads or max(1, min(6, (os.cpu_count() or 1) - 1))
        configure(self._video.codec_context, encoder, size, threads=threads)
        audio_options = dict(container.audio_options)
        self._audio = cast(
            av.AudioStream, self._container.add_stream(container.audio, SAMPLE_RATE, audio_options, layout="stereo")
        )
        self._audio.bit_rate = _AUDIO_BIT_RATE
        self._thread = threading.Thread(target=self._run, name="composite-encoder", daemon=True)

    def __enter__(self) -> "Film":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._thread.is_alive():
            return
        self._jobs.put(None)
        self._thread.join()
        self._discard()

    def blank(self) -> av.VideoFrame:
        """A frame to draw on; waits until encoding has caught up."""
        frame = self._blank.get()
        frame.make_writable()  # some encoders of hardware still read the last picture
        return frame

    def write(self, frame: av.VideoFrame, sound: Sound) -> None:
        """The next frame, and the sound that is ready: shape (2, samples), 48 kHz."""
        if self._failure is not None:
            raise self._explained(self._failure) from self._failure
        frame.pts, frame.time_base = self._ticks, Fraction(1, FRAME_RATE)
        self._ticks += 1
        self._jobs.put(lambda: self._encode(frame))
        self.write_sound(sound)

    def hold(self, sound: Sound) -> None:
        """Let the last frame stay for 40 ms more, which costs nothing. `sound` as with `write`."""
        if self._failure is not None:
            raise self._explained(self._failure) from self._failure
        self._ticks += 1
        self.write_sound(sound)

    def write_sound(self, sound: Sound) -> None:
        """Sound alone: what the mixer still held at the end."""
        start = self._samples
        self._samples += sound.shape[1]
        if sound.shape[1]:
            self._jobs.put(lambda: self._encode_sound(sound, start))

    def finish(self) -> None:
        """Complete the file and give it its name."""
        self._jobs.put(self._complete)
        self._jobs.put(None)
        self._thread.join()
        if self._failure is not None:
            self._discard()
            raise self._explained(self._failure) from self._failure

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except (av.FFmpegError, OSError, ValueError) as error:
                self._failure = self._failure or error  # told at the next `write`

    def _encode(self, frame: av.VideoFrame) -> None:
        try:
            if self._failure is None:
                self._container.mux(self._video.encode(frame))
        finally:
            self._blank.put(frame)

    def _encode_sound(self, sound: Sound, start: int) -> None:
        if self._failure is not None:
            return
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound), "fltp", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, start, Fraction(1, SAMPLE_RATE)
        self._container.mux(self._audio.encode(frame))

    def _complete(self) -> None:
        if self._failure is not None:
            return
        self._container.mux(self._video.encode(None))
        self._container.mux(self._audio.encode(None))
        self._container.close()
        self._destination.complete()

    def _discard(self) -> None:
        """Discarded first: closing then has no file whose index it would move to the front, which may take long."""
        self._destination.discard()
        with suppress(av.FFmpegError, OSError):
            self._container.close()

    def _explained(self, error: Exception) -> CompositeError:
        if isinstance(error, OSError):
            return CompositeError("cannot-write", _no_file(self._destination.path, error))
        return CompositeError("encoding-failed", f"{self._video.codec_context.name} failed: {error}")


def _no_file(path: Path, error: Exception) -> str:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return f"{path} cannot be written ({reason}); choose another place with enough room"
