"""Recording: the tracks of everyone as files (`individual`), and one picture of the session made meanwhile (`live`).

What a session decides is carried out by a recorder. Without one that is linked, nothing can be started.
"""

from dataclasses import dataclass, replace

from signalling.domain.effects import BeginRecording, Effect, FinishRecording, RecordingKind, WebLayout
from signalling.domain.errors import Reason, RefusedError
from signalling.domain.events import (
    LiveRecordingFailed,
    LiveRecordingOff,
    LiveRecordingOn,
    LiveRecordingUpdated,
    RecordFailed,
    RecordingFailure,
    RecordOff,
    RecordOn,
)
from signalling.domain.roles import permissions_of
from signalling.domain.state import Handler, RunningRecording, SessionState


@dataclass(frozen=True, slots=True)
class StartRecording:
    client_id: str


@dataclass(frozen=True, slots=True)
class StopRecording:
    client_id: str


@dataclass(frozen=True, slots=True)
class StartLiveRecording:
    """`layout` is the page that shows what is to be recorded; None for the recorder's own layout."""

    client_id: str
    layout: WebLayout | None = None


@dataclass(frozen=True, slots=True)
class StopLiveRecording:
    client_id: str


@dataclass(frozen=True, slots=True)
class RecordersChanged:
    """Whether any recorder is linked now. What runs already is not touched: see the two inputs below."""

    available: bool


@dataclass(frozen=True, slots=True)
class RecordingFailed:
    """A segment could not be begun, or broke off, and nobody goes on with it."""

    kind: RecordingKind
    segment: int
    reason: RecordingFailure
    message: str


@dataclass(frozen=True, slots=True)
class RecordingMoved:
    """The recorder of a segment is gone, and another one has to go on in a new segment."""

    kind: RecordingKind
    segment: int


def begin_when_due(state: SessionState) -> list[Effect]:
    """Automatic recording: it begins with the first published track, or when a recorder comes that was missed then."""
    recording = state.recording
    if not (recording.automatic and recording.available and state.track_owners):
        return []
    return _begin(state, "individual", None, None)


def finish_all(state: SessionState) -> list[Effect]:
    """The session is over, and so are its recordings; nobody is left to be told."""
    kinds = list(state.recording.running)
    state.recording.running.clear()
    return [FinishRecording(kind) for kind in kinds]


def start_recording(state: SessionState, start: StartRecording, now: float) -> list[Effect]:
    _check_start(state, start.client_id, "individual")
    return _begin(state, "individual", start.client_id, None)


def start_live_recording(state: SessionState, start: StartLiveRecording, now: float) -> list[Effect]:
    _check_start(state, start.client_id, "live")
    return _begin(state, "live", start.client_id, start.layout)


def stop_recording(state: SessionState, stop: StopRecording, now: float) -> list[Effect]:
    return _stop(state, stop.client_id, "individual")


def stop_live_recording(state: SessionState, stop: StopLiveRecording, now: float) -> list[Effect]:
    return _stop(state, stop.client_id, "live")


def change_recorders(state: SessionState, change: RecordersChanged, now: float) -> list[Effect]:
    state.recording.available = change.available
    return []


def fail(state: SessionState, failure: RecordingFailed, now: float) -> list[Effect]:
    if not _is_running(state, failure.kind, failure.segment):
        return []
    event = RecordFailed if failure.kind == "individual" else LiveRecordingFailed
    effects = state.notify_all(event(failure.reason, failure.message))
    del state.recording.running[failure.kind]
    return effects + _tell_off(state, failure.kind, None)


def move(state: SessionState, move: RecordingMoved, now: float) -> list[Effect]:
    if not _is_running(state, move.kind, move.segment):
        return []
    running = replace(state.recording.running[move.kind], segment=state.recording.next_segment(move.kind))
    state.recording.running[move.kind] = running
    effects: list[Effect] = [BeginRecording(move.kind, running.segment, running.layout)]
    if move.kind == "live":
        effects += state.notify_all(LiveRecordingUpdated(running.started_by, running.segment))
    return effects


def _check_start(state: SessionState, client_id: str, kind: RecordingKind) -> None:
    _check_permission(state, client_id)
    if kind in state.recording.running:
        raise RefusedError(Reason.ALREADY_RECORDING, "This is being recorded already.")
    if not state.recording.available:
        raise RefusedError(Reason.NO_RECORDER, "No recorder is linked to the server: nothing can be recorded now.")


def _check_permission(state: SessionState, client_id: str) -> None:
    if not permissions_of(state.participant(client_id).role).record:
        raise RefusedError(Reason.ROLE_FORBIDDEN, "Only a moderator may start and stop recordings.")


def _begin(state: SessionState, kind: RecordingKind, started_by: str | None, layout: WebLayout | None) -> list[Effect]:
    """`started_by` is None when nobody asked for it."""
    segment = state.recording.next_segment(kind)
    state.recording.running[kind] = RunningRecording(segment, started_by, layout)
    if kind == "individual":
        # Once it has begun, automatically or not, stopping it is the moderators' business, and so is starting it anew.
        state.recording.automatic = False
    event = RecordOn(started_by) if kind == "individual" else LiveRecordingOn(started_by)
    return [BeginRecording(kind, segment, layout), *state.notify_all(event)]


def _stop(state: SessionState, client_id: str, kind: RecordingKind) -> list[Effect]:
    _check_permission(state, client_id)
    if kind not in state.recording.running:
        raise RefusedError(Reason.NOT_RECORDING, "This is not being recorded.")
    del state.recording.running[kind]
    return [FinishRecording(kind), *_tell_off(state, kind, client_id)]


def _is_running(state: SessionState, kind: RecordingKind, segment: int) -> bool:
    """News of a segment that was stopped or replaced already is old news."""
    running = state.recording.running.get(kind)
    return running is not None and running.segment == segment


def _tell_off(state: SessionState, kind: RecordingKind, stopped_by: str | None) -> list[Effect]:
    return state.notify_all(RecordOff(stopped_by) if kind == "individual" else LiveRecordingOff(stopped_by))


HANDLERS: dict[type, Handler] = {
    StartRecording: start_recording,
    StopRecording: stop_recording,
    StartLiveRecording: start_live_recording,
    StopLiveRecording: stop_live_recording,
    RecordersChanged: change_recorders,
    RecordingFailed: fail,
    RecordingMoved: move,
}
