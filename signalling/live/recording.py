"""Who carries out what sessions decide on recording."""

from typing import Protocol

from signalling.domain.effects import BeginRecording, FinishRecording
from signalling.domain.recording import RecordingFailed, RecordingMoved
from signalling.domain.room import Room
from signalling.recording.scene import Scene


class Recorded(Protocol):
    """A running session, for those who record it."""

    room: Room
    conf_num: str

    def scene(self) -> Scene:
        """As it is now."""

    def apply(self, given: RecordingMoved | RecordingFailed, /) -> object: ...


class Recording(Protocol):
    """Does what the effects say, in their order and without waiting; what comes of it goes back into the session as an
    input (`signalling.domain.recording`), but not before the effects at hand are carried out.

    `available` says whether there is a recorder; sessions that run are told of changes by
    `LiveSessions.recorders_changed`.
    """

    @property
    def available(self) -> bool: ...

    def begin(self, session: Recorded, effect: BeginRecording) -> None: ...

    def finish(self, conf_num: str, effect: FinishRecording) -> None: ...

    def follow(self, session: Recorded) -> None:
        """A session that is recorded may look different now."""

    def node_returned(self, session: Recorded) -> None:
        """The session's media node linked again, and may have begun anew."""


class NoRecorders:
    """There is no recorder. So sessions refuse to record, and nothing is ever carried out."""

    available = False

    def begin(self, session: Recorded, effect: BeginRecording) -> None:
        raise RuntimeError(f"{session.conf_num} records, but there is no recorder")

    def finish(self, conf_num: str, effect: FinishRecording) -> None:
        raise RuntimeError(f"{conf_num} stops recording, but there is no recorder")

    def follow(self, session: Recorded) -> None:
        raise RuntimeError(f"{session.conf_num} is recorded, but there is no recorder")

    def node_returned(self, session: Recorded) -> None:
        """There is no tap to put."""
