"""Events: what participants are told. The field names are those of the client protocol (docs/protocol.md)."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue

from sfu.link_messages import Excess, Source
from signalling.domain.roles import Permissions
from signalling.domain.room import Mode
from signalling.domain.views import ParticipantView, RoomView, SessionView, SlotView, TalkerView, TrackView

LeaveReason = Literal["left", "connection-lost", "session-ended", "disconnected-by-moderator", "room-deleted"]
DisconnectReason = Literal[
    "left",
    "session-ended",
    "disconnected-by-moderator",
    "denied-by-moderator",
    "awaited-too-long",
    "room-deleted",
    "replaced",
    "expired",
]
InterruptReason = Literal["server-restart"]
LobbyLeaveReason = Literal["approved", "denied", "withdrawn", "timed-out"]
MediaLossReason = Literal["transport-failed", "transport-lost", "node-gone", "node-refused"]
RecordingFailure = Literal["recorder-gone", "storage-full", "layout-failed", "recorder-failed"]


@dataclass(frozen=True, slots=True)
class Event:
    """`name` is the method of the notification. Nobody minds when an event that is not `hurried` comes a moment later,
    but never after one that followed it."""

    name: ClassVar[str]
    hurried: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class UserConnected(Event):
    name: ClassVar[str] = "user-connected"
    hurried: ClassVar[bool] = False
    participant: ParticipantView


@dataclass(frozen=True, slots=True)
class UserDisconnected(Event):
    """The participant is gone for good, with all tracks."""

    name: ClassVar[str] = "user-disconnected"
    hurried: ClassVar[bool] = False
    client_id: str
    reason: LeaveReason


@dataclass(frozen=True, slots=True)
class UserReconnecting(Event):
    name: ClassVar[str] = "user-reconnecting"
    hurried: ClassVar[bool] = False
    client_id: str


@dataclass(frozen=True, slots=True)
class UserReconnected(Event):
    name: ClassVar[str] = "user-reconnected"
    hurried: ClassVar[bool] = False
    client_id: str


@dataclass(frozen=True, slots=True)
class TrackPublished(Event):
    name: ClassVar[str] = "track-published"
    client_id: str
    track: TrackView


@dataclass(frozen=True, slots=True)
class TrackUnpublished(Event):
    name: ClassVar[str] = "track-unpublished"
    client_id: str
    track_id: str


@dataclass(frozen=True, slots=True)
class TrackMuted(Event):
    name: ClassVar[str] = "track-muted"
    client_id: str
    track_id: str
    source: Source


@dataclass(frozen=True, slots=True)
class TrackUnmuted(Event):
    name: ClassVar[str] = "track-unmuted"
    client_id: str
    track_id: str
    source: Source


@dataclass(frozen=True, slots=True)
class LimitedLayer:
    """A simulcast layer by its RID, "" for a track without simulcast, and what of it exceeds the room's quality."""

    rid: str
    reason: Excess


@dataclass(frozen=True, slots=True)
class TrackLimited(Event):
    """Told to the publisher: these layers are not forwarded to anyone; none: all are again."""

    name: ClassVar[str] = "track-limited"
    track_id: str
    layers: tuple[LimitedLayer, ...]


@dataclass(frozen=True, slots=True)
class UserDataChanged(Event):
    name: ClassVar[str] = "user-data-changed"
    client_id: str
    data: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class MessageReceived(Event):
    """`to` are the recipients of a private message, None when it went to all. `at` is UTC in ISO 8601."""

    name: ClassVar[str] = "message-received"
    sender: Annotated[str, Field(serialization_alias="from")]
    text: str
    to: tuple[str, ...] | None
    broadcast: bool
    at: str


@dataclass(frozen=True, slots=True)
class UserDataReceived(Event):
    name: ClassVar[str] = "user-data-received"
    sender: Annotated[str, Field(serialization_alias="from")]
    data: JsonValue
    broadcast: bool


@dataclass(frozen=True, slots=True)
class ActiveTalkersUpdated(Event):
    """The stage, and who is in the slots of the one who gets this."""

    name: ClassVar[str] = "active-talkers-updated"
    active: tuple[TalkerView, ...]
    slots: tuple[SlotView, ...]


@dataclass(frozen=True, slots=True)
class MediaDisconnected(Event):
    """The peer connection is gone: negotiate again with a new one."""

    name: ClassVar[str] = "media-disconnected"
    reason: MediaLossReason


@dataclass(frozen=True, slots=True)
class RoomHardMuted(Event):
    name: ClassVar[str] = "hard-mute-room"
    moderator: str


@dataclass(frozen=True, slots=True)
class RoomHardUnmuted(Event):
    name: ClassVar[str] = "hard-unmute-room"
    moderator: str


@dataclass(frozen=True, slots=True)
class UserAudioHardMuted(Event):
    name: ClassVar[str] = "hardmute-user-audio"
    client_id: str
    moderator: str


@dataclass(frozen=True, slots=True)
class UserVideoHardMuted(Event):
    name: ClassVar[str] = "hardmute-user-video"
    client_id: str
    moderator: str


@dataclass(frozen=True, slots=True)
class UserAudioHardUnmuted(Event):
    name: ClassVar[str] = "hardunmute-user-audio"
    client_id: str
    moderator: str


@dataclass(frozen=True, slots=True)
class UserVideoHardUnmuted(Event):
    name: ClassVar[str] = "hardunmute-user-video"
    client_id: str
    moderator: str


@dataclass(frozen=True, slots=True)
class RoomLocked(Event):
    name: ClassVar[str] = "room-locked"
    moderator: str


@dataclass(frozen=True, slots=True)
class RoomUnlocked(Event):
    name: ClassVar[str] = "room-unlocked"
    moderator: str


@dataclass(frozen=True, slots=True)
class PinnedUsersUpdated(Event):
    """`client_ids` are all who are pinned now. `moderator_id` is None when that changed because someone is back who was
    pinned before the server was restarted."""

    name: ClassVar[str] = "updated-pinned-users"
    moderator_id: str | None
    client_ids: Annotated[tuple[str, ...], Field(serialization_alias="clientIds")]


@dataclass(frozen=True, slots=True)
class SpotlightUpdated(Event):
    """`users` are the client ids of all who are in the spotlight now; `moderator_id` as of `PinnedUsersUpdated`."""

    name: ClassVar[str] = "spotlight-users"
    moderator_id: str | None
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UserAwaited(Event):
    """Someone knocks. Told to moderators."""

    name: ClassVar[str] = "user-awaited"
    client_id: Annotated[str, Field(serialization_alias="clientId")]
    user_name: Annotated[str, Field(serialization_alias="name")]


@dataclass(frozen=True, slots=True)
class AwaitedUserGone(Event):
    """Someone waits no more. Told to moderators."""

    name: ClassVar[str] = "awaited-user-gone"
    client_id: Annotated[str, Field(serialization_alias="clientId")]
    reason: LobbyLeaveReason


@dataclass(frozen=True, slots=True)
class RoomAllowed(Event):
    """The one who gets this is in. `time_left` is in seconds, None for a session without an end."""

    name: ClassVar[str] = "room-allowed"
    room: RoomView
    session: SessionView
    time_left: float | None


@dataclass(frozen=True, slots=True)
class RemainingDuration(Event):
    """The session ends in so many minutes, and can be extended."""

    name: ClassVar[str] = "conference-remaining-duration"
    time_left: Annotated[int, Field(serialization_alias="timeLeft")]


@dataclass(frozen=True, slots=True)
class DurationExtended(Event):
    """Somebody has extended the session by `extended_time` minutes."""

    name: ClassVar[str] = "conference-duration-extended"
    client_id: str
    extended_time: Annotated[int, Field(serialization_alias="extendedTime")]
    time_left: Annotated[int, Field(serialization_alias="timeLeft")]


@dataclass(frozen=True, slots=True)
class RoomModeSwitched(Event):
    """All participants' tracks are unpublished in a lecture; in a group they may publish them again."""

    name: ClassVar[str] = "room-mode-switched"
    mode: Mode
    moderator_id: str


FloorAction = Literal["requested", "cancelled", "granted", "denied", "released", "finished", "invited"]


@dataclass(frozen=True, slots=True)
class FloorChanged(Event):
    """`client_id` is who it is about. The lists are those after the change."""

    name: ClassVar[str] = "floor-changed"
    client_id: str
    action: FloorAction
    raised_hands: Annotated[tuple[str, ...], Field(serialization_alias="raisedHands")]
    approved_hands: Annotated[tuple[str, ...], Field(serialization_alias="approvedHands")]


@dataclass(frozen=True, slots=True)
class ModeratorChange:
    """Client ids."""

    new: str
    old: str


@dataclass(frozen=True, slots=True)
class UserRoleChanged(Event):
    """The new moderator is hard-muted no more and gives up the floor, needing none.

    `permissions` are those that the two have now, by client id.
    """

    name: ClassVar[str] = "user-role-changed"
    moderator: ModeratorChange
    raised_hands: Annotated[tuple[str, ...], Field(serialization_alias="raisedHands")]
    approved_hands: Annotated[tuple[str, ...], Field(serialization_alias="approvedHands")]
    permissions: dict[str, Permissions]


@dataclass(frozen=True, slots=True)
class RecordOn(Event):
    """The session is being recorded; `moderator_id` is None when that began by itself."""

    name: ClassVar[str] = "room-record-on"
    moderator_id: Annotated[str | None, Field(serialization_alias="moderatorId")]


@dataclass(frozen=True, slots=True)
class RecordOff(Event):
    """`moderator_id` is None when nobody stopped it."""

    name: ClassVar[str] = "room-record-off"
    moderator_id: Annotated[str | None, Field(serialization_alias="moderatorId")]


@dataclass(frozen=True, slots=True)
class RecordFailed(Event):
    """Recording could not begin or go on; `RecordOff` follows."""

    name: ClassVar[str] = "room-record-failed"
    reason: RecordingFailure
    message: str


@dataclass(frozen=True, slots=True)
class LiveRecordingOn(Event):
    name: ClassVar[str] = "room-live-recording-on"
    started_by: Annotated[str | None, Field(serialization_alias="startedBy")]


@dataclass(frozen=True, slots=True)
class LiveRecordingOff(Event):
    """`stopped_by` is None when nobody stopped it."""

    name: ClassVar[str] = "room-live-recording-off"
    stopped_by: Annotated[str | None, Field(serialization_alias="stoppedBy")]


@dataclass(frozen=True, slots=True)
class LiveRecordingFailed(Event):
    """Live recording could not begin or go on; `LiveRecordingOff` follows."""

    name: ClassVar[str] = "room-live-recording-failed"
    reason: RecordingFailure
    message: str


@dataclass(frozen=True, slots=True)
class LiveRecordingUpdated(Event):
    """The live recording goes on in another segment, which is another file."""

    name: ClassVar[str] = "room-live-recording-updated"
    started_by: Annotated[str | None, Field(serialization_alias="startedBy")]
    segment: int


@dataclass(frozen=True, slots=True)
class RoomInterrupted(Event):
    """The server stops: the connection is about to be closed, and the session goes on in another one soon."""

    name: ClassVar[str] = "room-interrupted"
    reason: InterruptReason
    message: str


@dataclass(frozen=True, slots=True)
class RoomDisconnected(Event):
    """The last event of a participant."""

    name: ClassVar[str] = "room-disconnected"
    reason: DisconnectReason
    message: str
