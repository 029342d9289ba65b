"""What the endpoints answer. The OpenAPI document is made of these models, too."""

from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema

from signalling.api.enablex.settings import shown_schema
from signalling.domain.room import Role

T = TypeVar("T")

# A field that is left out where there is nothing to say.
Optional = Annotated[T | SkipJsonSchema[None], Field(exclude_if=lambda value: value is None)]


class Shown(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_serialization_defaults_required=True)


class Answer(Shown):
    """The answer to a request that did what was asked for."""

    result: Literal[0] = 0


class Report(Shown):
    """The answers about past sessions write their `result` as text."""

    result: Literal["0"] = "0"
    next: Optional[str] = Field(None, description="Send it as `after` to get what follows.")


class Sip(Shown):
    enabled: bool


class RoomShown(Shown):
    name: str
    owner_ref: str
    settings: Annotated[dict[str, JsonValue], WithJsonSchema(shown_schema())]
    sip: Sip
    data: dict[str, JsonValue]
    created: str = Field(json_schema_extra={"format": "date-time"})
    room_id: str


class RoomAnswer(Answer):
    room: RoomShown


class RoomsAnswer(Answer):
    rooms: list[RoomShown]
    next: Optional[str] = Field(None, description="Send it as `after` to get what follows.")


class TokenAnswer(Answer):
    token: str


class PermissionsShown(Shown):
    publish: bool
    subscribe: bool
    record: bool
    stats: bool
    controlhandlers: bool


class UserShown(Shown):
    name: str
    user_ref: str
    role: Role
    permissions: PermissionsShown


class UsersAnswer(Answer):
    total: int
    users: list[UserShown]


class Link(Shown):
    url: str


class ArchiveShown(Shown):
    """The files of one session. A link that there is none for is an empty text, as typed clients expect text."""

    id: str = Field(serialization_alias="_id")
    trans_date: str = Field(json_schema_extra={"format": "date-time"}, description="When the session ended.")
    conf_num: str
    app_id: str
    room_id: str
    recording: list[Link]
    transcoded: list[Link]
    chatdata: str
    metadata: str


class ArchiveAnswer(Report):
    archive: list[ArchiveShown]


class DialInSettings(Shown):
    sip: bool


class SipServer(Shown):
    server_url: str
    username: str
    password: str
    sig_servers: list[str]
    media_servers: list[str]


class NumberShown(Shown):
    country: str
    country_code: str
    phone: str
    toll: bool


class DialInAnswer(Answer):
    id: str = Field(serialization_alias="_id")
    app_key: str
    settings: DialInSettings
    sip: SipServer
    dialin: list[NumberShown]


class ErrorAnswer(Shown):
    """`result` is one of the numbers of errors, `error` a sentence that says what to do."""

    result: int
    error: str
