"""What follows from a decision on recording, for whoever does it. In the order given."""

from dataclasses import dataclass

from sfu.link_messages import ChangeTap, DeleteTap, PutTap
from sfu.recording_messages import RecorderCommand
from signalling.domain.recording import RecordingFailed, RecordingMoved
from signalling.recording.scene import Place


@dataclass(frozen=True, slots=True)
class TellRecorder:
    """The request id of the command is filled in by the link."""

    recorder_id: str
    command: RecorderCommand


@dataclass(frozen=True, slots=True)
class PlaceTap:
    """Put a tap on the node of a place; what the node answers goes to `Dispatch.tap_answered`."""

    place: Place
    command: PutTap | ChangeTap


@dataclass(frozen=True, slots=True)
class RemoveTap:
    node_id: str
    command: DeleteTap


@dataclass(frozen=True, slots=True)
class TellSession:
    """An input for a session."""

    conf_num: str
    outcome: RecordingMoved | RecordingFailed


Order = TellRecorder | PlaceTap | RemoveTap | TellSession
