"""The timeline of a segment: what happened while it was recorded, one JSON object per line of `timeline.jsonl`.

It is what the composite is made from, besides the files of the tracks. Lines are appended as things happen, so a
recorder that is killed leaves a timeline that lacks at most its last line, which may be cut off.
Every `at` is in seconds since the segment began.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from sfu.link_messages import Source

FILE_NAME = "timeline.jsonl"


class Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    at: Annotated[float, Field(ge=0)] = 0.0


class SegmentBegan(Line):
    """The first line. `started_at` is the wall clock at `at` 0, UTC in ISO 8601."""

    type: Literal["segment"] = "segment"
    conf_num: str
    segment: Annotated[int, Field(ge=1)]
    started_at: str
    room_name: str
    quality: Literal["LD", "SD", "HD"] = "HD"


class PersonJoined(Line):
    """Someone is in; told anew when the name or the role changes."""

    type: Literal["person"] = "person"
    client_id: str
    name: str
    role: str


class PersonLeft(Line):
    type: Literal["person-left"] = "person-left"
    client_id: str


class FileBegan(Line):
    """A file of the segment's folder: its time 0 is `at`. `screen` says that its picture is a shared screen."""

    type: Literal["file"] = "file"
    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=255)]
    client_id: str
    screen: bool = False


class FileEnded(Line):
    type: Literal["file-ended"] = "file-ended"
    file: str


class SourceShown(Line):
    """Whether a source of someone is sent now (`live`), or is muted or gone."""

    type: Literal["source"] = "source"
    client_id: str
    source: Source
    live: bool


class TalkersChanged(Line):
    """The stage, first place first, and who of it speaks now; by client id."""

    type: Literal["talkers"] = "talkers"
    stage: tuple[str, ...]
    speaking: tuple[str, ...]


class SegmentEnded(Line):
    """The last line of a segment that was not cut off."""

    type: Literal["end"] = "end"


TimelineLine = Annotated[
    SegmentBegan | PersonJoined | PersonLeft | FileBegan | FileEnded | SourceShown | TalkersChanged | SegmentEnded,
    Field(discriminator="type"),
]
_LINE: TypeAdapter[TimelineLine] = TypeAdapter(TimelineLine)


class TimelineError(ValueError):
    """A timeline that cannot be read; the text says which line and why."""


def read_timeline(path: Path) -> Iterator[TimelineLine]:
    """The lines of a file in order. A last line that was cut off by a crash is left out.

    Raises TimelineError for any other line that is none, OSError when the file cannot be read.
    """
    with path.open(encoding="utf-8", newline="\n") as file:
        for number, text in enumerate(file, 1):
            if not text.endswith("\n"):
                return
            try:
                yield _LINE.validate_json(text)
            except ValidationError as error:
                raise TimelineError(f"{path.name}, line {number}: {error.errors()[0]['msg']}") from error
