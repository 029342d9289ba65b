"""What the recorder and the process of a live recording tell each other, each a line of JSON.

The recorder's first line is a `LiveOrder`, those that follow are the commands of signalling for this segment.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from recorder.recording import FailureReason
from sfu.recording_messages import PutSegment

FRAGMENTS = "live-fragments.mp4"
"""The film while it grows, in the segment's folder."""
FILM = "live.mp4"
"""The same film with its index in front."""


class LiveLine(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LiveOrder(LiveLine):
    """`encoder` is the one that is wanted; `began_at` is when the segment began, by the clock that all processes of a
    machine share (`time.monotonic`). `browser` shows the segment's page, if it has one, which may reach `web_hosts`
    wherever they are."""

    folder: Path
    encoder: str
    began_at: float
    segment: PutSegment
    browser: Path | None = None
    web_hosts: tuple[str, ...] = ()


class LiveStatus(LiveLine):
    """Each two seconds. `cpu` is in cores, `counters` are totals by name."""

    type: Literal["status"] = "status"
    counters: dict[str, int]
    cpu: float


class LiveFailed(LiveLine):
    """The segment broke off; what was recorded plays."""

    type: Literal["failed"] = "failed"
    reason: FailureReason
    message: str


class LiveEnded(LiveLine):
    """The last one: the film is whole. `counters` as in LiveStatus."""

    type: Literal["ended"] = "ended"
    counters: dict[str, int]


class LiveLog(LiveLine):
    """For the log of the recorder; `level` is a method of its logger."""

    type: Literal["log"] = "log"
    level: Literal["debug", "info", "warning", "error"]
    event: str
    fields: dict[str, Any]


LiveNews = Annotated[LiveStatus | LiveFailed | LiveEnded | LiveLog, Field(discriminator="type")]
NEWS: TypeAdapter[LiveNews] = TypeAdapter(LiveNews)
