"""A room: the lasting definition of who may meet, how, and when. Sessions take place in it.

Instants are Unix seconds (UTC) as floats. Nothing here reads a clock: whoever asks says what time it is.
"""

import re
from dataclasses import dataclass, field
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

Role = Literal["moderator", "participant", "viewer", "audience"]
Mode = Literal["group", "lecture"]
Kind = Literal["permanent", "scheduled", "adhoc"]
Quality = Literal["HD", "SD", "LD"]
RecordedTracks = Literal["audiovideo", "audio"]
Refusal = Literal["too-early", "over"]

# Seconds before the start of a scheduled room.
TOKENS_BEFORE_START = 30 * 60
OPEN_BEFORE_START = 15 * 60
LAST_UPDATE_BEFORE_START = 30 * 60

PARTICIPANTS_IN_GROUP_MODE = 300
PARTICIPANTS_IN_LECTURE_MODE = 1000


def is_room_id(text: str) -> bool:
    """Whether the text has the form of a room's id: 24 hexadecimal digits, in lower case."""
    return re.fullmatch("[0-9a-f]{24}", text) is not None


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class RoleBasedRecording(_Settings):
    """Which tracks of a role are recorded."""

    moderator: RecordedTracks = "audiovideo"
    participant: RecordedTracks = "audiovideo"


class RtmpStreaming(_Settings):
    """`streaming` casts sessions over RTMP, `recording` also records what is cast."""

    streaming: bool = False
    recording: bool = False


class RoomSettings(_Settings):
    """Everything a room fixes for its sessions. Raises pydantic's ValidationError (a ValueError) on bad values.

    `starts_at` and `duration` (minutes) are needed by scheduled rooms. An adhoc room with a duration serves several
    sessions until the duration has passed since the first one began; without one it serves a single session.
    `moderators`, `participants` and `audiences` are the most that may be in a session at the same time.
    """

    description: Annotated[str, Field(max_length=4096)] = ""
    mode: Mode = "group"
    audio_only: bool = False
    kind: Kind = "permanent"
    starts_at: float | None = None
    duration: Annotated[int, Field(ge=10, le=43_200)] | None = None
    moderators: Annotated[int, Field(ge=0, le=1000)] = 10
    participants: Annotated[int, Field(ge=1, le=PARTICIPANTS_IN_LECTURE_MODE)] = PARTICIPANTS_IN_GROUP_MODE
    audiences: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    quality: Quality = "HD"
    auto_recording: bool = False
    screen_share: bool = True
    canvas: bool = False
    knock: bool = False
    wait_for_moderator: bool = False
    bandwidth_detection: bool = False
    max_active_talkers: Annotated[int, Field(ge=1, le=16)] = 16
    media_zone: Literal["IN", "SG", "US", "XX"] = "XX"
    single_file_recording: bool = False
    role_based_recording: RoleBasedRecording = RoleBasedRecording()
    watermark: bool = False
    rtmp_streaming: RtmpStreaming = RtmpStreaming()
    billing_code: Annotated[str, Field(max_length=256)] = ""

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.kind == "scheduled" and (self.starts_at is None or self.duration is None):
            raise PydanticCustomError("schedule-incomplete", "a scheduled room needs its start time and its duration")
        if self.mode == "group" and self.participants > PARTICIPANTS_IN_GROUP_MODE:
            raise PydanticCustomError(
                "too-many-participants",
                "a room in group mode takes at most {limit} participants",
                {"limit": PARTICIPANTS_IN_GROUP_MODE},
            )
        return self


@dataclass(frozen=True, slots=True)
class Room:
    """A room as it is stored.

    `text_numbers` names the settings whose numbers the application writes as text ("10"), to be shown to it so again.
    `first_session_at` is None until a session took place.
    """

    room_id: str
    app_id: str
    name: str
    owner_ref: str
    created_at: float
    settings: RoomSettings = field(default_factory=RoomSettings)
    dial_in: bool = False
    data: dict[str, JsonValue] = field(default_factory=dict)
    text_numbers: frozenset[str] = frozenset()
    first_session_at: float | None = None

    @property
    def over_at(self) -> float | None:
        """When the room stops taking people in; None while that is not fixed."""
        begin = {"scheduled": self.settings.starts_at, "adhoc": self.first_session_at}.get(self.settings.kind)
        if begin is None or self.settings.duration is None:
            return None
        return begin + self.settings.duration * 60

    def token_refusal(self, now: float) -> Refusal | None:
        """Why no token can be made now, or None: scheduled rooms give tokens from 30 minutes before they start."""
        return self._refusal(now, TOKENS_BEFORE_START)

    def join_refusal(self, now: float, extended: float = 0.0) -> Refusal | None:
        """Why nobody can enter now, or None: scheduled rooms open 15 minutes before they start. `extended` is by how
        many seconds the session that goes on was made longer."""
        return self._refusal(now, OPEN_BEFORE_START, extended)

    def can_change(self, now: float) -> bool:
        """Whether the definition may change: that of a scheduled room stands from 30 minutes before it starts."""
        if self.settings.kind != "scheduled" or self.settings.starts_at is None:
            return True
        return now <= self.settings.starts_at - LAST_UPDATE_BEFORE_START

    def is_used_up(self, now: float) -> bool:
        """Whether an adhoc room has served its purpose, so that it goes as soon as nobody is in it."""
        if self.settings.kind != "adhoc" or self.first_session_at is None:
            return False
        return self.over_at is None or now >= self.over_at

    def _refusal(self, now: float, seconds_before: float, extended: float = 0.0) -> Refusal | None:
        starts_at = self.settings.starts_at
        if self.settings.kind == "scheduled" and starts_at is not None and now < starts_at - seconds_before:
            return "too-early"
        if self.over_at is not None and now >= self.over_at + extended:
            return "over"
        return None
