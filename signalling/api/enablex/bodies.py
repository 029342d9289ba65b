"""The bodies of requests. Limits that the API has in common with every other stand in the domain."""

from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError, to_json

from signalling.api.enablex.errors import from_validation
from signalling.api.enablex.settings import given_schema
from signalling.domain.room import Role

# The data of a user travels in the token, and the token in a message.
_MAX_USER_DATA = 8192


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "must not be blank")
    return text


def _fits_a_token(data: dict[str, JsonValue]) -> dict[str, JsonValue]:
    if len(to_json(data)) > _MAX_USER_DATA:
        raise PydanticCustomError("too-large", "must take at most {limit} bytes as JSON", {"limit": _MAX_USER_DATA})
    return data


Text = Annotated[str, Field(max_length=256, json_schema_extra={"pattern": r"\S"}), AfterValidator(_not_blank)]
Data = dict[str, JsonValue]
Settings = Annotated[Data, WithJsonSchema(given_schema())]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


_B = TypeVar("_B", bound=BaseModel)


class Sip(_Body):
    enabled: bool = False


class CreateRoom(_Body):
    """A new room. Settings that are left out have their defaults."""

    name: Text
    owner_ref: Text
    settings: Settings = {}
    sip: Sip = Sip()
    data: Data = {}


class UpdateRoom(_Body):
    """What is left out stays as it is; null is a wrong type."""

    name: Text = ""
    owner_ref: Text = ""
    settings: Settings = {}
    sip: Sip = Sip()
    data: Data = {}


class CreateToken(_Body):
    """Who is to come in with the token. `data` takes at most 8 KiB."""

    name: Text
    role: Role
    user_ref: Text
    data: Annotated[Data, AfterValidator(_fits_a_token)] = {}


def check(model: type[_B], body: Data) -> _B:
    """The body as the model; ApiError names the first field that is wrong."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise from_validation(error, known=list(model.model_fields)) from error
