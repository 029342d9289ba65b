"""A segment of a recording: the folder with the files of its participants, and its timeline.

Whatever reads the tap tells a `Segment` of everything that comes, and calls `tick` each 50 ms or so.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from recorder.clock import NodeClock
from recorder.errors import RecordingError
from recorder.timeline import (
    PersonJoined,
    PersonLeft,
    SegmentBegan,
    SegmentEnded,
    SourceShown,
    TalkersChanged,
    TimelineLine,
)
from recorder.timeline_writer import TimelineWriter
from recorder.track_files import Group, RecordedFile, TrackFiles
from recorder.track_writer import TimedFrame, TrackWriter
from sfu.link_messages import Codec, Kind, Source
from sfu.rtcp.reports import SenderReport
from sfu.rtp.packet import RtpPacket


@dataclass(slots=True)
class _Track:
    track_id: str
    ssrc: int
    source: Source
    kind: Kind
    writer: TrackWriter
    files: TrackFiles
    client_id: str
    live: bool = True


class Segment:
    """Records tracks until `finish`. `now` and `arrived` are seconds of any clock that never goes back; `began_at` is
    the same clock's when the segment began.

    Every method may raise RecordingError: once, when the disk fails. The files are then closed, intact up to there,
    and whatever comes later is ignored.
    """

    def __init__(self, folder: Path, began: SegmentBegan, began_at: float) -> None:
        """`folder` is made; it must hold no segment yet. Raises RecordingError."""
        self.folder = folder
        self.open = True
        self._zero = began_at
        self._node_clock = NodeClock()
        self._names: dict[str, str] = {}
        self._tracks: dict[str, _Track] = {}
        self._by_ssrc: dict[int, _Track] = {}
        self._groups: dict[Group, TrackFiles] = {}
        self._finished: list[RecordedFile] = []
        self._counters: Counter[str] = Counter()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._timeline = TimelineWriter(folder)
            self._timeline.write(began)
        except OSError as error:
            raise RecordingError.of(error) from error

    def keyframes_wanted(self) -> list[str]:
        """The ids of the live tracks that show nothing before a keyframe comes: ask for one, again and again."""
        return [track.track_id for track in self._tracks.values() if track.live and track.writer.keyframe_wanted]

    def counters(self) -> dict[str, int]:
        """What went wrong since the segment began, by name; `strangers` are packets of streams that nobody told of."""
        totals = self._counters.copy()
        for track in self._tracks.values():
            totals.update(track.writer.counters())
        return dict(totals)

    def on_node_clock(self, ntp: float, now: float) -> None:
        """What the media node's NTP clock (seconds since 1900) shows at `now`, as it says when a tap opens."""
        self._node_clock.learn(ntp, now - self._zero)

    def on_person_joined(self, client_id: str, name: str, role: str, now: float) -> None:
        """Someone is in, or has another name or role now. Told before their tracks, so that files bear the name."""
        with self._writing():
            self._names[client_id] = name
            self._tell(PersonJoined(at=self._at(now), client_id=client_id, name=name, role=role))

    def on_person_left(self, client_id: str, now: float) -> None:
        """Ends what is left of their tracks, and their files."""
        with self._writing():
            for track in [track for track in self._tracks.values() if track.client_id == client_id]:
                self._end(track, now)
            for group in [group for group in self._groups if group.client_id == client_id]:
                self._close_group(group, now)
            self._names.pop(client_id, None)
            self._tell(PersonLeft(at=self._at(now), client_id=client_id))

    def on_talkers(self, stage: tuple[str, ...], speaking: tuple[str, ...], now: float) -> None:
        with self._writing():
            self._tell(TalkersChanged(at=self._at(now), stage=stage, speaking=speaking))

    def on_track(
        self, *, ssrc: int, track_id: str, client_id: str, source: Source, kind: Kind, codec: Codec, now: float
    ) -> None:
        """A track is there, or has another codec or SSRC now."""
        if not self.open:
            return
        with self._writing():
            old = self._tracks.get(track_id)
            if old is not None and (old.ssrc, old.writer.codec) == (ssrc, codec):
                return
            for same in list(self._tracks.values()):
                if same is old or (same.client_id, same.source, same.kind) == (client_id, source, kind):
                    self._drain(same, now)
                    self._forget(same)
            group = Group.of(client_id, source)
            files = self._groups.get(group)
            if files is None:
                files = TrackFiles(self.folder, group, self._names.get(client_id, client_id), self._tell)
                self._groups[group] = files
            writer = TrackWriter(codec, self._node_clock)
            track = _Track(track_id, ssrc, source, kind, writer, files, client_id)
            self._tracks[track_id] = self._by_ssrc[ssrc] = track
            self._tell(SourceShown(at=self._at(now), client_id=client_id, source=source, live=True))

    def on_rtp(self, packet: RtpPacket, arrived: float) -> None:
        track = self._by_ssrc.get(packet.ssrc)
        if track is None:
            self._counters["strangers"] += 1
            return
        with self._writing():
            at = arrived - self._zero
            self._write(track, track.writer.receive(packet, at), at)

    def on_sender_report(self, report: SenderReport, arrived: float) -> None:
        track = self._by_ssrc.get(report.ssrc)
        if track is None:
            self._counters["strangers"] += 1
            return
        with self._writing():
            at = arrived - self._zero
            self._write(track, track.writer.sender_report(report, at), at)

    def on_paused(self, track_id: str, now: float) -> None:
        self._show(track_id, False, now)

    def on_resumed(self, track_id: str, now: float) -> None:
        self._show(track_id, True, now)

    def on_track_ended(self, track_id: str, now: float) -> None:
        with self._writing():
            track = self._tracks.get(track_id)
            if track is not None:
                self._end(track, now)

    def tick(self, now: float) -> None:
        """Gives up packets that do not come, and writes what has waited for long enough."""
        with self._writing():
            at = now - self._zero
            for track in self._tracks.values():
                self._write(track, track.writer.expire(at), at)
            for files in self._groups.values():
                files.expire(at)

    def finish(self, now: float) -> tuple[RecordedFile, ...]:
        """Ends the segment, if it goes on still. The files, also of one that failed, in the order of their ends."""
        with self._writing():
            for track in list(self._tracks.values()):
                self._drain(track, now)
                self._forget(track)
            for group in list(self._groups):
                self._close_group(group, now)
            self._tell(SegmentEnded(at=self._at(now)))
            self.open = False
            self._timeline.close()
        return tuple(self._finished)

    def _show(self, track_id: str, live: bool, now: float) -> None:
        with self._writing():
            track = self._tracks.get(track_id)
            if track is None or track.live is live:
                return
            if not live:
                self._drain(track, now)
                track.files.flush()
            track.live = live
            self._tell(SourceShown(at=self._at(now), client_id=track.client_id, source=track.source, live=live))

    def _end(self, track: _Track, now: float) -> None:
        self._drain(track, now)
        self._forget(track)
        if track.live:
            self._tell(SourceShown(at=self._at(now), client_id=track.client_id, source=track.source, live=False))
        group = track.files.group
        if group.use and not any(other.files is track.files for other in self._tracks.values()):
            self._close_group(group, now)

    def _drain(self, track: _Track, now: float) -> None:
        at = now - self._zero
        self._write(track, track.writer.end(at), at)

    def _forget(self, track: _Track) -> None:
        del self._tracks[track.track_id]
        self._counters.update(track.writer.counters())
        if self._by_ssrc.get(track.ssrc) is track:
            del self._by_ssrc[track.ssrc]

    def _write(self, track: _Track, frames: list[TimedFrame], at: float) -> None:
        for timed in frames:
            track.files.write(track.source, track.kind, track.writer.codec, timed, at)

    def _close_group(self, group: Group, now: float) -> None:
        files = self._groups.pop(group)
        try:
            files.finish(self._at(now))
        finally:
            self._finished += files.finished

    def _tell(self, line: TimelineLine) -> None:
        if self.open:
            self._timeline.write(line)

    def _at(self, now: float) -> float:
        return round(max(0.0, now - self._zero), 3)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Turns a fault of the disk into the end of the segment."""
        try:
            yield
        except OSError as error:
            self._fail()
            raise RecordingError.of(error) from error

    def _fail(self) -> None:
        """Closes everything as it is on the disk. Further faults would say nothing new."""
        self.open = False
        for track in list(self._tracks.values()):
            self._forget(track)
        for files in self._groups.values():
            with suppress(OSError):
                files.abandon()
            self._finished += files.finished
        self._groups.clear()
        with suppress(OSError):
            self._timeline.close()
