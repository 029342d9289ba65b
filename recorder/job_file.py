"""`job.json`, the durable state of one segment: what a recorder that starts again has to know to finish the work."""

import os
import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recorder.errors import RecordingError
from sfu.link_messages import Identifier
from sfu.recording_messages import FileStored, PutSegment, RecordedKind, segment_weight

JOB_FILE = "job.json"
SAFE_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
"""Names that are neither a path nor a trick in any storage."""
_SAFE = re.compile(SAFE_NAME)

SafeName = Annotated[str, Field(pattern=SAFE_NAME)]

Phase = Literal["recording", "over", "kept"]
"""`kept` is the end of a segment without a composite: its folder stays for people to look at."""
CompositeState = Literal["none", "wanted", "made", "failed"]


class JobError(ValueError):
    """A job.json that cannot be used, or an order that cannot become one; the text says why."""


class StoredFile(BaseModel):
    """Where the archive has a file: `location` is relative to it, `size` in bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    location: str
    size: int
    sha256: str


class JobResult(BaseModel):
    """A file on its way to the archive: `file` is its name in the segment's folder, `name` that in the archive.

    `stored` is None before it is in the archive; `known` says that signalling has taken note.
    """

    model_config = ConfigDict(extra="forbid")

    file_id: Identifier
    file: str
    name: str
    kind: RecordedKind
    stored: StoredFile | None = None
    known: bool = False


class Job(BaseModel):
    """Everything about one segment but its media. Change it, then `save`."""

    model_config = ConfigDict(extra="forbid")

    version: Literal[1] = 1
    segment_id: Identifier
    conf_num: SafeName
    segment: Annotated[int, Field(ge=1)]
    live: bool = False
    web_view: bool = False
    phase: Phase = "recording"
    composite: CompositeState = "none"
    webm: bool = False
    watermark: bool = False
    attempts: int = 0
    """How often the composite was begun."""
    failure: str = ""
    """Why there is no composite, until signalling was told."""
    results: list[JobResult] = Field(default_factory=list)

    @classmethod
    def of(cls, order: PutSegment) -> Self:
        """Raises JobError for an order whose conference number would not do as the name of a folder."""
        if not _SAFE.fullmatch(order.conf_num):
            raise JobError("conf_num: write it with letters, digits, dots, dashes and underscores only")
        return cls(
            segment_id=order.segment_id,
            conf_num=order.conf_num,
            segment=order.segment,
            live=order.kind == "live",
            web_view=order.web_view is not None,
            composite="wanted" if order.kind == "individual" and (order.composite or order.webm) else "none",
            webm=order.webm,
            watermark=order.watermark,
        )

    @property
    def weight(self) -> int:
        return segment_weight("live" if self.live else "individual", web_view=self.web_view)

    @property
    def composite_file(self) -> str:
        """Its name in the segment's folder."""
        return "composite.webm" if self.webm else "composite.mp4"

    def told(self, result: JobResult) -> FileStored | None:
        """What signalling is told of a file, once the archive has it."""
        if result.stored is None:
            return None
        return FileStored(
            file_id=result.file_id,
            conf_num=self.conf_num,
            segment=self.segment,
            kind=result.kind,
            name=result.name,
            location=result.stored.location,
            content_type=_CONTENT_TYPES[result.name.rpartition(".")[2]],
            size=result.stored.size,
            sha256=result.stored.sha256,
        )

    def save(self, folder: Path) -> None:
        """Replace the folder's job.json, which is the old or the new one whatever happens. Raises RecordingError."""
        path = folder / JOB_FILE
        temporary = path.with_name(f".{JOB_FILE}.new")
        try:
            with temporary.open("wb") as file:
                file.write(self.model_dump_json(indent=1).encode())
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError as error:
            raise RecordingError.of(error) from error


_CONTENT_TYPES = {"mkv": "video/x-matroska", "mp4": "video/mp4", "webm": "video/webm"}


def read_job(folder: Path) -> Job:
    """Raises JobError when there is none that can be used."""
    try:
        return Job.model_validate_json((folder / JOB_FILE).read_bytes())
    except OSError as error:
        raise JobError(f"{folder / JOB_FILE} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise JobError(f"{folder / JOB_FILE} is damaged: {error.errors()[0]['msg']}") from error
