"""A live segment: what comes over the tap becomes a film at once, a short fixed time later."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Protocol

import av

from recorder.composite.compositor import Compositor, Output
from recorder.composite.errors import CompositeError
from recorder.composite.film import Film
from recorder.composite.planner import Planner
from recorder.encoders import FRAME_RATE
from recorder.errors import RecordingError
from recorder.layouts import Size
from recorder.live.group import LiveGroup
from recorder.live.sources import LiveSources
from recorder.timeline import TimelineLine
from recorder.track_files import Group
from recorder.tracks import TappedTracks

DELAY = 0.5
"""Seconds that the film is behind what comes: what is later than that is missing in it."""
MAX_WAIT = 0.35
"""Seconds that a missing packet is waited for; what comes after it has to be in time, too."""
MAX_LATE = 5
"""Ticks that the film may be later than `DELAY` before pictures are held instead of drawn."""
MAX_AT_ONCE = 5
"""Pictures that are encoded in one go, between which the tap is read."""
MAX_REPEATED = 2 * FRAME_RATE
"""Ticks before there was a film that are still encoded, so that it has all its pictures."""
_DELAY_TICKS = round(DELAY * FRAME_RATE)


class Painter(Protocol):
    """Makes the pictures of a live film: the compositor, or whatever shows a page in its place."""

    def draw(self, tick: int, frame: av.VideoFrame) -> None:
        """Draw the tick's picture on a yuv420p frame of the film's size."""

    def repeat(self, frame: av.VideoFrame) -> None:
        """Put the picture that was drawn last on the frame."""


class LiveSegment(TappedTracks[LiveGroup]):
    """Writes to `film` until `finish`, 25 frames a second of the clock that `now` is of; `tick` does the work.

    When there is no time for drawing, pictures are held (`pictures-held` among the counters); sound and duration stay
    right. Every method may raise RecordingError: once, when the film cannot be written any more. What was
    written plays.
    """

    def __init__(self, film: Film, size: Size, began_at: float, painter: Painter | None = None) -> None:
        """`film` has been entered. With a `painter` the pictures of the session are not decoded."""
        super().__init__(began_at, MAX_WAIT)
        self._film = film
        self._sources = LiveSources()
        self._compositor = Compositor(Output(size), self._sources)
        self._painter: Painter = painter or self._compositor
        self._with_pictures = painter is None
        self._planner = Planner(size)
        self._lines: deque[TimelineLine] = deque()
        self._numbers = count(1)
        self._next = 0
        self._begun = False  # whether it has caught up with what was due before there was a film

    def keyframes_wanted(self) -> list[str]:
        if not self._with_pictures:
            return []
        return [
            track.track_id
            for track in self._tracks.values()
            if track.live and track.kind == "video" and (track.writer.keyframe_wanted or track.sink.keyframe_wanted)
        ]

    def counters(self) -> dict[str, int]:
        return {**super().counters(), "frames-left-out": self._sources.undecodable}

    def tick(self, now: float) -> None:
        super().tick(now)
        if self.open:
            with self._filming():
                self._shoot(int((now - self._zero - DELAY) * FRAME_RATE + 1e-6), MAX_LATE)

    def finish(self, now: float) -> None:
        if not self.open:
            return
        self._end_all(now)
        with self._filming():
            last = max(1, int((now - self._zero) * FRAME_RATE + 1e-6))
            while self._next < last:
                self._shoot(last, MAX_LATE + _DELAY_TICKS)
            self._film.write_sound(self._compositor.last_sound())
            self._film.finish()
        self.open = False

    def _shoot(self, due: int, max_late: int) -> None:
        """Of the ticks before `due`, as many as may be done in one go."""
        encoded = 0
        while self._next < due and encoded < MAX_AT_ONCE:
            late = due - self._next
            sound = self._compositor.sound(self._next)
            if late <= max_late or not self._next:
                self._begun = late <= max_late
                encoded += 1
                self._film.write(self._drawn(), sound)
            elif not self._begun and late <= MAX_REPEATED:
                encoded += 1
                frame = self._film.blank()
                self._painter.repeat(frame)
                self._film.write(frame, sound)
            else:
                self._counters["pictures-held"] += 1
                self._film.hold(sound)
            self._next += 1

    def _drawn(self) -> av.VideoFrame:
        frame = self._film.blank()
        self._follow_news()
        self._painter.draw(self._next, frame)
        return frame

    def _follow_news(self) -> None:
        changed = False
        # Up to the end of the tick, as in the composite.
        while self._lines and self._lines[0].at < (self._next + 1) / FRAME_RATE:
            self._planner.apply(self._lines.popleft())
            changed = True
        if changed:
            self._compositor.show(self._planner.scene(), self._next)

    def _sink(self, group: Group, name: str) -> LiveGroup:
        clip = f"{group.stem}-{next(self._numbers)}"
        return LiveGroup(group, clip, self._tell, self._sources.add, with_pictures=self._with_pictures)

    def _closed(self, sink: LiveGroup) -> None:
        """Its sources forget it when the film has come so far."""

    def _tell(self, line: TimelineLine) -> None:
        if self.open:
            self._lines.append(line)

    def _fail(self) -> None:
        self.open = False
        self._tracks.clear()
        self._by_ssrc.clear()
        self._groups.clear()

    @contextmanager
    def _filming(self) -> Iterator[None]:
        """Turns what keeps the film from being written into the end of the segment."""
        try:
            yield
        except CompositeError as error:
            self._fail()
            if isinstance(error.__cause__, OSError):
                raise RecordingError.of(error.__cause__) from error
            raise RecordingError("write-failed", str(error)) from error
