"""How far the composites are that recorders make at the moment. Kept in memory only: recorders tell it again."""

from collections import OrderedDict
from dataclasses import dataclass

from sfu.recording_messages import CompositeFailed, CompositeProgress, FileStored

MAX_SESSIONS = 1000
"""Sessions of which it is known; the one that was told of least recently is forgotten."""


@dataclass(frozen=True, slots=True)
class CompositeState:
    """`percent` is 0 to 100. `failure` is a sentence, None while all is well."""

    segment: int
    percent: float
    failure: str | None = None


class Composites:
    def __init__(self) -> None:
        self._sessions: OrderedDict[str, dict[int, CompositeState]] = OrderedDict()

    def of(self, conf_num: str) -> list[CompositeState]:
        """Those of a session that are not done, by segment."""
        return [state for _, state in sorted(self._sessions.get(conf_num, {}).items())]

    def progressed(self, message: CompositeProgress) -> None:
        self._set(message.conf_num, CompositeState(message.segment, message.percent))

    def failed(self, message: CompositeFailed) -> None:
        before = self._sessions.get(message.conf_num, {}).get(message.segment)
        percent = before.percent if before else 0.0
        self._set(message.conf_num, CompositeState(message.segment, percent, message.message))

    def stored(self, message: FileStored) -> None:
        """A file is there; when it is a composite, that one is done."""
        segments = self._sessions.get(message.conf_num)
        if message.kind != "transcoded" or segments is None:
            return
        segments.pop(message.segment, None)
        if not segments:
            del self._sessions[message.conf_num]

    def _set(self, conf_num: str, state: CompositeState) -> None:
        self._sessions.setdefault(conf_num, {})[state.segment] = state
        self._sessions.move_to_end(conf_num)
        if len(self._sessions) > MAX_SESSIONS:
            self._sessions.popitem(last=False)
