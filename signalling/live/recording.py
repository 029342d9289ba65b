"""Who carries out what sessions decide on recording."""

from typing import Protocol

from signalling.domain.effects import BeginRecording, FinishRecording


class Recording(Protocol):
    """Does what the effects say, in their order and without waiting; what comes of it goes back into the session as an
    input (`signalling.domain.recording`).

    `available` says whether there is a recorder; sessions that run are told of changes by
    `LiveSessions.recorders_changed`.
    """

    @property
    def available(self) -> bool: ...

    def begin(self, conf_num: str, effect: BeginRecording) -> None: ...

    def finish(self, conf_num: str, effect: FinishRecording) -> None: ...


class NoRecorders:
    """There is no recorder. So sessions refuse to record, and nothing is ever carried out."""

    available = False

    def begin(self, conf_num: str, effect: BeginRecording) -> None:
        raise RuntimeError(f"{conf_num} records, but there is no recorder")

    def finish(self, conf_num: str, effect: FinishRecording) -> None:
        raise RuntimeError(f"{conf_num} stops recording, but there is no recorder")
