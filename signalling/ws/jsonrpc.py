"""JSON-RPC 2.0 (https://www.jsonrpc.org/specification) messages, as text and as values."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import from_json, to_json

from signalling.ws.errors import RpcError

RequestId = Annotated[int, Field(ge=-(2**53), le=2**53)] | Annotated[str, Field(max_length=64)]


class _Request(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    jsonrpc: Literal["2.0"]
    id: RequestId
    method: Annotated[str, Field(max_length=64)]
    params: dict[str, JsonValue] = {}


class _Identified(BaseModel):
    model_config = ConfigDict(strict=True)

    id: RequestId


@dataclass(frozen=True, slots=True)
class Request:
    request_id: int | str
    method: str
    params: dict[str, JsonValue]


class MalformedRequestError(RpcError):
    """Text that is no request. `request_id` is its id, where one could be made out."""

    def __init__(self, reason: str, sentence: str, request_id: int | str | None = None) -> None:
        super().__init__(reason, sentence)
        self.request_id = request_id


def parse_request(text: str) -> Request:
    """Read a request. Raises MalformedRequestError, and nothing else, whatever the text is."""
    try:
        value = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise MalformedRequestError("parse-error", f"The message is not JSON: {error}.") from error
    try:
        request = _Request.model_validate(value)
    except ValidationError as error:
        sentence = f"The message is not a request of JSON-RPC 2.0 with an id: {describe(error)}"
        raise MalformedRequestError("invalid-request", sentence, _id_of(value)) from error
    return Request(request.id, request.method, request.params)


def success(request_id: int | str, result: str) -> str:
    """The answer to a request; `result` is JSON already."""
    return f'{{"jsonrpc":"2.0","id":{_dump(request_id)},"result":{result}}}'


def failure(request_id: int | str | None, error: RpcError) -> str:
    """The answer that refuses a request."""
    data = {"reason": error.reason} | ({"detail": error.detail} if error.detail else {})
    body = {"code": error.code, "message": error.sentence, "data": data}
    return f'{{"jsonrpc":"2.0","id":{_dump(request_id)},"error":{_dump(body)}}}'


def describe(error: ValidationError) -> str:
    """The first thing that is wrong, in a sentence."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(step) for step in first["loc"])
    return f"{where}: {first['msg']}." if where else f"{first['msg']}."


def _id_of(value: object) -> int | str | None:
    try:
        return _Identified.model_validate(value).id
    except ValidationError:
        return None


def _dump(value: object) -> str:
    return to_json(value).decode()
