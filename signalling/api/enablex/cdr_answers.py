"""What a call detail report shows, in the field names of the API."""

from typing import Annotated, Literal

from pydantic import Field

from signalling.api.enablex.answers import Optional, Report, RoomShown, Shown
from signalling.domain.room import Role

DateTime = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Percent = Annotated[int, Field(ge=0, le=100)]


class CdrRoom(Shown):
    """The stay in the room: `duration` is in seconds, `room_details` the room as it was then."""

    room_id: str
    connect_dt: DateTime
    disconnect_dt: DateTime
    duration: int
    room_details: RoomShown


class CdrUser(Shown):
    role: Role
    name: str
    ref: str
    ip: str
    agent: str


class PublishedTrack(Shown):
    audio: bool
    video: bool
    screen: bool
    data: bool
    url: bool


class CdrUsage(Shown):
    published_minutes: int
    screen_minutes: int
    connect_minutes: int
    connect_minutes_cal: int
    room_connect_minutes: int


class SendQuality(Shown):
    """Bitrates in bits per second."""

    avg_bitrate: int
    avg_bitrate_quality: Literal["Good", "Moderate", "Bad"]
    max_bitrate: int
    min_bitrate: int


class ReceiveQuality(SendQuality):
    bitrate_good_percent: Percent
    bitrate_moderate_percent: Percent
    bitrate_bad_percent: Percent


class SendStats(Shown):
    """The screen is there when there was one."""

    audio: SendQuality
    video: SendQuality
    screen: Optional[SendQuality] = None


class ReceiveStats(Shown):
    """The screen is there when there was one."""

    audio: ReceiveQuality
    video: ReceiveQuality
    screen: Optional[ReceiveQuality] = None


class StatsQuality(Shown):
    send: SendStats
    receive: ReceiveStats
    call_quality: Literal["Good", "Bad"]


class CallDetail(Shown):
    """One connection of a user to a session, after it has ended."""

    conf_num: str
    call_num: str
    call_log_id: str
    trans_date: DateTime
    app_id: str
    cdr_id: str
    sip: bool
    lowcode: bool
    room: CdrRoom
    user: CdrUser
    published_track: PublishedTrack
    usage: CdrUsage
    stats_quality: StatsQuality


class CdrAnswer(Report):
    cdr: list[CallDetail]
