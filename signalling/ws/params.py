"""The parameters of each method. What does not fit is refused with `invalid-params`."""

import json
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

MAX_DATA_BYTES = 16_384
MAX_TEXT = 8_192


def _small(value: JsonValue) -> JsonValue:
    """Raises ValueError for data that is too large, or that is not JSON because a number in it is infinite."""
    if len(json.dumps(value, allow_nan=False)) > MAX_DATA_BYTES:
        raise ValueError(f"at most {MAX_DATA_BYTES} bytes of JSON")
    return value


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not hold NUL characters")
    return text


Data = Annotated[JsonValue, AfterValidator(_small)]
DataObject = Annotated[dict[str, JsonValue], AfterValidator(_small)]
Name = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(_without_nul)]
Identifier = Annotated[str, Field(min_length=1, max_length=128)]
Recipients = Annotated[list[Identifier], Field(min_length=1, max_length=1000)]
Height = Annotated[int, Field(ge=0, le=65_535)]
Source = Literal["microphone", "camera", "screen", "canvas"]


class Params(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class MediaEntryParams(Params):
    """What one m-line of the offer is for."""

    mid: Annotated[str, Field(max_length=32)]
    use: Annotated[str, Field(max_length=32)]
    max_height: Height | None = None
    muted: bool | None = None
    published: bool | None = None


Media = Annotated[list[MediaEntryParams], Field(max_length=128)]


class JoinParams(Params):
    token: str
    room_id: str | None = None
    name: Name | None = None
    data: DataObject | None = None
    offer: str | None = None
    media: Media = []
    agent: Annotated[str, Field(max_length=512), AfterValidator(_without_nul)] | None = None


class ResumeParams(Params):
    resume_token: str
    last_seq: Annotated[int, Field(ge=0, le=2**53)]


class NoParams(Params):
    pass


class NegotiateParams(Params):
    offer: str
    media: Media = []


class TrackParams(Params):
    track_id: Identifier


class TargetParams(Params):
    client_id: Identifier


class TargetsParams(Params):
    client_ids: Annotated[list[Identifier], Field(max_length=1000)]


class ModeParams(Params):
    mode: Literal["group", "lecture"]


class PlacesParams(Params):
    client_ids: Annotated[list[Identifier], Field(min_length=1, max_length=16)]


class UrlDetails(Params):
    """A page that lays out what a live recording shows; `layout` is handed to the page."""

    url: Annotated[str, Field(max_length=2048, pattern=r"^https?://[^\s/]+\S*$")]
    chat_overlay: bool = False
    layout: DataObject = {}


class LiveRecordingParams(Params):
    url_details: UrlDetails | None = None


class SourceParams(Params):
    source: Source


class LimitSlotsParams(Params):
    max_heights: Annotated[dict[Identifier, Height | None], Field(max_length=64)]


class SendMessageParams(Params):
    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
    to: Recipients | None = None


class SendUserDataParams(Params):
    data: Data
    to: Recipients | None = None


class SetDataParams(Params):
    data: DataObject
