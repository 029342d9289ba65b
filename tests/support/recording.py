"""A recorder that only remembers what it is told."""

from signalling.domain.effects import BeginRecording, FinishRecording


class RememberingRecorder:
    available = True

    def __init__(self) -> None:
        self.done: list[tuple[str, BeginRecording | FinishRecording]] = []

    def begin(self, conf_num: str, effect: BeginRecording) -> None:
        self.done.append((conf_num, effect))

    def finish(self, conf_num: str, effect: FinishRecording) -> None:
        self.done.append((conf_num, effect))
