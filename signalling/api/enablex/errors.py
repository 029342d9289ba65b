"""The errors of the video API. The numbers are stable; the first three digits are the HTTP status."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from enum import IntEnum
from types import MappingProxyType

from pydantic import ValidationError
from pydantic_core import ErrorDetails


class ErrorCode(IntEnum):
    """What `result` says when it is not 0."""

    MALFORMED_BODY = 4001
    INVALID_VALUE = 4002
    UNKNOWN_FIELD = 4003
    MISSING_FIELD = 4004
    UNAUTHORISED = 4011
    UNKNOWN_PATH = 4041
    UNKNOWN_ROOM = 4042
    UNKNOWN_SESSION = 4043
    UNKNOWN_FILE = 4044
    WRONG_METHOD = 4051
    SESSION_ACTIVE = 4091
    TOO_LATE_TO_CHANGE = 4092
    TOO_EARLY_FOR_TOKEN = 4093
    ROOM_OVER = 4094
    BODY_TOO_LARGE = 4131
    NOT_JSON = 4151
    INTERNAL = 5001

    @property
    def status(self) -> int:
        """The HTTP status of the answer."""
        return self.value // 10

    @property
    def meaning(self) -> str:
        """What documents say of it."""
        return _MEANINGS[self]


_MEANINGS = {
    ErrorCode.MALFORMED_BODY: "the body is not a JSON object, or holds what cannot be stored (NUL, lone surrogates, "
    "infinite numbers)",
    ErrorCode.INVALID_VALUE: "a field, a query parameter or a date in the path has a wrong type, is out of range or "
    "contradicts another",
    ErrorCode.UNKNOWN_FIELD: "a field or a query parameter is not known",
    ErrorCode.MISSING_FIELD: "a required field is missing",
    ErrorCode.UNAUTHORISED: "app id or app key are wrong or missing",
    ErrorCode.UNKNOWN_PATH: "there is nothing at this path",
    ErrorCode.UNKNOWN_ROOM: "there is no such room",
    ErrorCode.UNKNOWN_SESSION: "there is no such session",
    ErrorCode.UNKNOWN_FILE: "there is no such file, or no longer",
    ErrorCode.WRONG_METHOD: "the method does nothing at this path; `Allow` lists those that do",
    ErrorCode.SESSION_ACTIVE: "the room cannot be deleted while a session is running in it",
    ErrorCode.TOO_LATE_TO_CHANGE: "a scheduled room can be changed until 30 minutes before it starts",
    ErrorCode.TOO_EARLY_FOR_TOKEN: "a scheduled room gives tokens from 30 minutes before it starts",
    ErrorCode.ROOM_OVER: "the time of the room is over",
    ErrorCode.BODY_TOO_LARGE: "the body is too large",
    ErrorCode.NOT_JSON: "the body is not sent as JSON",
    ErrorCode.INTERNAL: "the server failed; its log says why",
}


class ApiError(ValueError):
    """A request that is refused. The text is a sentence that says what to do about it."""

    def __init__(self, code: ErrorCode, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def from_validation(
    error: ValidationError,
    path: Sequence[str] = (),
    known: Sequence[str] = (),
    names: Mapping[str, str] = MappingProxyType({}),
) -> ApiError:
    """The first complaint of pydantic as an ApiError.

    `path` is where in the body the checked model stands, `known` the field names to suggest for an unknown one,
    `names` what the API calls fields that the model calls otherwise.
    """
    detail = error.errors(include_url=False, include_input=False)[0]
    name = ".".join([*path, *(names.get(str(part), str(part)) for part in detail["loc"])])
    match detail["type"]:
        case "missing":
            return ApiError(ErrorCode.MISSING_FIELD, f"{name} is required.")
        case "extra_forbidden":
            return unknown_field(name, known)
        case _:
            return ApiError(ErrorCode.INVALID_VALUE, _sentence(name, detail))


def unknown_field(name: str, known: Sequence[str]) -> ApiError:
    """The error for a field that the API does not have."""
    parent, _, last = name.rpartition(".")
    close = get_close_matches(last, known, n=1)
    advice = f"did you mean {parent + '.' if parent else ''}{close[0]}?" if close else "leave it out."
    return ApiError(ErrorCode.UNKNOWN_FIELD, f"{name} is not known: {advice}")


def unknown_room() -> ApiError:
    """The error for an id that no room of the application has."""
    return ApiError(
        ErrorCode.UNKNOWN_ROOM, "There is no room with this room_id: list the rooms to see which there are."
    )


def _sentence(name: str, detail: ErrorDetails) -> str:
    rule = re.sub(r"^(\w+ )?should ", "must ", detail["msg"])
    return f"{name} {rule}." if name else f"{rule[0].upper()}{rule[1:]}."
