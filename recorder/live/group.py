"""What one participant's camera and microphone, or one of their screen shares, bring to a live film."""

from collections.abc import Callable

from recorder.live.pictures import LivePictures
from recorder.live.sounds import LiveSound
from recorder.timeline import FileBegan, FileEnded, TimelineLine
from recorder.track_files import Group
from recorder.track_writer import TimedFrame
from sfu.link_messages import Codec, Kind, Source


class LiveGroup:
    """Begins with its first frame, of which `tell` and `begun` are told; `name` is that of its clip.

    `pictures` and `sound` are None as long as there was none. It is `over` when nothing more comes; what it has is
    still to be shown then.
    """

    def __init__(
        self,
        group: Group,
        name: str,
        tell: Callable[[TimelineLine], None],
        begun: Callable[["LiveGroup"], None],
        *,
        with_pictures: bool,
    ) -> None:
        self.group = group
        self.name = name
        self.over = False
        self.pictures: LivePictures | None = None
        self.sound: LiveSound | None = None
        self._tell = tell
        self._begun = begun
        self._with_pictures = with_pictures
        self._began = False
        self._watched = True
        self._lost = 0

    @property
    def keyframe_wanted(self) -> bool:
        return self.pictures is not None and self.pictures.keyframe_wanted

    @property
    def undecodable(self) -> int:
        """Pictures and packets of sound that were left out."""
        parts = [part for part in (self.pictures, self.sound) if part is not None]
        return self._lost + sum(part.undecodable for part in parts)

    def watch(self, watched: bool) -> None:
        """Whether somebody sees the pictures."""
        self._watched = watched
        if self.pictures is not None:
            self.pictures.watch(watched)

    def write(self, source: Source, kind: Kind, codec: Codec, timed: TimedFrame, now: float) -> None:
        if kind == "video" and not self._with_pictures:
            return
        if not self._began:
            self._began = True
            at = round(max(0.0, timed.at), 3)
            screen = self.group.use != ""
            self._tell(FileBegan(at=at, file=self.name, client_id=self.group.client_id, screen=screen))
            self._begun(self)
        if kind == "audio":
            self.sound = self.sound or LiveSound()
            self.sound.put(timed)
            return
        if self.pictures is None or self.pictures.codec != codec.name:
            self._lost += self.pictures.undecodable if self.pictures is not None else 0
            self.pictures = LivePictures(codec.name, screen=self.group.use != "")
            self.pictures.watch(self._watched)
        self.pictures.put(timed)

    def expire(self, now: float) -> None:
        """Nothing is held back here."""

    def flush(self) -> None:
        """Nothing is held back here."""

    def finish(self, now: float) -> None:
        self.over = True
        if self._began:
            self._tell(FileEnded(at=max(0.0, now), file=self.name))
