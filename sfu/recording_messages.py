"""The typed messages between signalling and a recorder, on a WebSocket that the recorder dials (`/link/recorder`).

As on the link of a media node, commands describe a wanted state (`Put…`), so sending one twice does no harm, and every
command gets exactly one `RecorderReply`. A recorder tells of files until it is told that this is known, however often
either side is restarted in between.

One JSON text message of the WebSocket holds one model of `RecorderMessage` (recorder to signalling) or
`RecorderCommand` (signalling to recorder).
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from sfu.link_messages import Fingerprint, Identifier, Message, TapToken

RECORDER_LINK_VERSION = 2

RecordingKind = Literal["individual", "live"]
RecordedKind = Literal["recording", "transcoded", "live"]
Quality = Literal["LD", "SD", "HD"]


LIVE_WEIGHT = 4
"""As many individual recordings cost about as much as the film of four people."""
WEB_VIEW_WEIGHT = 8
"""The same for a browser with a page that moves."""


def segment_weight(kind: RecordingKind, *, web_view: bool) -> int:
    """What a segment counts of a recorder's capacity. A recorder with nothing to do takes on any."""
    return (LIVE_WEIGHT if kind == "live" else 1) + (WEB_VIEW_WEIGHT if web_view else 0)


class TapTarget(Message):
    """Which tap of which media node to dial; see `sfu.tap_messages`."""

    host: str
    port: Annotated[int, Field(ge=1, le=65535)]
    fingerprint: Fingerprint
    tap_id: Identifier
    token: TapToken


class Person(Message):
    """Someone who is in the session."""

    name: str
    role: str


class WebView(Message):
    """A page that shows what is to be recorded, opened by the recorder's own browser; `layout` is handed to it."""

    url: str
    chat_overlay: bool = False
    layout: dict[str, object] = Field(default_factory=dict)


# Commands, signalling to recorder


class PutSegment(Message):
    """Record a segment of a session, or go on with it: `tap` and `people` may be others than before.

    `segment_id` is unique among all segments of all sessions. `composite` asks for one picture of it all once it is
    finished. `webm` asks for a single WebM file instead, right away, as for two people (`single_file_recording`).
    """

    type: Literal["put-segment"] = "put-segment"
    request_id: int
    segment_id: Identifier
    kind: RecordingKind
    conf_num: Identifier
    segment: Annotated[int, Field(ge=1)]
    room_name: str
    quality: Quality
    watermark: bool = False
    composite: bool = True
    webm: bool = False
    web_view: WebView | None = None
    tap: TapTarget
    people: dict[Identifier, Person]


class PutPeople(Message):
    """Who is in the session now."""

    type: Literal["put-people"] = "put-people"
    request_id: int
    segment_id: Identifier
    people: dict[Identifier, Person]


class PutStage(Message):
    """Who stands where on the stage, first place first, and who of it speaks now."""

    type: Literal["put-stage"] = "put-stage"
    request_id: int
    segment_id: Identifier
    stage: tuple[Identifier, ...]
    speaking: tuple[Identifier, ...]


class FinishSegment(Message):
    """The recording was stopped, or the session is over."""

    type: Literal["finish-segment"] = "finish-segment"
    request_id: int
    segment_id: Identifier


class FileKnown(Message):
    """Signalling has taken note of what `FileStored` told: the recorder may forget it.

    Also of a file of no session, which no repetition would bring into the archive; it is logged and stays in place.
    """

    type: Literal["file-known"] = "file-known"
    request_id: int
    file_id: Identifier


RecorderCommand = Annotated[PutSegment | PutPeople | PutStage | FinishSegment | FileKnown, Field(discriminator="type")]


# Recorder to signalling


class RecorderHello(Message):
    """The first message. `segments` are those that are being recorded now, `capacity` how many there may be at once.

    `encoder` is the one that composites are made with, `web_views` whether a browser is there for pages as layouts.
    """

    type: Literal["recorder-hello"] = "recorder-hello"
    version: int = RECORDER_LINK_VERSION
    recorder_id: Identifier
    zone: Annotated[str, Field(max_length=32)] = "XX"
    capacity: Annotated[int, Field(ge=1)]
    encoder: str
    web_views: bool = False
    segments: tuple[Identifier, ...] = ()


class RecorderReply(Message):
    """`error` is None, or a stable code with a sentence in `detail`."""

    type: Literal["recorder-reply"] = "recorder-reply"
    request_id: int
    error: Literal["unknown-segment", "invalid", "overloaded", "disk-full", "no-browser"] | None = None
    detail: str = ""


class SegmentFailed(Message):
    """A segment broke off: nothing more of it is recorded. What was recorded until then is kept.

    `interrupted` is an accident amid recording: the same recorder may go on in a new segment. `page-failed` says that
    the page of its `WebView` cannot be shown.
    """

    type: Literal["segment-failed"] = "segment-failed"
    segment_id: Identifier
    reason: Literal["disk-full", "tap-lost", "interrupted", "page-failed", "internal-error"]
    message: str


class CompositeProgress(Message):
    """How far a composite is, 0 to 100; sent each second at most."""

    type: Literal["composite-progress"] = "composite-progress"
    conf_num: Identifier
    segment: Annotated[int, Field(ge=1)]
    percent: Annotated[float, Field(ge=0, le=100)]


class FileStored(Message):
    """A file is in the archive's storage, for good. Told again until `FileKnown`."""

    type: Literal["file-stored"] = "file-stored"
    file_id: Identifier
    conf_num: Identifier
    segment: Annotated[int, Field(ge=1)]
    kind: RecordedKind
    name: str
    location: str
    content_type: str
    size: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class CompositeFailed(Message):
    """A composite cannot be made; the individual files are there."""

    type: Literal["composite-failed"] = "composite-failed"
    conf_num: Identifier
    segment: Annotated[int, Field(ge=1)]
    message: str


class RecorderLoad(Message):
    """Sent every two seconds. `cpu` is in cores. `counters` are totals since the process started, by name."""

    type: Literal["recorder-load"] = "recorder-load"
    segments: int
    composites_waiting: int
    cpu: float
    free_bytes: int
    counters: dict[str, int] = Field(default_factory=dict)


RecorderMessage = Annotated[
    RecorderHello | RecorderReply | SegmentFailed | CompositeProgress | CompositeFailed | FileStored | RecorderLoad,
    Field(discriminator="type"),
]

RECORDER_COMMANDS: TypeAdapter[RecorderCommand] = TypeAdapter(RecorderCommand)
RECORDER_MESSAGES: TypeAdapter[RecorderMessage] = TypeAdapter(RecorderMessage)
