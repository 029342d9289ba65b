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
from typing import cast

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


class Film:
    """Writes to a temporary name beside `path`, which gets the file when it is complete, and nothing otherwise.

    Use it as a context manager: take a `blank` frame, draw, `write` it with its 40 ms of sound, and `finish`. Leaving
    without `finish` deletes what was written. Raises CompositeError(cannot-write, encoding-failed).
    """

    def __init__(self, path: Path, size: Size, encoder: Encoder, container: Container = MP4) -> None:
        self._path = path
        self._partial = path.with_name(f".{path.name}.part")
        self._format = container
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._blank: queue.SimpleQueue[av.VideoFrame] = queue.SimpleQueue()
        self._failure: Exception | None = None
        self._ticks = self._samples = 0
        for _ in range(_FRAMES):
            self._blank.put(new_frame(size))
        try:
            self._container = av.open(str(self._partial.absolute()), "w", container.name, dict(container.options))
        except (av.FFmpegError, OSError) as error:
            raise CompositeError("cannot-write", _no_file(path, error)) from error
        self._video = cast(av.VideoStream, self._container.add_stream(encoder.name, FRAME_RATE))
        # One thread less than cores: drawing needs one too, and more threads cost more CPU for the same film.
        configure(self._video.codec_context, encoder, size, threads=max(1, min(6, (os.cpu_count() or 1) - 1)))
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
            raise self._explained(self._failure)
        frame.pts, frame.time_base = self._ticks, Fraction(1, FRAME_RATE)
        self._ticks += 1
        self._jobs.put(lambda: self._encode(frame))
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
            raise self._explained(self._failure)

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
        with self._partial.open("rb") as written:
            os.fsync(written.fileno())
        self._partial.replace(self._path)

    def _discard(self) -> None:
        """Unlinked first: closing then has no file whose index it would move to the front, which may take long."""
        self._partial.unlink(missing_ok=True)
        with suppress(av.FFmpegError, OSError):
            self._container.close()

    def _explained(self, error: Exception) -> CompositeError:
        if isinstance(error, OSError):
            return CompositeError("cannot-write", _no_file(self._path, error))
        return CompositeError("encoding-failed", f"{self._video.codec_context.name} failed: {error}")


def _no_file(path: Path, error: Exception) -> str:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return f"{path} cannot be written ({reason}); choose another place with enough room"
