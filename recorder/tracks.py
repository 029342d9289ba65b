"""The tracks of a tapped session: from packets in any order to timed frames, and who sent them under which name.

Whatever reads the tap tells `TappedTracks` of everything that comes, and calls `tick` each 50 ms or so. Where the
frames go, and what becomes of the news, is up to its subclasses: files, or a film that is made at once.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from recorder.clock import NodeClock
from recorder.errors import RecordingError
from recorder.jitter import MAX_WAIT
from recorder.timeline import PersonJoined, PersonLeft, SourceShown, TalkersChanged, TimelineLine
from recorder.track_files import Group
from recorder.track_writer import TimedFrame, TrackWriter
from sfu.link_messages import Codec, Kind, Source
from sfu.rtcp.reports import SenderReport
from sfu.rtp.packet import RtpPacket


class GroupSink(Protocol):
    """Where the frames of a group's tracks go, at most one track of each kind. All methods may raise OSError.

    `now` and `at` are seconds of the segment.
    """

    group: Group

    def write(self, source: Source, kind: Kind, codec: Codec, timed: TimedFrame, now: float) -> None: ...

    def expire(self, now: float) -> None:
        """Called at each tick."""

    def flush(self) -> None:
        """A track of the group is paused."""

    def finish(self, now: float) -> None:
        """Nothing more comes."""


S = TypeVar("S", bound=GroupSink)


@dataclass(slots=True)
class TappedTrack(Generic[S]):
    track_id: str
    ssrc: int
    source: Source
    kind: Kind
    writer: TrackWriter
    sink: S
    client_id: str
    live: bool = True


class TappedTracks(ABC, Generic[S]):
    """Follows the tracks of a session. `now` and `arrived` are seconds of any clock that never goes back; `began_at` is
    the same clock's when the segment began.

    Every method may raise RecordingError: once, when the disk fails. Whatever comes later is ignored.
    """

    def __init__(self, began_at: float, max_wait: float = MAX_WAIT) -> None:
        """`max_wait` is for how long a missing packet is waited for, in seconds."""
        self.open = True
        self._zero = began_at
        self._max_wait = max_wait
        self._node_clock = NodeClock()
        self._names: dict[str, str] = {}
        self._tracks: dict[str, TappedTrack[S]] = {}
        self._by_ssrc: dict[int, TappedTrack[S]] = {}
        self._groups: dict[Group, S] = {}
        self._counters: Counter[str] = Counter()

    @abstractmethod
    def finish(self, now: float) -> object:
        """End the segment, if it goes on still."""

    @abstractmethod
    def _sink(self, group: Group, name: str) -> S:
        """Where the frames of a group that begins go; `name` is the participant's."""

    @abstractmethod
    def _closed(self, sink: S) -> None:
        """A group has ended, by whatever cause."""

    @abstractmethod
    def _tell(self, line: TimelineLine) -> None:
        """Something happened. Raises OSError."""

    @abstractmethod
    def _fail(self) -> None:
        """The disk failed: close everything as it is. Further faults would say nothing new."""

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
            sink = self._groups.get(group)
            if sink is None:
                sink = self._groups[group] = self._sink(group, self._names.get(client_id, client_id))
            writer = TrackWriter(codec, self._node_clock, self._max_wait)
            track = TappedTrack(track_id, ssrc, source, kind, writer, sink, client_id)
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
            for sink in self._groups.values():
                sink.expire(at)

    def _end_all(self, now: float) -> None:
        """Ends every track and every group."""
        for track in list(self._tracks.values()):
            self._drain(track, now)
            self._forget(track)
        for group in list(self._groups):
            self._close_group(group, now)

    def _show(self, track_id: str, live: bool, now: float) -> None:
        with self._writing():
            track = self._tracks.get(track_id)
            if track is None or track.live is live:
                return
            if not live:
                self._drain(track, now)
                track.sink.flush()
            track.live = live
            self._tell(SourceShown(at=self._at(now), client_id=track.client_id, source=track.source, live=live))

    def _end(self, track: TappedTrack[S], now: float) -> None:
        self._drain(track, now)
        self._forget(track)
        if track.live:
            self._tell(SourceShown(at=self._at(now), client_id=track.client_id, source=track.source, live=False))
        group = track.sink.group
        if group.use and not any(other.sink is track.sink for other in self._tracks.values()):
            self._close_group(group, now)

    def _drain(self, track: TappedTrack[S], now: float) -> None:
        at = now - self._zero
        self._write(track, track.writer.end(at), at)

    def _forget(self, track: TappedTrack[S]) -> None:
        del self._tracks[track.track_id]
        self._counters.update(track.writer.counters())
        if self._by_ssrc.get(track.ssrc) is track:
            del self._by_ssrc[track.ssrc]

    def _write(self, track: TappedTrack[S], frames: list[TimedFrame], at: float) -> None:
        for timed in frames:
            track.sink.write(track.source, track.kind, track.writer.codec, timed, at)

    def _close_group(self, group: Group, now: float) -> None:
        sink = self._groups.pop(group)
        try:
            sink.finish(self._at(now))
        finally:
            self._closed(sink)

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
