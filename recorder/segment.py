"""A segment of a recording: the folder with the files of its participants, and its timeline."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from recorder.errors import RecordingError
from recorder.timeline import SegmentBegan, SegmentEnded, TimelineLine
from recorder.timeline_writer import TimelineWriter
from recorder.track_files import Group, RecordedFile, TrackFiles
from recorder.tracks import TappedTracks
from sfu.recording_messages import PutSegment


class Segment(TappedTracks[TrackFiles]):
    """Records tracks until `finish`. When the disk fails, the files are closed, intact up to there."""

    def __init__(self, folder: Path, began: SegmentBegan, began_at: float) -> None:
        """`folder` is made; it must hold no segment yet. Raises RecordingError."""
        super().__init__(began_at)
        self.folder = folder
        self._finished: list[RecordedFile] = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._timeline = TimelineWriter(folder)
            self._timeline.write(began)
        except OSError as error:
            raise RecordingError.of(error) from error

    @classmethod
    def begin(cls, order: PutSegment, folder: Path, *, now: float, unix: float) -> Self:
        """The segment that is ordered; `unix` is what the wall clock shows `now`. Raises RecordingError."""
        started_at = datetime.fromtimestamp(unix, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        began = SegmentBegan(
            conf_num=order.conf_num,
            segment=order.segment,
            started_at=started_at,
            room_name=order.room_name,
            quality=order.quality,
        )
        return cls(folder, began, now)

    def finish(self, now: float) -> tuple[RecordedFile, ...]:
        """Ends the segment, if it goes on still. The files, also of one that failed, in the order of their ends."""
        with self._writing():
            self._end_all(now)
            self._tell(SegmentEnded(at=self._at(now)))
            self.open = False
            self._timeline.close()
        return tuple(self._finished)

    def _sink(self, group: Group, name: str) -> TrackFiles:
        return TrackFiles(self.folder, group, name, self._tell)

    def _closed(self, sink: TrackFiles) -> None:
        self._finished += sink.finished

    def _tell(self, line: TimelineLine) -> None:
        if self.open:
            self._timeline.write(line)

    def _fail(self) -> None:
        self.open = False
        for track in list(self._tracks.values()):
            self._forget(track)
        for files in self._groups.values():
            with suppress(OSError):
                files.abandon()
            self._closed(files)
        self._groups.clear()
        with suppress(OSError):
            self._timeline.close()
