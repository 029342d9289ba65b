"""Segments of a recording, written with PyAV: folders as the recorder leaves them, with known pictures and tones."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from recorder.composite.planes import fill, new_frame, part, planes_of
from recorder.layouts import Rect, Size
from recorder.timeline import FILE_NAME, FileBegan, Line, PersonJoined, SegmentBegan, SegmentEnded, SourceShown
from tests.support import priorities

SMALL = Size(320, 180)
OPTIONS = {
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "g": "50"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "g": "50"},
    "libx264": {"preset": "ultrafast", "tune": "zerolatency", "g": "50"},
    "libsvtav1": {"preset": "13", "svtav1-params": "pred-struct=1:lookahead=0", "g": "50"},
}


@dataclass(frozen=True)
class Track:
    """What a file holds. `video` and `audio` are the spans, in seconds, in which there is something.

    `colours` are used one after the other, each for an equal part of the length; a white mark of a tenth of the
    picture moves through it. The tone is of `loudness` 0 to 1. `flash`: white and a beep for 0.2 s at this time,
    nothing else.
    """

    seconds: float
    colours: tuple[tuple[int, int, int], ...] = ((200, 30, 30),)
    tone: float = 440.0
    loudness: float = 0.4
    codec: str = "libvpx"
    sizes: tuple[Size, ...] = (SMALL,)
    rate: int = 25
    video: tuple[tuple[float, float], ...] = ((0.0, 1e9),)
    audio: tuple[tuple[float, float], ...] = ((0.0, 1e9),)
    flash: float | None = None
    options: dict[str, str] = field(default_factory=dict)


def write_file(path: Path, track: Track) -> Path:
    """One MKV with Opus and the track's codec of pictures; its time base is Matroska's millisecond."""
    with priorities.kept(), av.open(str(path), "w", format="matroska") as container:
        sound = _sound(container, track)
        for number, size in enumerate(track.sizes):
            # A change of size is a new encoder whose packets go on in the same track, as after a change of layer.
            span = track.seconds / len(track.sizes)
            _pictures(container, track, size, (number * span, (number + 1) * span), first=not number)
        for packet in sound:
            container.mux(packet)
    return path


def _sound(container: Any, track: Track) -> Iterable[Any]:
    stream = container.add_stream("libopus", rate=48_000, layout="mono")
    if track.video:
        size = track.sizes[0]
        video = container.add_stream(track.codec, rate=track.rate, options=OPTIONS[track.codec] | track.options)
        video.width, video.height, video.pix_fmt = size.width, size.height, "yuv420p"
    packets = []
    for start in range(0, round(track.seconds * 48_000), 960):
        at = start / 48_000
        if not any(begin <= at < end for begin, end in track.audio):
            continue
        times = (start + np.arange(960)) / 48_000
        level = track.loudness
        if track.flash is not None:
            level = track.loudness * ((times >= track.flash) & (times < track.flash + 0.2))
        samples = (level * np.sin(2 * np.pi * track.tone * times)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(samples[None], "flt", "mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
        packets += stream.encode(frame)
    return [*packets, *stream.encode(None)]


def _pictures(container: Any, track: Track, size: Size, span: tuple[float, float], first: bool) -> None:
    if not track.video:
        return
    stream = container.streams.video[0]
    if first:
        encoder = stream
    else:
        encoder = av.CodecContext.create(track.codec, "w")
        encoder.width, encoder.height, encoder.pix_fmt = size.width, size.height, "yuv420p"
        encoder.time_base, encoder.framerate = Fraction(1, track.rate), Fraction(track.rate)
        encoder.options = OPTIONS[track.codec] | track.options

    def write(packets: list[Any]) -> None:
        for packet in packets:
            packet.stream = stream
            container.mux(packet)

    for index in range(round(span[0] * track.rate), round(span[1] * track.rate)):
        at = index / track.rate
        if not any(begin <= at < end for begin, end in track.video):
            continue
        frame = new_frame(size)
        fill(planes_of(frame), _colour(track, at))
        if track.flash is None:
            mark = size.height // 10 & ~1
            where = Rect(index * 4 % (size.width - mark) & ~1, 2 * mark, mark, mark)
            fill(part(planes_of(frame), where), (255, 255, 255))
        frame.pts, frame.time_base = index, Fraction(1, track.rate)
        write(encoder.encode(frame))
    write(encoder.encode(None))


def _colour(track: Track, at: float) -> tuple[int, int, int]:
    if track.flash is not None:
        return (255, 255, 255) if track.flash <= at < track.flash + 0.2 else (0, 0, 0)
    return track.colours[min(int(at / track.seconds * len(track.colours)), len(track.colours) - 1)]


def write_timeline(folder: Path, lines: Iterable[Line], end: float | None = None, quality: str = "LD") -> None:
    """The timeline in order of time, with its first line and, unless `end` is None, its last."""
    first = SegmentBegan(conf_num="1", segment=1, started_at="2026-01-01T00:00:00Z", room_name="room", quality=quality)  # type: ignore[arg-type]
    last = [SegmentEnded(at=end)] if end is not None else []
    everything = [first, *sorted(lines, key=lambda line: line.at), *last]
    text = "".join(line.model_dump_json() + "\n" for line in everything)
    (folder / FILE_NAME).write_text(text, encoding="utf-8")


def joined(client_id: str, name: str | None = None, at: float = 0.0, **file: Any) -> list[Line]:
    """Someone joins, with camera and microphone, and a file begins: CLIENTID-1.mkv unless told."""
    return [
        PersonJoined(at=at, client_id=client_id, name=name or client_id, role="participant"),
        SourceShown(at=at, client_id=client_id, source="camera", live=True),
        SourceShown(at=at, client_id=client_id, source="microphone", live=True),
        FileBegan(at=at, client_id=client_id, **({"file": f"{client_id}-1.mkv"} | file)),
    ]
