"""The numbered MKV files of one participant's camera and microphone, or of one of their screen shares."""

import hashlib
import re
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import NamedTuple

from recorder.mkv import CLUSTER_SPAN, MkvFile, MkvTrack
from recorder.timeline import FileBegan, FileEnded, TimelineLine
from recorder.track_writer import TimedFrame
from sfu.link_messages import Codec, Kind, Source

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class RecordedFile(NamedTuple):
    """A finished file of the segment's folder: `size` in bytes, `at` and `duration` in seconds."""

    file: str
    client_id: str
    screen: bool
    at: float
    duration: float
    size: int


class Group(NamedTuple):
    """Whose tracks share a file. `use` is empty for microphone and camera, else the source that has its own."""

    client_id: str
    use: str

    @classmethod
    def of(cls, client_id: str, source: Source) -> "Group":
        return cls(client_id, "" if source in ("microphone", "camera") else source)

    @property
    def stem(self) -> str:
        """The beginning of its files' names: never a path, whatever the client id holds."""
        name = self.client_id
        if not _PLAIN.fullmatch(name):
            name = "id-" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return f"{name}-{self.use}" if self.use else name


class TrackFiles:
    """Writes the frames of a group's tracks, at most one of each kind, into one file after another.

    A file is begun with the first frame, and another one when a codec changes. All methods that write raise OSError.
    """

    def __init__(self, folder: Path, group: Group, name: str, tell: Callable[[TimelineLine], None]) -> None:
        """`name` is the participant's, for players to show; `tell` writes to the timeline."""
        self.group = group
        self.finished: list[RecordedFile] = []
        self._folder = folder
        self._name = name
        self._tell = tell
        self._numbers = count(1)
        self._file: MkvFile | None = None
        self._file_name = ""
        self._began = 0.0
        self._tracks: dict[Kind, tuple[Codec, int]] = {}
        self._pending_since: float | None = None

    def write(self, source: Source, kind: Kind, codec: Codec, timed: TimedFrame, now: float) -> None:
        track = self._tracks.get(kind)
        if track is not None and track[0].name != codec.name:
            self.finish(now)
        file = self._file or self._begin(timed.at)
        number = self._number(file, source, kind, codec, timed)
        frame = timed.frame
        file.write(
            number, max(0.0, timed.at - self._began), frame.data, keyframe=frame.keyframe, duration=frame.duration
        )
        if not file.pending:
            self._pending_since = None
        elif self._pending_since is None:
            self._pending_since = now

    def expire(self, now: float) -> None:
        """Writes what has waited for long enough."""
        if self._pending_since is not None and now - self._pending_since >= CLUSTER_SPAN:
            self.flush()

    def flush(self) -> None:
        self._pending_since = None
        if self._file is not None:
            self._file.flush()

    def finish(self, now: float) -> None:
        """Closes the present file, if any; the next frame begins another."""
        file, self._file = self._file, None
        if file is None:
            return
        try:
            file.finish()
        finally:
            self._report(file)
        self._tell(FileEnded(at=max(0.0, now), file=self._file_name))

    def abandon(self) -> None:
        """Closes the present file as far as it is written; no more is written to the disk."""
        file, self._file = self._file, None
        if file is not None:
            file.abandon()
            self._report(file)

    def _begin(self, at: float) -> MkvFile:
        """The next file, under the first number that is free."""
        tags = {"TITLE": self._name, "ARTIST": self._name, "CLIENT_ID": self.group.client_id}
        title = f"{self._name} ({self.group.use})" if self.group.use else self._name
        for number in self._numbers:
            self._file_name = f"{self.group.stem}-{number}.mkv"
            try:
                self._file = MkvFile(self._folder / self._file_name, title, tags)
                break
            except FileExistsError:
                continue
        assert self._file is not None
        self._began = round(max(0.0, at), 3)
        self._tracks = {}
        line = FileBegan(
            at=self._began, file=self._file_name, client_id=self.group.client_id, screen=self.group.use != ""
        )
        self._tell(line)
        return self._file

    def _number(self, file: MkvFile, source: Source, kind: Kind, codec: Codec, timed: TimedFrame) -> int:
        track = self._tracks.get(kind)
        if track is None:
            frame = timed.frame
            description = MkvTrack(
                codec.name, f"{self._name} ({source})", frame.width, frame.height, frame.codec_private
            )
            track = self._tracks[kind] = (codec, file.add_track(description))
        return track[1]

    def _report(self, file: MkvFile) -> None:
        group = self.group
        self.finished.append(
            RecordedFile(self._file_name, group.client_id, group.use != "", self._began, file.duration, file.size)
        )
