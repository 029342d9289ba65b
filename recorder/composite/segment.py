"""The composite of one segment folder, made after the session: one MP4 from the timeline and the files."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import av

from recorder import encoders
from recorder.composite.compositor import Compositor, Output
from recorder.composite.errors import CompositeError
from recorder.composite.file_sources import FileSources, reason_of
from recorder.composite.film import MP4, WEBM, Film, WholeFile
from recorder.composite.pictures import unbroken
from recorder.composite.planner import Planner
from recorder.composite.stamps import watermark
from recorder.encoders import FRAME_RATE
from recorder.layouts import SIZES, Quality
from recorder.timeline import (
    FILE_NAME,
    FileBegan,
    SegmentBegan,
    SegmentEnded,
    TimelineError,
    TimelineLine,
    read_timeline,
)

OUTPUT_NAME = "composite.mp4"


@dataclass(frozen=True)
class Progress:
    """How much of the film is made, in seconds of film."""

    done: float
    total: float

    @property
    def percent(self) -> int:
        """From 0 to 100."""
        return int(100 * self.done / self.total)


@dataclass(frozen=True)
class Choices:
    """What may be chosen. Without a quality it is the room's; `encoder` is `auto` or a name in `encoders.ENCODERS`."""

    quality: Quality | None = None
    encoder: str = "auto"
    watermark: Path | None = None


@dataclass(frozen=True)
class Composite:
    """A composite that was made. `left_out` has each file that could not be used, with the reason."""

    path: Path
    encoder: str
    duration: float
    left_out: dict[str, str] = field(default_factory=dict)


def compose_segment(
    folder: Path,
    output: Path | None = None,
    choices: Choices | None = None,
    progress: Callable[[Progress], None] = lambda progress: None,
) -> Composite:
    """Make the composite of a segment; `output` is `composite.mp4` in the folder unless told, and is replaced.

    An `output` that ends in `.webm` becomes VP8 and Opus in WebM. `progress` is called at each whole percent; what it
    raises ends the work. However the work ends before its time, no half file stays. Raises CompositeError.
    """
    choices = choices or Choices()
    path = output or folder / OUTPUT_NAME
    if path.suffix not in (".mp4", ".webm"):
        raise CompositeError("cannot-write", f"{path.name}: a composite is an MP4 or a WebM; end its name so")
    lines = _timeline(folder)
    left_out = _unusable(folder, lines)
    duration = _duration(folder, lines, left_out)
    size = SIZES[choices.quality or _quality(lines)]
    stamp = watermark(choices.watermark) if choices.watermark else None
    webm = path.suffix == ".webm"
    encoder = encoders.VP8 if webm else encoders.choose(size, choices.encoder)
    ticks = max(1, round(duration * FRAME_RATE))
    with (
        closing(FileSources(folder)) as sources,
        Film(WholeFile(path), size, encoder, WEBM if webm else MP4) as film,
    ):
        compositor = Compositor(Output(size, stamp), sources)
        _shoot(film, compositor, _Script(lines, Planner(size, left_out)), ticks, progress)
        film.finish()
        return Composite(path, encoder.name, ticks / FRAME_RATE, left_out | sources.left_out)


class _Script:
    """The timeline, played: tells whether the scene changes at a tick."""

    def __init__(self, lines: list[TimelineLine], planner: Planner) -> None:
        self._lines = iter(lines)
        self._next = next(self._lines, None)
        self.planner = planner

    def advance(self, until: float) -> bool:
        """Apply the lines before `until` seconds; True when there were any."""
        applied = False
        while self._next is not None and self._next.at < until:
            self.planner.apply(self._next)
            self._next = next(self._lines, None)
            applied = True
        return applied


def _shoot(
    film: Film, compositor: Compositor, script: _Script, ticks: int, progress: Callable[[Progress], None]
) -> None:
    told = -1
    for tick in range(ticks):
        # Up to the end of the tick: a sound that begins within it must not lose its beginning.
        if script.advance((tick + 1) / FRAME_RATE):
            compositor.show(script.planner.scene(), tick)
        frame = film.blank()
        compositor.draw(tick, frame)
        film.write(frame, compositor.sound(tick))
        made = Progress((tick + 1) / FRAME_RATE, ticks / FRAME_RATE)
        if made.percent != told:
            told = made.percent
            progress(made)
    film.write_sound(compositor.last_sound())


def _timeline(folder: Path) -> list[TimelineLine]:
    try:
        lines = list(read_timeline(folder / FILE_NAME))
    except OSError as error:
        text = f"{folder} has no readable {FILE_NAME} ({error.strerror}); name the folder of a recorded segment"
        raise CompositeError("no-timeline", text) from error
    except (TimelineError, UnicodeDecodeError) as error:
        raise CompositeError("bad-timeline", f"{folder}: {error}; the timeline was changed or damaged") from error
    if not any(isinstance(line, FileBegan) for line in lines):
        raise CompositeError("nothing-recorded", f"{folder}: the timeline names no file; nobody sent anything")
    return sorted(lines, key=lambda line: line.at)


def _unusable(folder: Path, lines: list[TimelineLine]) -> dict[str, str]:
    """Files that cannot be opened, with the reason."""
    files = [line.file for line in lines if isinstance(line, FileBegan)]
    reasons: dict[str, str] = {}
    for name in files:
        try:
            av.open(str((folder / name).absolute())).close()
        except (av.FFmpegError, OSError) as error:
            reasons[name] = reason_of(error)
    if len(reasons) == len(set(files)):
        why = "; ".join(f"{name}: {reason}" for name, reason in list(reasons.items())[:3])
        raise CompositeError("nothing-recorded", f"{folder}: none of its files can be opened ({why})")
    return reasons


def _duration(folder: Path, lines: list[TimelineLine], left_out: dict[str, str]) -> float:
    """Seconds up to the `end` line; of a segment that was cut off, up to the last thing that any file has."""
    ends = [line.at for line in lines if isinstance(line, SegmentEnded)]
    if ends:
        return ends[-1]
    begun = [line for line in lines if isinstance(line, FileBegan) and line.file not in left_out]
    return max(lines[-1].at, *(line.at + _last_moment(folder / line.file) for line in begun))


def _last_moment(path: Path) -> float:
    """When the last packet of a file ends, in seconds of the file. A file that was cut off does not say it itself."""
    last = 0.0
    with av.open(str(path.absolute())) as container:
        for packet in unbroken(container.demux()):
            if packet.pts is not None and packet.time_base is not None:
                last = max(last, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    return last


def _quality(lines: list[TimelineLine]) -> Quality:
    return next((line.quality for line in lines if isinstance(line, SegmentBegan)), "HD")
