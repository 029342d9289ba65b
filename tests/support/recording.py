"""A recorder that only remembers what it is told."""

from signalling.domain.effects import BeginRecording, FinishRecording
from signalling.live.recording import Recorded


class RememberingRecorder:
    available = True

    def __init__(self) -> None:
        self.done: list[tuple[str, BeginRecording | FinishRecording]] = []

    def begin(self, session: Recorded, effect: BeginRecording) -> None:
        self.done.append((session.conf_num, effect))

    def finish(self, conf_num: str, effect: FinishRecording) -> None:
        self.done.append((conf_num, effect))

    def follow(self, session: Recorded) -> None:
        pass

    def node_returned(self, session: Recorded) -> None:
        pass
